// The builders within a field's form. A pressed button, or a changed field or comparison, asks the server for the part
// as it is then; what was typed meanwhile stays. Without this script the buttons send the whole form.
(() => {
  const waiting = new Map();
  // Who types the name of an option has typed it when so long no other key was pressed.
  const TYPING = 400;
  let isPressed = false;
  let lastKey = -TYPING;
  for (const type of ["pointerdown", "pointerup", "pointercancel"]) {
    addEventListener(type, () => {
      isPressed = type === "pointerdown";
    }, true);
  }

  addEventListener("keydown", ({ key, target }) => {
    if (key.length === 1 && target.matches?.("[data-part] select")) lastKey = performance.now();
  }, true);

  async function released() {
    while (isPressed || performance.now() - lastKey < TYPING) await new Promise((resolve) => setTimeout(resolve, 30));
    await new Promise((resolve) => setTimeout(resolve, 30));
  }

  function values(part) {
    const typed = [...part.querySelectorAll("input[type=text], input[type=number], textarea, select")];
    return new Map(typed.filter(({ id }) => id).map((input) => [input.id, input.value]));
  }

  function place(element) {
    return element && { id: element.id, name: element.name, value: element.value };
  }

  // Where the keyboard was: the same control, or, as a removed row has none, the builder's first button.
  function restore(part, at, action, button) {
    if (!at) return;
    const step = /^(section-)?(up|down)-(.+)$/.exec(action);
    if (step) return followMoved(part, step);
    if (/^(put-|if$)/.test(action)) return writeOn(part);
    const added = /^(add|group|section-add)/.test(action) && addedBy(part, action, button);
    const same = at.id
      ? part.querySelector(`#${CSS.escape(at.id)}`)
      : [...part.querySelectorAll("button")].find(({ name, value }) => name === at.name && value === at.value);
    (added || same || part.querySelector("[data-first]") || part.querySelector("button, input, select"))?.focus();
  }

  // The first control of what was added: the last one of the group, or of the list, whose button was pressed.
  function addedBy(part, action, button) {
    const all = [...part.querySelectorAll("[data-focus]")];
    const place = /^(?:add|group)-(.+)$/.exec(action)?.[1];
    const start = button.replace(/-do$/, "") + (place ? `-${place}.` : "");
    return all.findLast(({ id }) => id.startsWith(start)) ?? all.at(-1);
  }

  // What was moved keeps the keyboard: rows that are numbered have another number then, fields their own key.
  function followMoved(part, [, prefix = "", verb, what]) {
    const there = /^\d+$/.test(what) ? Number(what) + (verb === "up" ? -1 : 1) : what;
    const names = [verb, verb === "up" ? "down" : "up"].map((name) => `${prefix}${name}-${there}`);
    const buttons = names.map((value) => part.querySelector(`button[value="${CSS.escape(value)}"]`));
    buttons.find((button) => button && !button.disabled)?.focus();
  }

  // Behind what was put into a text, writing goes on.
  function writeOn(part) {
    const text = part.querySelector("[data-at]");
    const at = text?.form.elements[text.dataset.at].value;
    text?.focus();
    if (at) text?.setSelectionRange(Number(at), Number(at));
  }

  function tellLost(part) {
    part.removeAttribute("aria-busy");
    const words = part.querySelector("[data-words], [role=status]");
    if (words) words.textContent = document.querySelector("[data-shapes]").dataset.lost;
  }

  async function reshape(form, name, action, button = `${name}-do`) {
    const address = document.querySelector("[data-shapes]")?.dataset.shapes;
    const before = form.querySelector(`[data-part="${name}"]`);
    if (!address || !before) return;
    const data = new FormData(form);
    data.set("part", name);
    data.set(button, action);
    const number = (waiting.get(name) ?? 0) + 1;
    waiting.set(name, number);
    before.setAttribute("aria-busy", "true");
    const sent = values(before);
    try {
      const response = await fetch(address, { method: "POST", body: data });
      if (!response.ok) throw new Error(String(response.status));
      const text = await response.text();
      // A button that is being pressed must still be there when it is let go, and so must a list that is typed into.
      await released();
      if (waiting.get(name) !== number) return;
      replace(form, name, text, sent, action, button);
    } catch {
      tellLost(form.querySelector(`[data-part="${name}"]`));
    }
  }

  // What a value changes: the sentence, the result, the text. The controls stay as they are under the hand.
  function renewWords(part, fresh) {
    const [old, renewed] = [part, fresh].map((each) => [
      ...each.querySelectorAll("[data-words], .formula-result, details textarea, input[name$='-was']"),
    ]);
    if (old.length !== renewed.length) return false;
    for (const [place, element] of old.entries()) {
      if ("value" in element) element.value = renewed[place].value;
      else element.textContent = renewed[place].textContent;
    }
    part.removeAttribute("aria-busy");
    part.closest("form").dispatchEvent(new Event("change"));
    return true;
  }

  function replace(form, name, text, sent, action, button) {
    const part = form.querySelector(`[data-part="${name}"]`);
    const holder = document.createElement("template");
    holder.innerHTML = text;
    const fresh = holder.content.querySelector("[data-part]");
    // Another page came instead, such as the one to sign in.
    if (!fresh) throw new Error(name);
    const now = values(part);
    const at = part.contains(document.activeElement) ? place(document.activeElement) : null;
    if (action === "look-words" && renewWords(part, fresh)) return;
    const open = [...part.querySelectorAll("details[open]")].map(({ id }) => id);
    part.replaceWith(fresh);
    for (const id of open) if (id) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    for (const [id, value] of now) {
      // Rows that were moved have another number; what is named by its key means the same.
      if (value === sent.get(id) || !(/^look/.test(action) || id.startsWith("width-"))) continue;
      const input = fresh.querySelector(`#${CSS.escape(id)}`);
      if (input) input.value = value;
    }
    restore(fresh, at, action, button);
    // A preview follows.
    form.dispatchEvent(new Event("change"));
  }

  // Where a field is put into a formula: where the writing stopped.
  document.addEventListener("focusout", (event) => {
    const at = event.target.dataset?.at && event.target.form?.elements[event.target.dataset.at];
    if (at) at.value = event.target.selectionEnd;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-part] button[name]");
    if (!button?.form) return;
    event.preventDefault();
    reshape(button.form, button.closest("[data-part]").dataset.part, button.value, button.name);
  });
  document.addEventListener("change", (event) => {
    const control = event.target;
    const part = control.closest?.("[data-part]");
    if (part && "look" in control.dataset) {
      const isValue = /^(?!formula_).*-value$|^formula-sample-/.test(control.name);
      reshape(control.form, part.dataset.part, isValue ? "look-words" : "look");
    }
    // Which fields there are to build with depends on the line, and parts on one another.
    const parts = { line: ["visible_if", "required_if", "choices", "formula"], choices_from: ["choices"] };
    for (const name of (control.form?.id === "field_form" && parts[control.name]) || []) {
      reshape(control.form, name, "look");
    }
  });
  // A section is called by its new title wherever it can be chosen.
  document.addEventListener("input", ({ target }) => {
    if (!("names" in target.dataset)) return;
    for (const option of target.form.querySelectorAll(`select[name^="to-"] option[value="${target.dataset.names}"]`)) {
      option.textContent = target.value;
    }
  });
  // Fields of a form that is arranged were dragged.
  document.addEventListener("arranged", (event) => {
    const part = event.target.closest("[data-part]");
    reshape(part.closest("form"), part.dataset.part, "look");
  });
  // Enter in a builder's input looks again; it does not save the field.
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (event.key !== "Enter" || !input.matches?.("[data-part] input")) return;
    event.preventDefault();
    if (input.dataset.enter) return reshape(input.form, input.closest("[data-part]").dataset.part, input.dataset.enter);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
