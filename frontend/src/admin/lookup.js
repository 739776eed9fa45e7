// A select of rows becomes a searchable one that asks the server; without this it is a plain select
// of the first rows with a search box of its own.
import TomSelect from "tom-select/base";

const OPTIONS_A_PAGE = 20;

const option = (item, escape) =>
  `<div><span>${escape(item.text)}</span>${item.detail ? ` <span class="row-option__detail">${escape(item.detail)}</span>` : ""}</div>`;

function address(base, query, page) {
  const url = new URL(base, location.href);
  url.searchParams.set("q", query);
  url.searchParams.set("page", page);
  url.searchParams.set("limit", OPTIONS_A_PAGE);
  return url;
}

export function enhance(select) {
  if (select.tomselect) return;
  const label = select.getAttribute("aria-label") ?? select.labels?.[0]?.textContent.trim() ?? "";
  const described = select.getAttribute("aria-describedby");
  const required = select.required;
  select.required = false; // the server says what is missing
  select.hidden = true;
  const chooser = new TomSelect(select, {
    valueField: "value",
    labelField: "text",
    searchField: ["text", "detail"],
    maxOptions: 200,
    preload: "focus",
    loadThrottle: 150,
    sortField: [{ field: "$order" }],
    shouldLoad: () => true,
    load(query, done) {
      this.clearOptions((known) => this.items.includes(known.value));
      fetch(address(select.dataset.lookup, query, 1), { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : { items: [] }))
        .then((found) => done(found.items), () => done());
    },
    render: {
      option,
      item: option,
      no_results: () => `<div class="no-results">Nobody and nothing fits.</div>`,
      loading: () => `<div class="no-results">Searching…</div>`,
    },
  });
  chooser.control_input.setAttribute("aria-label", label);
  if (described) chooser.control_input.setAttribute("aria-describedby", described);
  if (required) chooser.control_input.setAttribute("aria-required", "true");
  if (select.getAttribute("aria-invalid")) chooser.control_input.setAttribute("aria-invalid", "true");
  select.closest(".field")?.querySelector("[data-without-script]")?.setAttribute("hidden", "");
}

for (const select of document.querySelectorAll("select[data-lookup]")) {
  if (select.dataset.lookup) enhance(select);
}
