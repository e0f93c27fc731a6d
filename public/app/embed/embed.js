/**
 * The entry of /embed: one price in a frame on another site. It keeps nothing in the browser, asks
 * for one update a second at most, and rests when nobody has looked at it for a minute.
 */
import '../ui/tokens.css';
import '../ui/base.css';
import './embed.css';
import { askAccess } from '../link/admission.js';
import { Connection } from '../link/connection.js';
import { wishOf } from './address.js';
import { createCard } from './card.js';
import { closesOf } from './curve.js';
import { OneSymbol } from './one-symbol.js';

const INTERVAL_MS = 1_000;
const REST_AFTER_MS = 60_000;
const BARS_EVERY_MS = 300_000;
/** A day of bars of five minutes. */
const BARS = '288';
/**
 * Nobody can sign in here: a frame on another site has a storage of its own, and must not ask for
 * secrets.
 * @type {import('../link/connection.js').Credentials}
 */
const NOBODY = { isSignedIn: false, protocols: (dialect) => [dialect], check: (signal) => askAccess(signal, null), admit() {}, refuse() {}, forget() {} };

const wish = wishOf(location.search);
const { documentElement: html, body } = document;
if (wish.theme !== 'auto') html.dataset['theme'] = wish.theme;
html.dataset['updown'] = wish.updown;
const card = createCard(body, wish.symbol);
if (wish.objection === null) watch();
else card.refuse(wish.objection);

function watch() {
  const store = new OneSymbol(wish.symbol, () => request());
  const connection = new Connection({
    url: new URL('/ws', location.href).href.replace(/^http/, 'ws'),
    wanted: () => [wish.symbol],
    intervalMs: INTERVAL_MS,
    store,
    // Each viewer of a busy site would ask again and again.
    fallback: { start() {}, stop() {} },
    access: NOBODY,
  });
  /** @type {(number | null)[]} */
  let day = [];
  let barsAt = -Infinity;
  let frame = 0;
  let resting = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const request = () => {
    if (frame === 0) frame = requestAnimationFrame(paint);
  };
  const paint = () => {
    frame = 0;
    const { row } = store;
    const closes = wish.chart === '1d' ? day : wish.chart === '1h' ? (row.spark?.values ?? []) : [];
    const price = row.quote?.price ?? null;
    card.paint(row, store.circumstances, closes.length === 0 ? [] : [...closes, price], Date.now());
    if (wish.chart === '1d' && row.quote !== null && Date.now() - barsAt >= BARS_EVERY_MS) void askForBars();
  };
  const askForBars = async () => {
    barsAt = Date.now();
    try {
      const answer = await fetch(`/api/history?${new URLSearchParams({ symbol: wish.symbol, interval: '5min', limit: BARS })}`);
      if (answer.ok) day = closesOf(await answer.json());
    } catch {
      // The price is shown without a chart.
    }
    request();
  };

  setInterval(() => {
    if (document.visibilityState === 'visible') request();
  }, 1_000);
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') {
      timer = setTimeout(() => {
        resting = true;
        connection.suspend();
      }, REST_AFTER_MS);
    } else if (resting) {
      resting = false;
      connection.open();
    } else connection.wake();
  });
  addEventListener('online', () => connection.wake());
  addEventListener('offline', () => connection.doubt());
  addEventListener('pagehide', () => connection.suspend());
  addEventListener('pageshow', (event) => {
    if (event.persisted) connection.open();
  });
  connection.open();
}
