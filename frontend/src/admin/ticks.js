// Ticks every row of the page at once, and says how many are ticked.
const all = document.querySelector("[data-tick-all]");
const ticks = [...document.querySelectorAll("[data-tick]")];
const count = document.querySelector("[data-tick-count]");
const buttons = document.querySelectorAll('[form="bulk"][type="submit"]');

function tell() {
  const number = ticks.filter((tick) => tick.checked).length;
  if (all) {
    all.checked = number > 0 && number === ticks.length;
    all.indeterminate = number > 0 && number < ticks.length;
  }
  if (count) count.textContent = number ? `${number} ticked:` : "With the ticked rows:";
  for (const button of buttons) button.disabled = number === 0;
}

if (ticks.length) {
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const tick of ticks) tick.checked = all.checked;
      tell();
    });
  }
  for (const tick of ticks) tick.addEventListener("change", tell);
  tell();
  window.addEventListener("pageshow", tell);
}
