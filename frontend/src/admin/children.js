// Adds an empty group for a child without asking the server, and marks those that will be deleted.
import { enhance } from "./lookup.js";

function renumbered(group, from, to) {
  for (const element of [group, ...group.querySelectorAll("*")]) {
    for (const name of ["id", "name", "for", "aria-describedby", "aria-labelledby"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replaceAll(from, to));
    }
  }
}

for (const section of document.querySelectorAll("[data-children]")) {
  const counter = section.querySelector("[data-children-count]");
  const button = section.querySelector("[data-child-add]");
  const groups = section.querySelectorAll("[data-child-new]");
  const last = groups[groups.length - 1];
  if (!last || !button) continue;
  const blank = last.cloneNode(true);
  if (!last.open) last.remove(); // the button brings it back
  const place = Number(counter.value) - 1;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const next = Number(counter.value);
    const group = blank.cloneNode(true);
    renumbered(group, `${section.dataset.children}-${place}`, `${section.dataset.children}-${next}`);
    counter.value = String(next + 1);
    group.open = true;
    button.before(group);
    for (const select of group.querySelectorAll("select[data-lookup]")) enhance(select);
    group.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  });
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-child-delete]")) return;
  event.target.closest("[data-child]").classList.toggle("child--leaving", event.target.checked);
});
for (const box of document.querySelectorAll("[data-child-delete]:checked")) {
  box.closest("[data-child]").classList.add("child--leaving");
}

// A link of the summary of errors may lead into a closed group.
function open() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const group = target && target.closest("details");
  if (group) group.open = true;
  if (target?.tomselect) target.tomselect.focus();
  else if (target?.matches("input, select, textarea")) target.focus();
}
window.addEventListener("hashchange", open);
document.addEventListener("click", (event) => {
  if (event.target.closest?.('a[href^="#field-"]')) setTimeout(open);
});
