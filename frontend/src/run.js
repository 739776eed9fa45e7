// Follows a run: appends its events as the server sends them, and draws the page anew when the
// run's state changes. What somebody is typing meanwhile stays where it is.
import htmx from "htmx.org/dist/htmx.esm.js";
import { showTimes } from "./times.js";

let source = null;

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
  region.querySelector("[data-run-step]").textContent = `${event.done} of ${event.total}`;
}

function show(region, event) {
  const log = region.querySelector("[data-run-log]");
  log.append(line(event));
  showTimes(log);
  log.scrollTop = log.scrollHeight;
  if (event.kind !== "statement") region.querySelector("[data-run-status]").textContent = event.text;
  advance(region, event);
}

async function drawAnew() {
  source?.close();
  const typed = [...document.querySelectorAll("textarea[id]")].map(({ id, value }) => [id, value]);
  const focused = document.activeElement?.id;
  try {
    await htmx.ajax("GET", location.href, { target: "#content", select: "#content", swap: "outerHTML" });
  } catch {
    location.reload();
    return;
  }
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (!field || !value) continue;
    field.value = value;
    const folded = field.closest("details");
    if (folded) folded.open = true;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  showTimes(document);
  follow();
}

// Something else that goes on without events: the page is asked for again, and drawn anew when its
// state is another one.
function wait(region) {
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("[data-draw-anew]");
      if (found?.dataset.drawAnew !== region.dataset.drawAnew) return void drawAnew();
      const status = region.querySelector("[data-draw-anew-status]");
      const text = found.querySelector("[data-draw-anew-status]").textContent;
      if (status.textContent !== text) status.textContent = text;
    } catch {
      // the server is away for a moment; ask again
    }
    wait(region);
  }, 1500);
}

function follow() {
  const waiting = document.querySelector("[data-draw-anew]");
  if (waiting) wait(waiting);
  const region = document.querySelector("[data-run-events]");
  if (!region) return;
  source = new EventSource(region.dataset.runEvents);
  source.addEventListener("progress", ({ data }) => show(region, JSON.parse(data)));
  source.addEventListener("state", ({ data }) => {
    if (JSON.parse(data).state !== region.dataset.runState) drawAnew();
  });
  source.addEventListener("finished", () => source.close());
}

follow();
window.addEventListener("pagehide", () => source?.close());
window.addEventListener("pageshow", (event) => event.persisted && follow());
