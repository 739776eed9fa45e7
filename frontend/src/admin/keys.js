// "/" goes to the search of the list, wherever nothing is being typed.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
  const search = document.querySelector("[data-list-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});
