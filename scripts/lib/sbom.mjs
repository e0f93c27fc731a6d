// A bill of materials in CycloneDX 1.6, as JSON: https://cyclonedx.org/docs/1.6/json/.

import { createHash } from "node:crypto";

/**
 * @param {{ name: string, version: string, license: string, description?: string }} application
 * @param {import("./shipped.mjs").Component[]} components
 * @param {Date} now
 */
export function sbomOf({ name, version, license, description }, components, now) {
  const own = `${name}@${version}`;
  const there = new Set(components.map(({ purl }) => purl));
  const used = new Set(components.flatMap(({ uses }) => uses));
  const content = {
    components: components.map((component) => ({
      type: "library",
      "bom-ref": component.purl,
      name: component.name,
      version: component.version,
      purl: component.purl,
      scope: "required",
      licenses: licencesOf(component.licence),
      ...(component.hash ? { hashes: [component.hash] } : {}),
      ...(component.homepage ? { externalReferences: [{ type: "website", url: component.homepage }] } : {}),
    })),
    dependencies: [
      { ref: own, dependsOn: components.map(({ purl }) => purl).filter((purl) => !used.has(purl)) },
      ...components.map(({ purl, uses }) => ({ ref: purl, dependsOn: uses.filter((one) => there.has(one)) })),
    ],
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([own, content]))}`,
    version: 1,
    metadata: {
      timestamp: now.toISOString(),
      lifecycles: [{ phase: "build" }],
      tools: { components: [{ type: "application", name: "scripts/sbom.mjs", version }] },
      component: { type: "application", "bom-ref": own, name, version, licenses: licencesOf(license), ...(description ? { description } : {}) },
    },
    ...content,
  };
}

/** CycloneDX writes one licence as an id, and several as an expression. @param {string} licence */
function licencesOf(licence) {
  return /\s/.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }];
}

/** A UUID, version 8, that is the same for the same content. @param {string} content */
function uuidOf(content) {
  const hex = createHash("sha256").update(content).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
