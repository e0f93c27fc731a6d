/**
 * The cost of a first visit with an empty browser cache: requests (including the socket) and bytes of
 * the bodies as sent, of what is asked for before DOMContentLoaded, and ms until then. What comes
 * later, such as the chart, waits until prices are shown.
 * @param {import('./browser.mjs').Page} page  of a context that has loaded nothing yet
 * @param {string} url
 */
export async function firstLoad(page, url) {
  /** @type {string[]} */
  const requests = [];
  /** @param {string} url */
  const ask = (url) => requests.push(url);
  page.on('request', (request) => ask(request.url()));
  page.on('websocket', (made) => ask(made.url()));
  page.once('domcontentloaded', () => page.removeAllListeners('request'));
  const socket = page.waitForEvent('websocket');
  await page.goto(url);
  await socket;
  await page.waitForLoadState('load');
  const [bytes, contentLoadedMs] = await page.evaluate(() => {
    const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
    const resources = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType('resource'));
    const until = navigation?.domContentLoadedEventEnd ?? 0;
    const sizes = [navigation, ...resources.filter(({ startTime }) => startTime <= until)].map((entry) => entry?.encodedBodySize ?? 0);
    return [sizes.reduce((sum, size) => sum + size), until];
  });
  return { requests, bytes, contentLoadedMs };
}
