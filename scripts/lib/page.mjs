// Builds the page into build/public, which wrangler serves and uploads: the files of public/ with
// modules and styles bundled. Everything but the documents and the service worker is below /assets/
// with a content hash in its name, so a browser may cache it for ever (public/_headers). A module
// that is imported dynamically, as the chart is, becomes a chunk that is loaded when it is needed.
//
// A running `wrangler dev` holds the folder open, so the folder is not replaced. New assets are
// added beside the old ones, then each document is replaced atomically, then the old assets are
// removed. A reader in between finds every asset that its document names.

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { Failure } from "./failure.mjs";
import { BUILD, hashOf, withLock } from "./inputs.mjs";
import { packagesMatchLock } from "./node-packages.mjs";
import { EARLY, EMBED, EXTRAS, MAIN, OPTIONS, WORKER, bundleAlone, bundleFirstStyles, bundleWorker, cannotBuild, isKept } from "./page-extras.mjs";
import { ROOT } from "./project.mjs";

const SOURCE = join(ROOT, "public");
const TARGET = join(BUILD, "public");
const NAMES = "assets/[name]-[hash]";
const STAMP = join(BUILD, "public.sha256");
/** Served under their own names. */
const DOCUMENTS = ["_headers", "404.html", "embed.html", "index.html", "manifest.webmanifest", "openapi.json"];
/** The documents that name no asset: the asset server's rules, and the routes for machines. */
const AS_THEY_ARE = ["_headers", "openapi.json"];
/** The licences of what the page and the Worker contain. It is served as text. */
const NOTICES = "THIRD_PARTY_NOTICES";
/** The lock file covers esbuild's version; these files cover how it is called. */
const INPUTS = ["public", NOTICES, "package-lock.json", "scripts/lib/page.mjs", "scripts/lib/page-extras.mjs"];

/** Builds the page unless the folder is up to date with the inputs. */
export async function buildPage() {
  if (isFresh()) return;
  if (!packagesMatchLock()) throw new Failure("The toolchain is not set up: run `npm run setup`.");
  await withLock("page", async () => {
    // The previous owner of the lock may have built exactly this.
    if (isFresh()) return;
    const begun = Date.now();
    const hash = hashOf(INPUTS);
    const { assets, addresses, imports, kept } = await bundle();
    const documents = new Map(DOCUMENTS.map((name) => [name, withPreloads(documentOf(name, addresses), imports)]));
    documents.set(WORKER, await bundleWorker(kept, documents.get("index.html") || ""));
    documents.set(`${NOTICES}.txt`, readFileSync(join(ROOT, NOTICES), "utf8"));
    rmSync(STAMP, { force: true });
    write(assets, documents);
    writeFileSync(STAMP, hash);
    console.log(`The page is in build/public (${Date.now() - begun} ms).`);
  });
}

/**
 * Bytes on the wire, brotli 11, of the built page: what a first visit loads before anything that is
 * imported dynamically, and what each dynamic import adds, by the name of its module.
 * @returns {{ first: number, lazy: Map<string, number> }}
 */
export function pageSizes() {
  const read = (/** @type {string} */ name) => readFileSync(join(TARGET, name));
  const named = [...read("index.html").toString().matchAll(/(?:href|src)="\/(assets\/[^"]+)"/g)].map(([, name]) => String(name));
  const first = withImports(named);
  const size = (/** @type {Iterable<string>} */ names) => [...names].reduce((sum, name) => sum + brotliCompressSync(read(name)).length, 0);
  /** @type {Map<string, number>} */
  const lazy = new Map();
  // A chunk may import further chunks dynamically.
  const seen = new Set(first);
  for (const name of seen) {
    for (const asked of importsOf(name, /\bimport\("\.\/([^"]+\.js)"\)/g)) {
      const added = [...withImports([asked])].filter((one) => !first.has(one));
      lazy.set(basename(asked).replace(/-[A-Z0-9]{8}\.js$/, ""), size(added));
      for (const one of added) seen.add(one);
    }
  }
  const laterStyles = /content="\/(assets\/[^"]+\.css)"/.exec(read("index.html").toString())?.[1];
  if (laterStyles) lazy.set("later", (lazy.get("later") ?? 0) + size([laterStyles]));
  return { first: size(["index.html", ...first]), lazy };

  /** These files and all that they import statically. @param {string[]} names */
  function withImports(names) {
    const all = new Set(names);
    for (const name of all) for (const one of importsOf(name, /\b(?:from|import)"\.\/([^"]+\.js)"/g)) all.add(one);
    return all;
  }

  /** @param {string} name @param {RegExp} form */
  function importsOf(name, form) {
    return name.endsWith(".js") ? [...read(name).toString().matchAll(form)].map(([, asked]) => `assets/${asked}`) : [];
  }
}

