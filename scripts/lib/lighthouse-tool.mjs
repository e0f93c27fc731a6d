// Lighthouse, from the npm registry, in a folder of its own: only `npm run lighthouse` needs it, and
// it brings more packages than everything else together.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromiumPath } from "./chromium.mjs";
import { wranglersNode } from "./node-packages.mjs";
import { installLocked, installOnce } from "./on-demand.mjs";
import { ROOT, TOOLS } from "./project.mjs";
import { run } from "./run.mjs";

const SOURCE = join(ROOT, "tools", "lighthouse");
const FOLDER = join(TOOLS, "lighthouse");
const LIMIT_MS = 5 * 60_000;
export const CATEGORIES = /** @type {const} */ ({
  performance: "performance",
  accessibility: "accessibility",
  "best-practices": "best practices",
  seo: "SEO",
});

/** @typedef {{ id: string, title: string, score: number | null, displayValue?: string }} Audit */
/**
 * @typedef {object} Report
 * @property {Record<string, { score: number | null, auditRefs: { id: string, weight: number }[] }>} categories
 * @property {Record<string, Audit>} audits
 * @property {{ benchmarkIndex: number }} environment
 */

/** Installs the locked version, unless it is there. */
export async function installLighthouse() {
  const lock = readFileSync(join(SOURCE, "package-lock.json"), "utf8");
  await installOnce(FOLDER, lock, () => installLocked("lighthouse packages", SOURCE, FOLDER, LIMIT_MS));
}

/**
 * @param {string} url
 * @param {"mobile" | "desktop"} device
 * @returns {Promise<Report>}
 */
export async function judge(url, device) {
  const report = join(FOLDER, `${device}.json`);
  // Chromium refuses to be sandboxed by root.
  const sandbox = process.getuid?.() === 0 ? " --no-sandbox" : "";
  const words = [
    join(FOLDER, "node_modules", "lighthouse", "cli", "index.js"), url, "--quiet", "--output=json", `--output-path=${report}`,
    `--only-categories=${Object.keys(CATEGORIES).join(",")}`, `--chrome-flags=--headless=new${sandbox}`, "--no-enable-error-reporting",
    ...(device === "desktop" ? ["--preset=desktop"] : []),
  ];
  await run(`lighthouse ${device}`, wranglersNode(), words, { env: { ...process.env, CHROME_PATH: chromiumPath() }, timeoutMs: LIMIT_MS });
  return JSON.parse(readFileSync(report, "utf8"));
}
