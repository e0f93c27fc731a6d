// `npm run setup`: installs what the worker's build needs into this checkout, and with `--tests`
// also what the tests need. `npm start` and `npm test` run it themselves.

import { readArguments } from "./lib/arguments.mjs";
import { installClients } from "./lib/clients.mjs";
import { main } from "./lib/failure.mjs";
import { setUp } from "./lib/setup.mjs";

await main(async () => {
  const { values } = readArguments({ options: { tests: { type: "boolean", default: false } } }, "[--tests]");
  await setUp({ tests: values.tests });
  if (values.tests) await installClients();
});
