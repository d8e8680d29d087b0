// The builder of conditions: choosing a field or a comparison asks the server for the inputs that suit. What was typed
// while the answer was under way stays.

const typed = () =>
  [...document.querySelectorAll("#conditions .value input")].map((input) => [input.name, input.type, input.value]);
let before = [];

document.addEventListener("htmx:beforeSwap", () => {
  before = typed();
});
document.addEventListener("htmx:afterSwap", () => {
  for (const [place, input] of [...document.querySelectorAll("#conditions .value input")].entries()) {
    const [name, type, value] = before[place] ?? [];
    if (name === input.name && type === input.type) input.value = value;
  }
  before = [];
});
