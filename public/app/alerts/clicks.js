/** What a click on an alert's notification does. */
import { rowKey } from '../model/quotes.js';

/** The type of the message that a service worker sends when a notification is clicked. */
const CLICKED = 'notification-click';

/**
 * Shows the alerts, and the symbol that one was about.
 * @param {import('../model/desk.js').Desk} desk
 * @param {string | null} symbol
 */
export function showAlerts(desk, symbol) {
  desk.show({ tab: 'alerts', sheet: 'alerts', ...(symbol === null ? {} : { symbol: rowKey(symbol) }) });
}

/**
 * Follows clicks on notifications of the service worker. The browser keeps its messages until the
 * document is read, and no longer: whoever listens later misses the click that woke the page.
 * @param {import('../model/desk.js').Desk} desk
 */
export function followClicks(desk) {
  navigator.serviceWorker?.addEventListener('message', ({ data }) => {
    const { type, symbol } = /** @type {{ type?: unknown, symbol?: unknown }} */ (data ?? {});
    if (type === CLICKED) showAlerts(desk, typeof symbol === 'string' ? symbol : null);
  });
}
