// Everything that makes a page quicker. Every page works without it.
import "bootstrap/js/dist/collapse";
import "bootstrap/js/dist/dropdown";
import "bootstrap/js/dist/offcanvas";
import "./htmx.js";
import "./times.js";
import "./forms.js";
import "./run.js";
import "./admin/index.js";
