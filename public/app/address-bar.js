/**
 * The page's address and history. The address always shows what is on the screen; Back goes to the
 * symbol that was looked at before, and on a phone to the part of the page.
 */
import { readAddress, writeAddress } from './model/address.js';
import { DEFAULT_VIEW } from './model/desk.js';
import { itemsInView, symbolsOf } from './model/lists.js';

/**
 * Browsers refuse a page that writes the address too often: Safari more than 100 times in 30 s. A
 * change is written at once, because a reload shows what the address says; after this many at once
 * they are written each second.
 */
const MOST_AT_ONCE = 50;
const EVERY_MS = 1_000;
/** Back leads to a symbol that was looked at this long, not to each that an arrow key passed. */
const LOOKED_AT_MS = 2_000;
const PHONE = '(max-width: 639.9px)';

/** @typedef {Pick<import('./model/desk.js').View, 'sheet' | 'filled'>} Kept  what no address says */

/** @param {Pick<import('./terminal.js').Terminal, 'desk' | 'store'>} terminal */
export function startAddressBar({ desk, store }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  if (history.state !== null) desk.show(keptIn(history.state));
  let { symbol, sheet } = desk.view;
  let since = Date.now();
  let restoring = false;
  let atOnce = MOST_AT_ONCE;
  let counted = performance.now();

  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    history.replaceState(kept(), '', address());
  };
  desk.listen((parts) => {
    if (restoring || ![...parts].some((part) => part !== 'alerts')) return;
    const { view } = desk;
    const isNewSymbol = view.symbol !== symbol;
    const wasLookedAt = isNewSymbol && symbol !== null && Date.now() - since >= LOOKED_AT_MS;
    const isNewSheet = view.sheet !== sheet && matchMedia(PHONE).matches;
    if (isNewSymbol) since = Date.now();
    ({ symbol, sheet } = view);
    if (wasLookedAt || isNewSheet) {
      clearTimeout(timer);
      timer = undefined;
      history.pushState(kept(), '', address());
    } else if (isFree()) write();
    else timer ??= setTimeout(write, EVERY_MS);
  });
  addEventListener('pagehide', () => {
    if (timer !== undefined) write();
  });
  addEventListener('popstate', ({ state }) => {
    clearTimeout(timer);
    timer = undefined;
    const { view } = readAddress(location.search, desk.lists);
    restoring = true;
    const home = desk.lists[0]?.id ?? DEFAULT_VIEW.list;
    desk.show({ ...DEFAULT_VIEW, list: home, ...view, ...keptIn(state) });
    restoring = false;
    ({ symbol, sheet } = desk.view);
    since = Date.now();
    // The entry may be older than the theme.
    timer = setTimeout(write, EVERY_MS);
  });
  write();

  /** Whether the address may be written at once. */
  function isFree() {
    const now = performance.now();
    atOnce = Math.min(MOST_AT_ONCE, atOnce + (now - counted) / EVERY_MS);
    counted = now;
    if (atOnce < 1) return false;
    atOnce -= 1;
    return true;
  }

  /** @returns {Kept} */
  function kept() {
    return { sheet: desk.view.sheet, filled: desk.view.filled };
  }

  function address() {
    const [first] = symbolsOf(itemsInView(desk, store));
    return `${location.pathname}${writeAddress(desk, location.search, first)}${location.hash}`;
  }
}

/** @param {unknown} state @returns {Partial<Kept>} */
function keptIn(state) {
  const { sheet, filled } = /** @type {Partial<Kept>} */ (state ?? {});
  return {
    sheet: sheet !== undefined && ['list', 'chart', 'alerts', 'more'].includes(sheet) ? sheet : 'list',
    filled: filled === 'list' || filled === 'chart' ? filled : null,
  };
}
