// Bundles src/ into ../console/static/dist under hashed names and writes manifest.json, from which
// the templates learn them. `node build.mjs` builds once; `node build.mjs --watch` goes on.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "console", "static", "dist");

// Bootstrap knows data-bs-theme=light and =dark. Every dark rule is repeated for =auto inside
// a media query, so that "follow the system" needs no script and never flashes.
const followTheSystem = (css) =>
  css.replace(/(^|[}/])([^{}/@]*\[data-bs-theme=dark\][^{}]*)\{([^{}]*)\}/g, (rule, before, selector, body) =>
    `${rule}\n@media (prefers-color-scheme: dark) {${selector.replaceAll("=dark]", "=auto]")}{${body}}}\n`);

const colourModes = {
  name: "colour-modes",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, ({ path }) => ({
      contents: followTheSystem(readFileSync(path, "utf8").replace(/\/\*# sourceMappingURL.*\*\//g, "")),
      loader: "css",
      resolveDir: dirname(path),
    }));
  },
};

// One sprite with the icons that icons.txt names; a name that does not exist stops the build.
function sprite() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split(/\s+/).filter(Boolean);
  const symbols = [...new Set(names)].sort().map((name) => {
    const svg = readFileSync(join(here, "node_modules/bootstrap-icons/icons", `${name}.svg`), "utf8");
    const [, viewBox] = svg.match(/viewBox="([^"]+)"/);
    const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").trim();
    return `<symbol id="${name}" viewBox="${viewBox}">${inner}</symbol>`;
  });
  const text = `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const name = `icons-${hash}.svg`;
  writeFileSync(join(out, name), text);
  return name;
}

function writeManifest(result) {
  const manifest = { "icons.svg": sprite() };
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    if (!output.entryPoint) continue;
    const name = basename(output.entryPoint);
    manifest[name] = relative(out, join(here, path));
  }
  const wanted = new Set([
    "manifest.json", ...Object.values(manifest),
    ...Object.keys(result.metafile.outputs).map((path) => relative(out, join(here, path))),
  ]);
  writeFileSync(join(out, "manifest.json.new"), JSON.stringify(manifest, null, 2) + "\n");
  renameSync(join(out, "manifest.json.new"), join(out, "manifest.json"));
  for (const name of readdirSync(out)) if (!wanted.has(name)) rmSync(join(out, name));
  return manifest;
}

const report = {
  name: "report",
  setup(build) {
    build.onEnd((result) => {
      if (result.errors.length) return;
      for (const [name, file] of Object.entries(writeManifest(result))) console.log(`${name} -> ${file}`);
    });
  },
};

mkdirSync(out, { recursive: true });
const options = {
  absWorkingDir: here,
  entryPoints: ["src/app.js", "src/app.css"],
  entryNames: "[name]-[hash]",
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
  plugins: [colourModes, report],
};
if (process.argv.includes("--watch")) await (await esbuild.context(options)).watch();
else await esbuild.build(options);
