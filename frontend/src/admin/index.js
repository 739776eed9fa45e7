// Makes the data pages quicker. Each of them works without.
import "./lookup.js";
import "./filters.js";
import "./ticks.js";
import "./children.js";
import "./keys.js";
