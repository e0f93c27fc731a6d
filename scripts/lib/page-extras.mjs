// What the page's build makes beside the terminal itself: the embed, which shares no chunk with the
// terminal, the icons, the style of the 404 page, and the service worker, which must know what the
// build made.

import { createHash } from "node:crypto";
import { Failure } from "./failure.mjs";
import { ROOT } from "./project.mjs";

/** Served at `/sw.js`, always under this name. */
export const WORKER = "sw.js";

export const MAIN = "public/app/main.js";
export const EMBED = "public/app/embed/embed.js";
export const EARLY = "public/app/early.js";
const LOST = "public/app/lost/lost.css";
const ICONS = ["public/favicon.svg", "public/favicon-simulated.svg"];
const BIG_ICONS = ["192", "512", "maskable-512"].map((name) => `public/icons/${name}.png`);
/** How everything of the page is bundled. */
export const OPTIONS = /** @satisfies {import("esbuild").BuildOptions} */ ({
  absWorkingDir: ROOT,
  bundle: true,
  target: "es2022",
  charset: "utf8",
  minify: true,
  write: false,
  logLevel: "silent",
});
/** Entries of the terminal's own build, beside its script. */
export const EXTRAS = [LOST, ...ICONS, ...BIG_ICONS];

/**
 * Whether the service worker keeps an output, so that the terminal starts without a network. It
 * needs no source map, and the big icons are for installing.
 * @param {string} path
 * @param {string} [entryPoint]
 */
export function isKept(path, entryPoint) {
  return /\.(?:js|css|svg)$/.test(path) && entryPoint !== LOST;
}

/**
 * A script and its style that share no chunk with the terminal: that would cost both a request.
 * `esm` for a module, `iife` for a script that runs before the page is drawn.
 * @param {string} entry
 * @param {"esm" | "iife"} format
 * @param {string} target  folder of the built page
 */
export async function bundleAlone(entry, format, target) {
  const { build } = await import("esbuild");
  return build({
    ...OPTIONS,
    entryPoints: [entry],
    outdir: target,
    entryNames: "assets/[name]-[hash]",
    format,
    sourcemap: "linked",
    metafile: true,
  }).catch(cannotBuild);
}

/**
 * The styles that a first price needs. esbuild puts those of a module that is imported dynamically
 * into the sheet of its importer too, so what comes later is left out here.
 * @param {string} target  folder of the built page
 * @param {string} entryNames
 * @returns {Promise<{ path: string, contents: Uint8Array }>} `path` is relative to the project's root
 */
export async function bundleFirstStyles(target, entryNames) {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: [MAIN],
    outdir: target,
    entryNames,
    format: "esm",
    metafile: true,
    plugins: [{
      name: "nothing that comes later",
      setup: ({ onResolve }) => onResolve({ filter: /\/later\.js$/ }, ({ path }) => ({ path, external: true })),
    }],
  }).catch(cannotBuild);
  const path = Object.keys(metafile.outputs).find((name) => name.endsWith(".css"));
  const sheet = outputFiles.find((file) => file.path.endsWith(".css"));
  if (!path || !sheet) throw new Failure("public/app/main.js imports no styles.");
  return { path, contents: sheet.contents };
}

/**
 * The text of the service worker. It differs whenever anything differs that it keeps.
 * @param {string[]} assets  addresses
 * @param {string} document  the text of index.html
 */
export async function bundleWorker(assets, document) {
  const version = createHash("sha256").update(document).update(assets.join("\n")).digest("hex").slice(0, 16);
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: [`public/${WORKER}`],
    format: "iife",
    define: { "self.SHELL": JSON.stringify({ version, assets }) },
  }).catch(cannotBuild);
  return outputFiles.map(({ text }) => text).join("");
}

/** @param {import("esbuild").BuildFailure} failure @returns {never} */
export function cannotBuild({ errors }) {
  const sentences = errors.map(({ text, location }) => `${location ? `${location.file}:${location.line}: ` : ""}${text}`);
  throw new Failure(`The page cannot be bundled: ${sentences.join("; ")}.`);
}
