/** python-socketio on the hub's Socket.IO dialect, with the events of the original. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Script } from './support/clients.mjs';
import { Server } from './support/server.mjs';
import { assertOriginal } from './support/socket-io.mjs';
import { DEFAULT_SYMBOLS, UNKNOWN } from './support/symbols.mjs';
import { eventually, saysWhy } from './support/wait.mjs';

const TIMEOUT = { timeout: 60_000 };
/** @type {Server} */
let server;
before(async () => void (server = await Server.start()));
after(() => server.stop());

/** @param {string} name */
const isCalled = (name) => (/** @type {Record<string, any>} */ { event }) => event === name;

/** @param {Script} script @param {number} from */
const prices = (script, from = 0) => script.heard.slice(from).filter(isCalled('price_update')).map((line) => line['arguments'][0]);

/** @param {Script} script @param {number} from */
async function everyDefaultSymbol(script, from = 0) {
  await eventually(() => `every default symbol; heard ${JSON.stringify(script.heard.slice(from)).slice(0, 2_000)}`, () => {
    const symbols = new Set(prices(script, from).map(({ symbol }) => symbol));
    return DEFAULT_SYMBOLS.every((symbol) => symbols.has(symbol));
  });
}

for (const [called, transports, transport] of /** @type {[string, string[], string][]} */ ([
  ['default transports', [], 'websocket'],
  ['WebSocket only', ['websocket'], 'websocket'],
  ['polling only', ['polling'], 'polling'],
])) {
  test(`python-socketio with ${called} connects, subscribes, and gets every default symbol unasked`, TIMEOUT, async (context) => {
    const script = new Script(context, 'socketio_client', server.url, ...transports);
    await script.until('connect', isCalled('connect'));
    assert.deepEqual((await script.until('the transport', isCalled('connected by')))['arguments'], [transport]);
    const status = await script.until('status', isCalled('status'));
    assert.equal(typeof status['arguments'][0].data, 'string');
    await everyDefaultSymbol(script);
    script.say({ emit: ['subscribe', { symbols: ['AAPL', 'BTC/USD'] }] });
    const told = await script.until('subscription', isCalled('subscription'));
    assert.deepEqual(told['arguments'][0].symbols, ['AAPL', 'BTC/USD']);
    script.say({ emit: ['subscribe', { symbols: ['AAPL', UNKNOWN] }], callback: true });
    const { arguments: [answer] } = await script.until('the acknowledgement', isCalled('acknowledged'));
    assert.equal(answer.ok, true, JSON.stringify(answer));
    await eventually('why there is no price', () => script.heard.some((line) => saysWhy(line, UNKNOWN)));
    assertOriginal(prices(script));
    // A handler of one parameter, as everybody writes it for Flask-SocketIO, would raise a TypeError.
    for (const line of script.heard.filter(isCalled('price_update'))) assert.equal(line['arguments'].length, 1, JSON.stringify(line));
    script.say({ end: true });
    await script.end();
    assert.ok(script.heard.some(isCalled('disconnect')));
  });

  test(`python-socketio with ${called} comes back by itself after a restart of the server`, TIMEOUT, async (context) => {
    const own = await Server.start();
    context.after(() => own.stop());
    const script = new Script(context, 'socketio_client', own.url, ...transports);
    await everyDefaultSymbol(script);
    const from = script.heard.length;
    await own.restart();
    await script.until('disconnect', isCalled('disconnect'), from);
    await script.until('connect', isCalled('connect'), from);
    await everyDefaultSymbol(script, from);
  });
}
