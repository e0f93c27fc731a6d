// The text of THIRD_PARTY_NOTICES: the licence of each component that is shipped, as its package
// has it. Where licences are offered as alternatives, the text is that of the one we keep to.
// scripts/notices/ has what a package lacks: a notice that stands in no file of it, or a text.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { ROOT } from "./project.mjs";
import { chosenLicences } from "./spdx.mjs";

/** @typedef {import("./shipped.mjs").Component} Component */

export const NOTICES = join(ROOT, "THIRD_PARTY_NOTICES");
const ADDED = join(ROOT, "scripts", "notices");
const RULE = "=".repeat(80);
const HEAD = `The page and the Worker contain code of these projects. Their versions are pinned in
package-lock.json and Cargo.lock. \`npm run notices\` writes this file.
`;
/** A phrase of each licence that no other one has, with single spaces. */
const PHRASES = new Map([
  ["MIT", "to any person obtaining a copy of this software and associated documentation files"],
  ["Apache-2.0", "Apache License Version 2.0, January 2004"],
  ["BSD-3-Clause", "may be used to endorse or promote products derived from this software"],
  ["Unicode-3.0", "UNICODE LICENSE V3"],
  ["Zlib", "This software is provided 'as-is', without any express or implied warranty"],
]);

/**
 * The whole file. Components with the same texts share a section.
 * @param {Component[]} components
 * @param {readonly string[]} allowed  licences, the preferred ones first
 */
export function noticesOf(components, allowed) {
  /** @type {Map<string, Component[]>} */
  const sections = new Map();
  for (const component of [...components].sort(byName)) {
    const text = textsOf(component, allowed).join(`\n${"-".repeat(80)}\n\n`);
    sections.set(text, [...(sections.get(text) ?? []), component]);
  }
  const parts = [...sections].map(([text, all]) => `${RULE}\n${all.map((one) => titleOf(one, allowed)).join("\n")}\n${RULE}\n\n${text}`);
  return [HEAD, ...parts].join("\n\n");
}

/**
 * The components that a text of notices does not name.
 * @param {string} text
 * @param {Component[]} components
 */
export function notNoticed(text, components) {
  const lines = text.split("\n");
  return components.filter((component) => !lines.some((line) => line === labelOf(component) || line.startsWith(`${labelOf(component)},`)));
}

/** @param {Component} one @param {Component} other */
function byName(one, other) {
  return one.name < other.name || (one.name === other.name && one.version < other.version) ? -1 : 1;
}

/** Rust's version is that of whoever compiles. @param {Component} component */
function labelOf({ name, version, hash }) {
  return hash ? `${name} ${version}` : name;
}

/** @param {Component} component @param {readonly string[]} allowed */
function titleOf(component, allowed) {
  const { licence, homepage } = component;
  const kept = chosen(component, allowed).join(" and ");
  const offered = licence.includes(" OR ") ? ` (of ${licence})` : "";
  return [labelOf(component), `${kept}${offered}`, ...(homepage ? [homepage] : [])].join(", ");
}

/** @param {Component} component @param {readonly string[]} allowed */
function chosen({ name, licence }, allowed) {
  const licences = chosenLicences(licence, allowed);
  if (!licences) throw new Failure(`${name} is under "${licence}", which deny.toml does not allow.`);
  return licences;
}

/**
 * What must be said of a component: our addition, its notices, and the texts of its licences.
 * @param {Component} component
 * @param {readonly string[]} allowed
 */
function textsOf(component, allowed) {
  const { name, folder } = component;
  const addition = join(ADDED, `${name}.txt`);
  const added = existsSync(addition) ? [read(addition)] : [];
  const files = folder ? readdirSync(folder).filter((file) => /^(licen[cs]e|copying|copyright|notice|unlicense)/i.test(file)).sort() : [];
  const own = files.map((file) => ({ file, text: read(join(String(folder), file)) }));
  const notices = own.filter(({ file }) => /^(copyright|notice)/i.test(file)).map(({ text }) => text);
  const licences = chosen(component, allowed).flatMap((id) => {
    const phrase = PHRASES.get(id);
    if (!phrase) throw new Failure(`${name} is under ${id}: scripts/lib/notices.mjs has no phrase by which to know its text.`);
    const texts = own.filter(({ text }) => text.replace(/\s+/g, " ").includes(phrase)).map(({ text }) => text);
    if (texts.length > 0 || added.some((text) => text.replace(/\s+/g, " ").includes(phrase))) return texts;
    throw new Failure(`The package of ${name} has no text of its licence ${id}: write it into scripts/notices/${name}.txt.`);
  });
  return [...new Set([...added, ...notices, ...licences])];
}

/** @param {string} path */
function read(path) {
  const lines = readFileSync(path, "utf8").replaceAll("\r\n", "\n").split("\n").map((line) => line.trimEnd());
  return `${lines.join("\n").replace(/^\n+|\n+$/g, "")}\n`;
}
