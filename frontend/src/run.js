// Follows a run: appends its events as the server sends them, and loads the page again at its end.
import { showTimes } from "./times.js";

function line(event) {
  const item = document.createElement("li");
  item.className = `progress-log__line progress-log__line--${event.kind}`;
  const time = document.createElement("time");
  time.dateTime = event.at;
  time.dataset.format = "time";
  const text = document.createElement(event.kind === "statement" ? "code" : "span");
  text.textContent = event.text;
  item.append(time, text);
  return item;
}

function advance(region, event) {
  const bar = region.querySelector("progress");
  if (!bar || event.done === null || !event.total) return;
  bar.max = event.total;
  bar.value = event.done;
  const label = region.querySelector("[data-run-step]");
  if (label) label.textContent = `${event.done} of ${event.total}`;
}

function follow(region) {
  const log = region.querySelector("[data-run-log]");
  const status = region.querySelector("[data-run-status]");
  const source = new EventSource(region.dataset.runEvents);
  source.addEventListener("progress", ({ data }) => {
    const event = JSON.parse(data);
    log?.append(line(event));
    if (log) showTimes(log);
    if (status && event.kind !== "statement") status.textContent = event.text;
    advance(region, event);
  });
  source.addEventListener("state", ({ data }) => {
    const { state } = JSON.parse(data);
    // A state other than the one that the page was drawn for: the server draws it anew.
    if (state !== region.dataset.runState && state !== "running") source.close(), location.reload();
    else if (state !== region.dataset.runState) location.reload();
  });
  source.addEventListener("finished", () => {
    source.close();
    location.reload();
  });
  window.addEventListener("pagehide", () => source.close());
}

for (const region of document.querySelectorAll("[data-run-events]")) follow(region);
