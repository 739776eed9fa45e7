// htmx under the console's content security policy, with the CSRF token on every request it makes.
import htmx from "htmx.org/dist/htmx.esm.js";

htmx.config.includeIndicatorCSS = false;
window.htmx = htmx;

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  const request = event.detail.ctx?.request;
  if (token && request) request.headers["X-CSRFToken"] = token;
});
