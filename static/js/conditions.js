// Conditional fields: while a form is filled in, its rules say which fields are shown and which are required.
// A hidden field is disabled, so nothing of it is sent, and counts as missing for the other rules; what was typed in it
// comes back when it is shown again.
import { evaluate, Undecided, UNRESOLVED } from "./rules.js";

function controls(box) {
  // What finds choices in a long list is no part of what the field holds.
  return [...box.querySelectorAll("input:not(.find), select, textarea")];
}

const PRESENCES = new Set(["location", "file", "image"]);

/** The filled parts of a field of several: rules ask only whether there are any. */
function partsOf(inputs) {
  if (inputs.some((input) => input.type === "checkbox" && input.checked)) return {};
  const filled = inputs.filter((input) => input.type !== "checkbox" && input.value !== "");
  return Object.fromEntries(filled.map((input) => [input.name, input.value]));
}

/** What is named by a text with suggestions: the number or reference of the one that is suggested so. */
function pickedIn(input) {
  if (input.value.trim() === "") return null;
  if (input.value === input.defaultValue && "stored" in input.dataset) return input.dataset.stored;
  const option = [...input.list.options].find(({ value }) => value === input.value);
  return option ? option.dataset.id ?? option.value : UNRESOLVED;
}

/** What a field holds now: a text, a list of texts for several choices, or null. A hidden field holds nothing. */
function valueOf(box) {
  const inputs = controls(box);
  const [first] = inputs;
  if (!first || box.hidden) return null;
  if (PRESENCES.has(box.dataset.fieldType)) return partsOf(inputs);
  if ("picker" in first.dataset) return pickedIn(first);
  if (first.type === "radio") return inputs.find((input) => input.checked)?.value ?? null;
  if (first.type === "checkbox") {
    if (inputs.length === 1 && box.matches("div")) return String(first.checked);
    return inputs.filter((input) => input.checked).map((input) => input.value);
  }
  if (first.multiple && first.options) return [...first.selectedOptions].map((option) => option.value);
  return first.value === "" ? null : first.value;
}

function pageOf(form, boxes) {
  return {
    values: new Map(boxes.map((box) => [box.dataset.field, valueOf(box)])),
    types: new Map(boxes.map((box) => [box.dataset.field, box.dataset.fieldType || "text"])),
    timezone: form.dataset.timezone || "UTC",
    today: form.dataset.today || new Date().toISOString().slice(0, 10),
  };
}

/** The outcome, or null where only the server can tell: then the field stays as it was rendered. */
function decide(rule, page) {
  try {
    return evaluate(rule, page);
  } catch (error) {
    if (error instanceof Undecided) return null;
    throw error;
  }
}

function setVisible(box, visible) {
  box.hidden = !visible;
  for (const control of controls(box)) {
    if (!visible && !control.disabled) {
      control.disabled = true;
      control.dataset.byRule = "";
    } else if (visible && "byRule" in control.dataset) {
      control.disabled = false;
      delete control.dataset.byRule;
    }
  }
}

function setRequired(box, required) {
  const mark = box.querySelector(".required-mark");
  if (mark) mark.hidden = !required;
  for (const control of controls(box)) {
    if (control.type !== "checkbox") control.required = required;
  }
}

function hideEmptySections(form) {
  for (const section of form.querySelectorAll("[data-section]")) {
    const boxes = [...section.querySelectorAll("[data-field]")];
    section.hidden = boxes.length > 0 && boxes.every((box) => box.hidden);
  }
}

function applyRules(form, boxes, rules) {
  // A field that is hidden may hide another: repeat until nothing moves, at most once per rule.
  for (let round = 0; round <= rules.length; round += 1) {
    const page = pageOf(form, boxes);
    let moved = false;
    for (const { box, visible } of rules) {
      const outcome = visible ? decide(visible, page) : null;
      if (outcome === null || outcome === !box.hidden) continue;
      setVisible(box, outcome);
      moved = true;
    }
    if (!moved) break;
  }
  const page = pageOf(form, boxes);
  for (const { box, required } of rules) {
    const outcome = required ? decide(required, page) : null;
    if (outcome !== null) setRequired(box, outcome);
  }
  hideEmptySections(form);
  form.dispatchEvent(new Event("conditions"));
}

export function watchRules(form) {
  const boxes = [...form.querySelectorAll("[data-field]")];
  const read = (text) => (text ? JSON.parse(text) : null);
  const rules = boxes
    .map((box) => ({ box, visible: read(box.dataset.visibleIf), required: read(box.dataset.requiredIf) }))
    .filter((one) => one.visible || one.required);
  if (!rules.length) return;
  const apply = () => applyRules(form, boxes, rules);
  form.addEventListener("input", apply);
  form.addEventListener("change", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
}
