// Shows the inputs that the chosen question needs: two for "between", none for "is empty".
function arrange(field) {
  const operator = field.querySelector("[data-filter-op]")?.value;
  const value = field.querySelector("[data-filter-value]");
  const to = field.querySelector("[data-filter-to]");
  const needsNone = operator === "empty" || operator === "filled";
  const shown = value?.tomselect?.wrapper ?? value;
  if (shown) shown.hidden = needsNone;
  if (to) {
    to.hidden = operator !== "between";
    if (to.hidden) to.value = "";
  }
}

for (const field of document.querySelectorAll("[data-filter]")) {
  arrange(field);
  field.addEventListener("change", () => arrange(field));
}

// An untouched question is not sent, so that the address needs no second visit.
for (const form of document.querySelectorAll("[data-filters] form")) {
  form.addEventListener("formdata", (event) => {
    for (const [name, text] of [...event.formData]) if (!text) event.formData.delete(name);
  });
}

document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest?.("details[data-filters][open]");
  if (!open || event.defaultPrevented) return;
  open.open = false;
  open.querySelector("summary").focus();
});

for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;
