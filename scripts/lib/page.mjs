// Builds the page into build/public, which wrangler serves and uploads: the files of public/ with
// modules and styles bundled. Everything but the documents and the service worker is below /assets/
// with a content hash in its name, so a browser may cache it for ever (public/_headers).
//
// A running `wrangler dev` holds the folder open, so the folder is not replaced. New assets are
// added beside the old ones, then each document is replaced atomically, then the old assets are
// removed. A reader in between finds every asset that its document names.

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { Failure } from "./failure.mjs";
import { BUILD, hashOf, withLock } from "./inputs.mjs";
import { packagesMatchLock } from "./node-packages.mjs";
import { EARLY, EMBED, EXTRAS, WORKER, bundleAlone, bundleWorker, cannotBuild, isKept } from "./page-extras.mjs";
import { ROOT } from "./project.mjs";

const SOURCE = join(ROOT, "public");
const TARGET = join(BUILD, "public");
const STAMP = join(BUILD, "public.sha256");
/** Served under their own names. The asset server reads `_headers`. */
const DOCUMENTS = ["_headers", "404.html", "embed.html", "index.html", "manifest.webmanifest"];
/** The lock file covers esbuild's version; these files cover how it is called. */
const INPUTS = ["public", "package-lock.json", "scripts/lib/page.mjs", "scripts/lib/page-extras.mjs"];

/** Builds the page unless the folder is up to date with the inputs. */
export async function buildPage() {
  if (isFresh()) return;
  if (!packagesMatchLock()) throw new Failure("The toolchain is not set up: run `npm run setup`.");
  await withLock("page", async () => {
    // The previous owner of the lock may have built exactly this.
    if (isFresh()) return;
    const begun = Date.now();
    const hash = hashOf(INPUTS);
    const { assets, addresses, kept } = await bundle();
    const documents = new Map(DOCUMENTS.map((name) => [name, documentOf(name, addresses)]));
    documents.set(WORKER, await bundleWorker(kept, documents.get("index.html") || ""));
    rmSync(STAMP, { force: true });
    write(assets, documents);
    writeFileSync(STAMP, hash);
    console.log(`The page is in build/public (${Date.now() - begun} ms).`);
  });
}

function isFresh() {
  const there = [STAMP, ...[...DOCUMENTS, WORKER].map((name) => join(TARGET, name))].every((path) => existsSync(path));
  return there && readFileSync(STAMP, "utf8") === hashOf(INPUTS);
}

/**
 * The assets, the address under which each asset that a document names is served, and the addresses
 * of those that the service worker keeps.
 * @typedef {{ path: string, contents: Uint8Array }} Asset
 * @returns {Promise<{ assets: Asset[], addresses: Map<string, string>, kept: string[] }>}
 */
async function bundle() {
  // Imported here because the set-up may only just have installed it.
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["public/app/main.js", ...EXTRAS],
    outdir: TARGET,
    entryNames: "assets/[name]-[hash]",
    loader: { ".svg": "copy", ".png": "copy" },
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    minify: true,
    sourcemap: "linked", // only developer tools request it
    metafile: true,
    write: false,
    logLevel: "silent",
  }).catch(cannotBuild);
  const [early, embed] = [await bundleAlone(EARLY, "iife", TARGET), await bundleAlone(EMBED, "esm", TARGET)];
  const kept = Object.entries({ ...metafile.outputs, ...early.metafile.outputs }).filter(([path, { entryPoint }]) => isKept(path, entryPoint));
  /** @type {Map<string, string>} */
  const addresses = new Map();
  for (const [path, { entryPoint, cssBundle }] of Object.entries({ ...metafile.outputs, ...early.metafile.outputs, ...embed.metafile.outputs })) {
    if (!entryPoint) continue;
    addresses.set(addressOf(SOURCE, entryPoint), addressOf(TARGET, path));
    // The styles that a module imports become a bundle of their own, named after the module.
    if (cssBundle) addresses.set(addressOf(SOURCE, entryPoint).replace(/\.js$/, ".css"), addressOf(TARGET, cssBundle));
  }
  return { assets: [...outputFiles, ...early.outputFiles, ...embed.outputFiles], addresses, kept: kept.map(([path]) => addressOf(TARGET, path)) };
}

/** @param {Asset[]} assets @param {Map<string, string>} documents  the texts by name */
function write(assets, documents) {
  const folder = join(TARGET, "assets");
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of assets) writeFileSync(path, contents);
  for (const [name, text] of documents) {
    const next = join(BUILD, `.${name}`);
    writeFileSync(next, text);
    renameSync(next, join(TARGET, name));
  }
  const kept = new Set(assets.map(({ path }) => basename(path)));
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name));
  for (const name of readdirSync(TARGET)) {
    if (name !== "assets" && !documents.has(name)) rmSync(join(TARGET, name), { recursive: true });
  }
}

/**
 * A document without its comments, and with the bundles' addresses instead of the sources'.
 * @param {string} name
 * @param {Map<string, string>} addresses
 */
function documentOf(name, addresses) {
  const text = readFileSync(join(SOURCE, name), "utf8");
  if (name === "_headers") return text;
  // As the value of an attribute or of a JSON field.
  return text.replace(/^\s*<!--.*-->\n/gm, "").replace(/(?<=[=:] ?")\/[^"]*\.(?:js|css|svg|png)(?=")/g, (source) => {
    const address = addresses.get(source);
    if (!address) throw new Failure(`public/${name} names ${source}, which is not bundled.`);
    return address;
  });
}

/**
 * The address by which a document names a file.
 * @param {string} folder
 * @param {string} path  relative to the project's root
 */
const addressOf = (folder, path) => `/${relative(folder, join(ROOT, path)).replaceAll("\\", "/")}`;
