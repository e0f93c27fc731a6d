/** Everything hostile that upstream, a link or a market may send to the page. */
import { FakeHub } from './fake-hub.mjs';

const TOWER = `Z${'\u0301'.repeat(200)}`;
const LONG = 'W'.repeat(10_000);
const DAY = 86_400_000;

/** @returns {Record<string, Record<string, unknown>>} */
const quotes = () => ({
  'ABCDEFGHIJKLMNOPQRST:ABCDEFGHIJ': {
    price: 1523456789.12, bid: 1523456789.11, ask: 1523456789.13, day_volume: 5.9e20, percent_change: 123456.78, exchange: LONG, session: 'extended',
  },
  'NINE/USD': { price: 0.123456789, bid: 0.123456788, ask: 0.12345679, decimals: 9, kind: 'crypto', exchange: 'Coinbase Pro' },
  'BOTH/USD': { price: 1523456789.1234567, bid: 1523456789.12, ask: 1523456789.13, decimals: 9, day_volume: 912_345_678, exchange: TOWER },
  HUGE: { price: 1e308, bid: 1e308, ask: 1.7976931348623157e308, percent_change: 1e300, exchange: `NYSE${TOWER}NASDAQ${TOWER}` },
  TINY: { price: 5e-324, bid: 0, ask: 1e-15, decimals: 12, percent_change: -100 },
  CL: { price: -37.63, bid: -40.32, ask: -35.21, percent_change: null, previous_close: -1, day_volume: 1_234_567, exchange: 'NYMEX' },
  SPX: { price: 5123.4567, decimals: 4, kind: 'index', currency: 'USD', exchange: 'CBOE', bid: 5123.4, ask: 5123.5 },
  BARC: { price: 72.5, bid: 72.48, ask: 72.52, currency: 'GBp', exchange: 'LSE', day_volume: 49_153 },
  BHP: { price: 4.195, decimals: 3, currency: 'AUD', exchange: '\u202Eelbisrever\u202C', source: 'rest', session: 'closed' },
  'USD/JPY': { price: 155.1, decimals: 3, kind: 'forex', currency: 'JPY' },
  'ETH/BTC': { price: 0.0345, decimals: 5, kind: 'crypto', currency: 'BTC' },
  ODD: { currency: LONG, price: 1523456789.12, exchange: '\u05D0\u05D1\u05D2 (\u05D3\u05D4) 12' },
  NOTIME: { timestamp: null, timestamp_precision: null },
  MINUTE: { timestamp_precision: 'minute', timestamp: new Date(Date.now() - 90_000).toISOString() },
  TODAY: { timestamp_precision: 'day', timestamp: new Date(Math.floor(Date.now() / DAY) * DAY).toISOString() },
  BOUND: { timestamp_precision: null, timestamp: new Date(Date.now() - 90_000).toISOString() },
  OLD: { freshness: 'stale', stale_since: '2026-01-19T14:40:00.000Z', timestamp: '2026-01-19T14:39:00.000Z', source: 'restored', simulated: true, session: 'closed' },
});

export const REASON = 'the last price was discarded: it is 40 % away from the one before and nobody confirmed it; '.repeat(50).slice(0, 4_096);
/** An invalid symbol of each kind. */
export const REFUSED = [LONG, 'A\u202ELPAA', TOWER, '$$$', '\u05D0\u05D1\u05D2'];

/** @returns {{ hub: FakeHub, path: string }} */
export function hostile() {
  const hub = new FakeHub([]);
  const held = quotes();
  for (const [symbol, fields] of Object.entries(held)) hub.quotes.set(symbol, hub.quote(symbol, fields));
  hub.states['BARC'] = { state: 'streaming', reason: REASON };
  hub.states['BHP'] = { state: 'polled', reason: REASON };
  hub.states['NONE'] = { state: 'unavailable', reason: REASON };
  hub.feed = { state: 'live', since: new Date().toISOString(), reason: `\u202E${TOWER} ${REASON}` };
  const symbols = [...Object.keys(held), 'NONE', 'SOON', ...REFUSED];
  return { hub, path: `/?${new URLSearchParams({ symbols: symbols.join(',') })}` };
}
