/** Keeps the activity log, without prices, for the next page of this tab. */
import { keptLines } from '../model/activity.js';

const KEY = 'hamster.log.v1';

/** Brings the earlier lines back, and keeps the lines whenever the page may end. @param {import('../model/activity.js').ActivityLog} log */
export function keepLog(log) {
  try {
    log.restore(/** @type {unknown} */ (JSON.parse(sessionStorage.getItem(KEY) ?? '[]')));
  } catch {
    // Storage is refused, or holds something else: the log begins empty.
  }
  const keep = () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(keptLines(log)));
    } catch {
      // The log lasts as long as the page.
    }
  };
  addEventListener('pagehide', keep);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keep();
  });
}
