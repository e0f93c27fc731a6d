// The page below build/public, which wrangler serves and uploads: what is in public/, with the
// modules and styles bundled. Everything but the two documents is below /assets/ with a hash of its
// content in its name, so that a browser may keep it for ever (public/_headers).
//
// A running `wrangler dev` holds the folder open, so the folder is not replaced: new assets are put
// beside the old ones, then each document is replaced at once, then the old assets are removed.
// Whoever reads in between finds all that the document names.

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { Failure } from "./failure.mjs";
import { BUILD, hashOf, withLock } from "./inputs.mjs";
import { packagesMatchLock } from "./node-packages.mjs";
import { ROOT } from "./project.mjs";

const SOURCE = join(ROOT, "public");
const TARGET = join(BUILD, "public");
const STAMP = join(BUILD, "public.sha256");
/** Served under their own names. `_headers` is read by the asset server. */
const DOCUMENTS = ["_headers", "404.html", "index.html"];
/** The lock file stands for esbuild; this file for the way it is called. */
const INPUTS = ["public", "package-lock.json", "scripts/lib/page.mjs"];

/** Builds the page unless its folder already holds what the inputs ask for. */
export async function buildPage() {
  if (isFresh()) return;
  if (!packagesMatchLock()) throw new Failure("The toolchain is not set up: run `npm run setup`.");
  await withLock("page", async () => {
    // Whoever held the lock before us may have built the very same thing.
    if (isFresh()) return;
    const begun = Date.now();
    const hash = hashOf(INPUTS);
    const built = await bundle();
    rmSync(STAMP, { force: true });
    write(built);
    writeFileSync(STAMP, hash);
    console.log(`The page is in build/public (${Date.now() - begun} ms).`);
  });
}

function isFresh() {
  const there = [STAMP, ...DOCUMENTS.map((name) => join(TARGET, name))].every((path) => existsSync(path));
  return there && readFileSync(STAMP, "utf8") === hashOf(INPUTS);
}

/**
 * The assets, and by which address each of those that documents name is served.
 * @typedef {{ path: string, contents: Uint8Array }} Asset
 * @returns {Promise<{ assets: Asset[], addresses: Map<string, string> }>}
 */
async function bundle() {
  // From node_modules, which the set-up may only just have filled.
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["public/app/main.js", "public/favicon.svg"],
    outdir: TARGET,
    entryNames: "assets/[name]-[hash]",
    loader: { ".svg": "copy" },
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    minify: true,
    sourcemap: "linked", // for developer tools, which alone ask for it
    metafile: true,
    write: false,
    logLevel: "silent",
  }).catch((/** @type {import("esbuild").BuildFailure} */ { errors }) => {
    const sentences = errors.map(({ text, location }) => `${location ? `${location.file}:${location.line}: ` : ""}${text}`);
    throw new Failure(`The page cannot be bundled: ${sentences.join("; ")}.`);
  });
  /** @type {Map<string, string>} */
  const addresses = new Map();
  for (const [path, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
    if (!entryPoint) continue;
    addresses.set(addressOf(SOURCE, entryPoint), addressOf(TARGET, path));
    // The styles that a module imports are a bundle of their own, named after it.
    if (cssBundle) addresses.set(addressOf(SOURCE, entryPoint).replace(/\.js$/, ".css"), addressOf(TARGET, cssBundle));
  }
  return { assets: outputFiles, addresses };
}

/** @param {{ assets: Asset[], addresses: Map<string, string> }} built */
function write({ assets, addresses }) {
  const folder = join(TARGET, "assets");
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of assets) writeFileSync(path, contents);
  for (const name of DOCUMENTS) {
    const text = readFileSync(join(SOURCE, name), "utf8");
    const next = join(BUILD, `.${name}`);
    writeFileSync(next, name.endsWith(".html") ? withAddresses(name, text, addresses) : text);
    renameSync(next, join(TARGET, name));
  }
  const kept = new Set(assets.map(({ path }) => basename(path)));
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name));
  for (const name of readdirSync(TARGET)) {
    if (name !== "assets" && !DOCUMENTS.includes(name)) rmSync(join(TARGET, name), { recursive: true });
  }
}

/**
 * A document with the bundles' addresses in place of the sources', and without its comments.
 * @param {string} name
 * @param {string} html
 * @param {Map<string, string>} addresses
 */
function withAddresses(name, html, addresses) {
  return html.replace(/^\s*<!--.*-->\n/gm, "").replace(/(?<=(?:href|src)=")\/[^"]*\.\w+(?=")/g, (source) => {
    const address = addresses.get(source);
    if (!address) throw new Failure(`public/${name} names ${source}, which is not bundled.`);
    return address;
  });
}

/** How a document names a file. @param {string} folder @param {string} path  from the root */
const addressOf = (folder, path) => `/${relative(folder, join(ROOT, path)).replaceAll("\\", "/")}`;
