// Choices that depend on another field: only those are offered that fit what is chosen there. What no longer fits
// when that changes is cleared, and told. Fields may depend on one another over several levels.

const ANY = "*";

function optionsOf(select) {
  return new Map([...select.options].filter((option) => option.value).map((option) => [option.value, option.text]));
}

/** What is chosen in the field that others depend on; one that is hidden has nothing chosen. */
function chosenIn(box) {
  return box && !box.hidden ? box.querySelector("select")?.value || null : null;
}

/** One dependent field: a select, or a group of boxes to tick. */
class Dependent {
  constructor(box, parent) {
    this.box = box;
    this.parent = parent;
    this.fitting = JSON.parse(box.dataset.parents);
    this.select = box.querySelector("select");
    this.labels = this.select ? optionsOf(this.select) : null;
    this.note = box.querySelector("[data-cleared]");
    this.before = chosenIn(parent);
    // What the lead held when the page was opened stays on offer until the other field changes.
    this.offer(this.allowed(), { keep: true });
  }

  allowed() {
    const value = chosenIn(this.parent);
    return value === null ? new Set() : new Set([...(this.fitting[ANY] ?? []), ...(this.fitting[value] ?? [])]);
  }

  follow() {
    const value = chosenIn(this.parent);
    if (value === this.before) return;
    this.before = value;
    const lost = this.offer(this.allowed(), { keep: false });
    if (this.note) this.note.textContent = lost.length ? `${this.note.dataset.cleared} ${lost.join(", ")}` : "";
    if (lost.length) (this.select ?? this.box).dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Offer these choices alone; returns the names of those that were chosen and are no longer. */
  offer(allowed, { keep }) {
    return this.select ? this.offerOptions(allowed, keep) : this.offerBoxes(allowed, keep);
  }

  offerOptions(allowed, keep) {
    const current = this.select.value;
    const stays = current === "" || allowed.has(current) || keep;
    const blank = new Option("—", "");
    const offered = [...this.labels].filter(([value]) => allowed.has(value) || (keep && value === current));
    this.select.replaceChildren(blank, ...offered.map(([value, label]) => new Option(label, value)));
    this.select.value = stays ? current : "";
    return stays ? [] : [this.labels.get(current)];
  }

  offerBoxes(allowed, keep) {
    const lost = [];
    for (const input of this.box.querySelectorAll("input[type=checkbox]")) {
      const fits = allowed.has(input.value) || (keep && input.checked);
      const label = input.closest("label");
      label.hidden = !fits;
      if (!fits && input.checked) {
        input.checked = false;
        lost.push(label.textContent.trim());
      }
    }
    return lost;
  }
}

export function watchChoices(form) {
  const boxes = new Map([...form.querySelectorAll("[data-field]")].map((box) => [box.dataset.field, box]));
  const dependents = [...form.querySelectorAll("[data-choices-from]")].map(
    (box) => new Dependent(box, boxes.get(box.dataset.choicesFrom)),
  );
  const follow = () => dependents.forEach((dependent) => dependent.follow());
  form.addEventListener("change", follow);
  // A rule may have hidden or shown the field that others depend on.
  form.addEventListener("conditions", follow);
  form.addEventListener("reset", () => setTimeout(follow));
}
