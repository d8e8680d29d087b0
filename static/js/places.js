// A place in a form: asks the device where it is, takes pairs that are pasted, and links to the map.

const PAIR = /^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/;
const PATIENCE = 20_000;

function partsOf(box) {
  const part = (name) => box.querySelector(`input[name$="-${name}"]`);
  return { lat: part("lat"), lon: part("lon"), accuracy: part("accuracy") };
}

function fill(parts, latitude, longitude, accuracy) {
  parts.lat.value = latitude;
  parts.lon.value = longitude;
  parts.accuracy.value = accuracy;
  // The rules of the form, and its guard, hear of it.
  for (const input of [parts.lat, parts.lon]) {
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  parts.accuracy.value = accuracy;
}

function showMap(box, { lat, lon }) {
  const link = box.querySelector("[data-map]");
  link.hidden = lat.value === "" || lon.value === "";
  if (!link.hidden) {
    const [y, x] = [lat.value, lon.value].map(encodeURIComponent);
    link.href = `https://www.openstreetmap.org/?mlat=${y}&mlon=${x}#map=17/${y}/${x}`;
  }
}

function locate(box, parts, button) {
  const note = box.querySelector("[data-place-note]");
  const say = (text) => {
    note.textContent = text;
    button.removeAttribute("aria-busy");
  };
  if (!navigator.geolocation) return say(note.dataset.failed);
  note.textContent = note.dataset.asks;
  button.setAttribute("aria-busy", "true");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const metres = String(Math.round(coords.accuracy));
      fill(parts, coords.latitude.toFixed(6), coords.longitude.toFixed(6), metres);
      say(note.dataset.found.replace("%s", metres));
    },
    (error) => say(error.code === error.PERMISSION_DENIED ? note.dataset.denied : note.dataset.failed),
    { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 0 },
  );
}

export function watchPlace(box) {
  const parts = partsOf(box);
  const button = box.querySelector("[data-locate]");
  button.addEventListener("click", () => locate(box, parts, button));
  for (const input of [parts.lat, parts.lon]) {
    input.addEventListener("paste", (event) => {
      const pair = PAIR.exec(event.clipboardData.getData("text"));
      if (!pair) return;
      event.preventDefault();
      fill(parts, pair[1], pair[2], "");
    });
    // How exact the device was says nothing of numbers that were typed.
    input.addEventListener("input", () => {
      parts.accuracy.value = "";
      showMap(box, parts);
    });
  }
}
