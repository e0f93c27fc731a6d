/**
 * The cost of a first visit with an empty browser cache: requests (including the socket), bytes of
 * the bodies as sent, and ms until DOMContentLoaded.
 * @param {import('./browser.mjs').Page} page  of a context that has loaded nothing yet
 * @param {string} url
 */
export async function firstLoad(page, url) {
  /** @type {string[]} */
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  const socket = page.waitForEvent('websocket');
  await page.goto(url);
  await socket;
  await page.waitForLoadState('load');
  const [bytes, contentLoadedMs] = await page.evaluate(() => {
    const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
    const resources = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType('resource'));
    const sizes = [navigation, ...resources].map((entry) => entry?.encodedBodySize ?? 0);
    return [sizes.reduce((sum, size) => sum + size), navigation?.domContentLoadedEventEnd ?? 0];
  });
  return { requests, bytes, contentLoadedMs };
}
