// `node scripts/icons.mjs`: draws the icons of the installed page, public/icons/*.png, from
// public/favicon.svg. Run it when that has changed; the pictures are kept in the repository, so
// that a build needs no browser.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { ROOT } from "./lib/project.mjs";
import { launch } from "../tests/browser/support/browser.mjs";

/** The background where there must be one: the page's, in the dark. */
const PAGE = "#0b0d10";
/**
 * `share`: of the width, that the picture fills. A system may cut a maskable icon down to a circle
 * of 80 % of its width.
 */
const ICONS = [
  { name: "192", size: 192, share: 1, background: "transparent" },
  { name: "512", size: 512, share: 1, background: "transparent" },
  { name: "maskable-512", size: 512, share: 0.62, background: PAGE },
];

await main(async () => {
  readArguments({});
  const drawing = readFileSync(join(ROOT, "public", "favicon.svg"), "base64");
  const folder = join(ROOT, "public", "icons");
  mkdirSync(folder, { recursive: true });
  const browser = await launch();
  try {
    for (const { name, size, share, background } of ICONS) {
      const page = await browser.newPage({ viewport: { width: size, height: size } });
      await page.setContent(`<body style="margin:0;height:100vh;display:grid;place-items:center;background:${background}">
        <img src="data:image/svg+xml;base64,${drawing}" width="${size * share}" height="${size * share}">`);
      writeFileSync(join(folder, `${name}.png`), await page.screenshot({ omitBackground: true }));
      await page.close();
      console.log(`public/icons/${name}.png`);
    }
  } finally {
    await browser.close();
  }
});
