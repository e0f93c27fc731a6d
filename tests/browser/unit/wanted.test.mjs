/** Which symbols the page subscribes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from '../../../public/app/model/desk.js';
import { Store } from '../../../public/app/model/store.js';
import { wantedSymbols } from '../../../public/app/model/wanted.js';

const options = { timeout: 5_000 };
const HUBS = ['BTC/USD', 'AAPL', 'EUR/USD'];
const items = (/** @type {string[]} */ ...symbols) => symbols.map((symbol) => ({ symbol }));
/** @param {Partial<import('../../../public/app/model/alerts.js').Alert>} fields @returns {import('../../../public/app/model/alerts.js').Alert} */
const alert = (fields) => ({
  id: 'a', kind: 'above', symbol: 'MSFT', level: 1, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null, ...fields,
});

/** @param {Partial<import('../../../public/app/model/desk.js').State>} kept @param {Store} [store] */
function wanted(kept, store = new Store()) {
  store.hubs = HUBS;
  return wantedSymbols(new Desk(kept), store);
}
/** @param {Partial<import('../../../public/app/model/desk.js').View>} fields */
const view = (fields) => ({ ...new Desk().view, ...fields });

test('a list that the user has not changed is the hub’s', options, () => {
  assert.deepEqual(wanted({}), { names: HUBS, leftOut: 0 });
});

test('the list in view, and behind it the chart’s symbol and those of armed alerts, each once', options, () => {
  const lists = [{ id: 'mine', name: 'Mine', items: items('AAPL', 'aapl', 'TSLA') }, { id: 'other', name: 'Other', items: items('NVDA') }];
  const alerts = [alert({}), alert({ symbol: 'tsla' }), alert({ symbol: 'SPY', state: 'off' }), alert({ symbol: null, kind: 'mute' })];
  assert.deepEqual(wanted({ lists, alerts, view: view({ list: 'mine', symbol: 'NVDA' }) }).names, ['NVDA', 'MSFT', 'tsla', 'AAPL']);
});

test('the sections of a list are no symbols', options, () => {
  const lists = [{ id: 'mine', name: 'Mine', items: [{ section: 'Tech', folded: true }, ...items('AAPL')] }];
  assert.deepEqual(wanted({ lists, view: view({ list: 'mine' }) }).names, ['AAPL']);
});

test('a computed view has the symbols of its kind from all lists, as the hub says or as the name suggests', options, () => {
  const store = new Store();
  store.track(['XAU/USD', 'ODD']);
  const lists = [{ id: 'a', name: 'A', items: null }, { id: 'b', name: 'B', items: items('XAU/USD', 'NVDA', 'AAPL') }];
  const of = (/** @type {string} */ list) => wanted({ lists, view: view({ list }) }, store).names;
  assert.deepEqual([of('stocks'), of('forex'), of('crypto')], [['AAPL', 'NVDA'], ['EUR/USD', 'XAU/USD'], ['BTC/USD']]);
});

test('no more than the hub takes: what the user looks at and watches for comes first, the rest is counted', options, () => {
  const many = items(...Array.from({ length: 230 }, (_, index) => `S${index}`));
  const { names, leftOut } = wanted({ lists: [{ id: 'mine', name: 'Mine', items: many }], alerts: [alert({})], view: view({ list: 'mine', symbol: 'S229' }) });
  assert.deepEqual([names.length, names[0], names[1], names.at(-1), leftOut], [200, 'S229', 'MSFT', 'S197', 31]);
});
