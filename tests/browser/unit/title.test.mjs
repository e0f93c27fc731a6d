/** The tab's title: the selected price, and first what is wrong with it. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Desk } from '../../../public/app/model/desk.js';
import { Store } from '../../../public/app/model/store.js';
import { startTitle, titleOf } from '../../../public/app/title.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const T = Date.UTC(2026, 0, 19, 14, 32, 15);

/** @param {Partial<import('../../../public/app/link/wire.js').Quote>} [fields] */
function page(fields = {}) {
  const store = new Store();
  store.setLink({ state: 'connected', since: T });
  store.track(['BTC/USD']);
  store.receive({
    event: 'price_update',
    quote: {
      ...UNKNOWN, symbol: 'BTC/USD', exchange: null, price: 88_074.29, percentChange: -2.74, bid: null, ask: null, dayVolume: null, previousClose: 1,
      timestamp: T, precision: 'second', receivedAt: T, source: 'live', simulated: false, session: 'open', freshness: 'fresh', staleSince: null, decimals: 2, ...fields,
    },
  }, T);
  const desk = new Desk();
  desk.show({ symbol: 'BTC/USD' });
  return { store, desk };
}

test('price, arrow, change and symbol of the selected row', options, () => {
  const title = (/** @type {Parameters<typeof page>[0]} */ fields) => {
    const { store, desk } = page(fields);
    return titleOf(store, desk).replace('$', '');
  };
  assert.equal(title({}), '88,074.29 ▼2.74% BTC/USD · Hamster');
  assert.equal(title({ percentChange: 0.5 }), '88,074.29 ▲0.50% BTC/USD · Hamster');
  assert.equal(title({ percentChange: 0.001 }), '88,074.29 ■0.00% BTC/USD · Hamster');
  assert.equal(title({ percentChange: null }), '88,074.29 BTC/USD · Hamster');
});

test('without a selection it is the first symbol, as in the chart; without a price the terminal’s name', options, () => {
  const { store, desk } = page();
  desk.show({ symbol: null });
  assert.match(titleOf(store, desk), /BTC\/USD · Hamster$/);
  desk.show({ symbol: 'AAPL' });
  assert.equal(titleOf(store, desk), 'Hamster Terminal');
});

test('simulated and disconnected come first', options, () => {
  const { store, desk } = page({ simulated: true, source: 'simulated' });
  assert.match(titleOf(store, desk), /^SIM /);
  store.setLink({ state: 'disconnected' });
  assert.match(titleOf(store, desk), /^Disconnected · SIM .*BTC\/USD/);
  desk.show({ symbol: 'AAPL' });
  assert.equal(titleOf(store, desk), 'Disconnected · SIM Hamster Terminal');
});

test('it is written once a second at most, and only when it differs', options, (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const written = /** @type {string[]} */ ([]);
  const document = { get title() { return written.at(-1) ?? ''; }, set title(text) { written.push(text); }, querySelector: () => null };
  Object.assign(globalThis, { document });
  t.after(() => Reflect.deleteProperty(globalThis, 'document'));
  const { store, desk } = page();
  const title = startTitle(store, desk);
  for (let call = 0; call < 50; call += 1) title.request();
  assert.deepEqual(written, []);
  mock.timers.tick(1_000);
  title.request();
  mock.timers.tick(1_000);
  assert.equal(written.length, 1);
});
