// Shows every <time datetime> in the viewer's zone; the exact UTC time stays in its title.
const formats = {
  datetime: new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }),
  time: new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" }),
};

export function showTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]:not([data-shown])")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    element.textContent = (formats[element.dataset.format] ?? formats.datetime).format(moment);
    element.dataset.shown = "";
  }
}

showTimes(document);
document.addEventListener("htmx:after:swap", () => showTimes(document));
