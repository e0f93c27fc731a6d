/** What axe says of the page. */
import { AxeBuilder } from '@axe-core/playwright';

/**
 * What breaks a rule of axe: the rule, and the elements with what is wrong with them.
 * @param {import('./browser.mjs').Page} page
 * @param {string} [part]  a selector; else the whole page
 */
export async function violations(page, part) {
  const axe = new AxeBuilder({ page });
  const found = await (part ? axe.include(part) : axe).analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join(' ')}`);
}
