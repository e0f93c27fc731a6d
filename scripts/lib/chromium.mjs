// The browser of the browser tests: an installed one, else Debian's package. Nothing is downloaded
// from elsewhere, so the tests also run where only package registries can be reached.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { aptInstall, mayInstall } from "./debian.mjs";
import { Failure } from "./failure.mjs";
import { firstExisting } from "./project.mjs";

const ON_PATH = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ON_MAC = ["Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium"];
const ON_WINDOWS = ["Google\\Chrome\\Application\\chrome.exe", "Chromium\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"];

/** The path of a Chromium or Chrome, if there is one. */
export function chromiumPath() {
  const { env } = process;
  const chosen = env.CHROMIUM_PATH;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Failure(`CHROMIUM_PATH names ${chosen}, which does not exist.`);
  }
  const product = (/** @type {string[]} */ folders, /** @type {string[]} */ files) =>
    folders.flatMap((folder) => files.map((file) => join(folder, file)));
  if (process.platform === "darwin") return firstExisting(product(["/Applications", join(env.HOME || "", "Applications")], ON_MAC));
  if (process.platform === "win32") {
    const folders = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA].filter((folder) => folder !== undefined);
    return firstExisting(product(folders, ON_WINDOWS));
  }
  return firstExisting(product((env.PATH || "").split(delimiter), ON_PATH));
}

export async function installChromium() {
  if (!mayInstall()) throw new Failure("The browser tests need Chrome or Chromium: install one, or give its path in CHROMIUM_PATH.");
  await aptInstall("chromium", ["chromium", "fonts-liberation"]);
}
