// `npm run notices`: writes THIRD_PARTY_NOTICES, the licences of what is uploaded and served.
// `npm test` fails when it is out of date.

import { writeFileSync } from "node:fs";
import { readArguments } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { readPolicy } from "./lib/lock-files.mjs";
import { NOTICES, noticesOf } from "./lib/notices.mjs";
import { buildPage } from "./lib/page.mjs";
import { shippedComponents } from "./lib/shipped.mjs";

await main(async () => {
  readArguments({});
  await buildPage();
  const components = shippedComponents();
  writeFileSync(NOTICES, noticesOf(components, readPolicy().licences));
  console.log(`THIRD_PARTY_NOTICES names ${components.length} components.`);
});
