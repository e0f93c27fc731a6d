// The recommended rules; what tsc checks better (undefined names) is left to it.
import js from "@eslint/js";

export default [
  { ignores: ["build/", "target/", "node_modules/", ".tools/", ".wrangler/"] },
  js.configs.recommended,
  { rules: { "no-undef": "off", "prefer-const": "error", eqeqeq: "error", "no-eval": "error" } },
];