function isFresh() {
  const there = [STAMP, ...[...DOCUMENTS, WORKER, `${NOTICES}.txt`].map((name) => join(TARGET, name))].every((path) => existsSync(path));
  return there && readFileSync(STAMP, "utf8") === hashOf(INPUTS);
}

/**
 * The assets, the address under which each asset that a document names is served, what each script
 * imports statically, and the addresses of what the service worker keeps.
 * @typedef {{ path: string, contents: Uint8Array }} Asset
 * @typedef {{
 *   assets: Asset[], addresses: Map<string, string>, imports: Map<string, string[]>, kept: string[]
 * }} Built
 * @returns {Promise<Built>}
 */
async function bundle() {
  // Imported here because the set-up may only just have installed it.
  const { build } = await import("esbuild");
  const terminal = build({
    ...OPTIONS,
    entryPoints: [MAIN, ...EXTRAS],
    outdir: TARGET,
    entryNames: NAMES,
    chunkNames: "assets/[name]-[hash]",
    splitting: true,
    loader: { ".svg": "copy", ".png": "copy" },
    format: "esm",
    sourcemap: "linked", // only developer tools request it
    metafile: true,
  }).catch(cannotBuild);
  const styles = bundleFirstStyles(TARGET, NAMES);
  const bundles = await Promise.all([terminal, bundleAlone(EARLY, "iife", TARGET), bundleAlone(EMBED, "esm", TARGET)]);
  const [shell, early] = bundles.map(({ metafile }) => Object.entries(metafile.outputs));
  const firstStyles = await styles;
  const allStyles = shell.find(([, { entryPoint }]) => entryPoint === MAIN)?.[1].cssBundle;
  const kept = [...shell, ...early].filter(([path, { entryPoint }]) => isKept(path, entryPoint) && path !== allStyles).map(([path]) => path);
  /** @type {Map<string, string>} */
  const addresses = new Map();
  /** @type {Map<string, string[]>} */
  const imports = new Map();
  for (const [path, { entryPoint, cssBundle, imports: imported }] of bundles.flatMap(({ metafile }) => Object.entries(metafile.outputs))) {
    const chunks = imported.filter(({ kind }) => kind === "import-statement").map((one) => addressOf(TARGET, one.path));
    imports.set(addressOf(TARGET, path), chunks);
    if (!entryPoint) continue;
    addresses.set(addressOf(SOURCE, entryPoint), addressOf(TARGET, path));
    // The styles that a module imports become a bundle of their own, named after the module.
    if (cssBundle) addresses.set(addressOf(SOURCE, entryPoint).replace(/\.js$/, ".css"), addressOf(TARGET, cssBundle));
  }
  addresses.set("/app/main.css", addressOf(TARGET, firstStyles.path));
  const assets = bundles.flatMap(({ outputFiles }) => outputFiles).filter(({ path }) => path !== join(ROOT, allStyles ?? ""));
  return {
    assets: [...assets, { ...firstStyles, path: join(ROOT, firstStyles.path) }],
    addresses,
    imports,
    kept: [...kept, firstStyles.path].map((path) => addressOf(TARGET, path)),
  };
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
  if (AS_THEY_ARE.includes(name)) return text;
  // As the value of an attribute or of a JSON field.
  return text.replace(/^\s*<!--.*-->\n/gm, "").replace(/(?<=[=:] ?")\/[^"]*\.(?:js|css|svg|png)(?=")/g, (source) => {
    const address = addresses.get(source);
    if (!address) throw new Failure(`public/${name} names ${source}, which is not bundled.`);
    return address;
  });
}

/**
 * A document that also names the chunks which its scripts import, so that a browser need not read a
 * script before it asks for them.
 * @param {string} html
 * @param {Map<string, string[]>} imports
 */
function withPreloads(html, imports) {
  return html.replace(/^( *)<script type="module" src="([^"]+)"><\/script>\n/gm, (script, indent, address) => {
    const chunks = imports.get(address) ?? [];
    return [...chunks.map((chunk) => `${indent}<link rel="modulepreload" href="${chunk}">\n`), script].join("");
  });
}

/**
 * The address by which a document names a file.
 * @param {string} folder
 * @param {string} path  relative to the project's root
 */
const addressOf = (folder, path) => `/${relative(folder, join(ROOT, path)).replaceAll("\\", "/")}`;
