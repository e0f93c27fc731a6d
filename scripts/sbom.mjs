// `npm run sbom`: writes build/sbom.json, a bill of materials in CycloneDX 1.6 of what is uploaded
// and served.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { BUILD } from "./lib/inputs.mjs";
import { buildPage } from "./lib/page.mjs";
import { ROOT } from "./lib/project.mjs";
import { sbomOf } from "./lib/sbom.mjs";
import { shippedComponents } from "./lib/shipped.mjs";

await main(async () => {
  readArguments({});
  await buildPage();
  const components = shippedComponents();
  const application = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  writeFileSync(join(BUILD, "sbom.json"), `${JSON.stringify(sbomOf(application, components, new Date()), undefined, 2)}\n`);
  console.log(`build/sbom.json lists ${components.length} components.`);
});
