/** The fake hub speaks `hamster.v1` as docs/protocol.md has it: the page's own reader understands it. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Stream } from '../../../public/app/link/stream.js';
import { FakeHub } from '../support/fake-hub.mjs';
import { seeded, universe } from '../support/market.mjs';

const options = { timeout: 20_000 };

/** @typedef {import('../../../public/app/link/wire.js').Message} Message */

/** A client with the page's reader. @param {FakeHub} hub @param {Stream} [stream] */
function client(hub, stream = new Stream()) {
  /** @type {Message[]} */
  const messages = [];
  /** @type {(text: string) => void} */
  let hear = () => {};
  let leave = () => {};
  const socket = {
    send: (/** @type {string} */ text) => void messages.push(...stream.read(JSON.parse(text), text.length)),
    close: () => {},
    onMessage: (/** @type {(message: string) => void} */ handler) => (hear = handler),
    onClose: (/** @type {() => void} */ handler) => (leave = handler),
  };
  stream.reconnected();
  hub.connect(socket);
  return {
    stream, messages, leave: () => leave(),
    /** @param {object} message */
    say: (message) => hear(JSON.stringify(message)),
    quotes: () => new Map(messages.flatMap((message) => (message.event === 'price_update' ? [[message.quote.symbol, message.quote]] : []))),
  };
}

/** @param {string[]} symbols @param {object} [resume] */
const subscribe = (symbols, resume) => ({ action: 'subscribe', params: { symbols, resume } });

test('whatever ticks come, the reader holds the hub’s prices', options, () => {
  const random = seeded(7);
  const symbols = universe(20);
  const hub = new FakeHub(symbols, { v1: true, whole: true });
  const { say, quotes } = client(hub);
  say(subscribe(symbols));
  for (let tick = 0; tick < 2_000; tick += 1) {
    const symbol = String(symbols[Math.floor(random() * symbols.length)]);
    const held = hub.quotes.get(symbol) ?? {};
    const price = Math.round(held['price'] * (1 + (random() - 0.5) * 0.02) * 100) / 100;
    const odd = random() < 0.1 ? { bid: null, session: 'closed' } : random() < 0.1 ? { freshness: 'stale', stale_since: new Date().toISOString() } : {};
    hub.tick(symbol, { price, day_volume: random() < 0.2 ? null : Math.floor(random() * 1e9), high: Math.max(held['high'], price), low: Math.min(held['low'], price), ...odd });
    const told = quotes().get(symbol);
    const wanted = hub.quotes.get(symbol) ?? {};
    assert.deepEqual(
      [told?.price, told?.bid, told?.ask, told?.dayVolume, told?.high, told?.low, told?.session, told?.freshness, told?.timestamp],
      [wanted['price'], wanted['bid'], wanted['ask'], wanted['day_volume'], wanted['high'], wanted['low'], wanted['session'], wanted['freshness'], Date.parse(wanted['timestamp'])],
      `tick ${tick} of ${symbol}`,
    );
  }
});

test('a client that comes back resumes; one that asks after a restart, or for other symbols, begins anew', options, async () => {
  const hub = new FakeHub(undefined, { v1: true });
  const first = client(hub);
  first.say(subscribe(['AAPL', 'MSFT']));
  const position = () => first.stream.position;
  first.leave();
  for (const price of [1, 2, 3]) hub.tick('AAPL', { price });
  const second = client(hub, first.stream);
  second.say(subscribe(['AAPL', 'MSFT'], position()));
  assert.deepEqual([first.stream.recovered, first.stream.missed, second.quotes().get('AAPL')?.price, second.quotes().size], [true, 3, 3, 1]);
  second.leave();
  client(hub, first.stream).say(subscribe(['AAPL'], position()));
  assert.equal(first.stream.recovered, false);
  await hub.restart();
  client(hub, first.stream).say(subscribe(['AAPL'], position()));
  assert.deepEqual([first.stream.recovered, first.stream.epoch, first.stream.missed], [false, hub.epoch, 0]);
});

test('acknowledgements are counted, and one of what was never sent is an error', options, () => {
  const hub = new FakeHub(undefined, { v1: true });
  const { say, stream, messages } = client(hub);
  say(subscribe(['AAPL']));
  hub.tick('AAPL');
  const ack = stream.acknowledgement(0);
  assert.deepEqual(ack, { action: 'ack', stream: 1, seq: 1 });
  say(ack ?? {});
  say({ action: 'ack', stream: 1, seq: 99 });
  assert.deepEqual(hub.acks, [{ stream: 1, seq: 1 }, { stream: 1, seq: 99 }]);
  assert.equal(messages.at(-1)?.event, 'error');
});

test('two thousand ticks a second of 500 symbols, in frames, and the same for the same seed', options, (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  let clock = 0;
  t.mock.method(performance, 'now', () => clock);
  const prices = [1, 1, 2].map((seed) => {
    const symbols = universe(500);
    const hub = new FakeHub(symbols, { v1: true, whole: true });
    const { say, messages } = client(hub);
    say(subscribe(symbols));
    const before = messages.length;
    let ticks = 0;
    const stop = hub.run({ ticksPerS: 2_000, seed, onTicks: (count) => (ticks += count) });
    for (let frame = 0; frame < 125; frame += 1) {
      clock += 16;
      mock.timers.tick(16);
    }
    stop();
    assert.equal(ticks, 4_000);
    assert.ok(messages.length - before > 3_500, 'few symbols tick twice in a frame');
    return [...hub.quotes.values()].map(({ price }) => price).join();
  });
  assert.equal(prices[0], prices[1]);
  assert.notEqual(prices[0], prices[2]);
});

test('history: bars that follow each other, the newest near the price, and pages of older ones', options, () => {
  const hub = new FakeHub(undefined, { whole: true });
  const ask = (/** @type {string} */ query) => /** @type {any} */ (hub.answer(new URL(`https://hub/api/history?${query}`))?.json);
  const page = ask('symbol=AAPL&interval=5min&limit=200');
  assert.equal(page.bars.length, 200);
  for (const [index, [time, open, high, low, close, volume]] of page.bars.entries()) {
    assert.ok(low <= Math.min(open, close) && high >= Math.max(open, close) && volume > 0);
    if (index > 0) assert.deepEqual([time, open], [page.bars[index - 1][0] + 300, page.bars[index - 1][4]]);
  }
  assert.ok(Math.abs(page.bars.at(-1)[4] / 23_550 - 1) < 0.01);
  const older = ask(`symbol=AAPL&interval=5min&limit=200&before=${page.before}`);
  assert.deepEqual([older.bars.at(-1)[0], older.more], [page.before - 300, true]);
  assert.equal(ask('symbol=AAPL&interval=1h&limit=5000').more, false);
  assert.equal(ask('symbol=BTC/USD&interval=1h&limit=1').bars[0][5], null, 'no volume of a crypto currency');
  assert.equal(hub.answer(new URL('https://hub/api/history?symbol=AAPL&interval=2h'))?.status, 400);
});
