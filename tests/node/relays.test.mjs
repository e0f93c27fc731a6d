/**
 * A hub and two relays as three deployments on one machine (`RELAY_OF`), each a workerd of its own
 * that can be killed and frozen. What a relay promises its viewers: no price older than the one
 * before, no silent gap, `stalled` within 6 s of the hub's last sign of life, and the same quotes
 * as the hub's own viewers hold. Twelve Data sees one connection.
 *
 * Two such terminals run at the same time, because these tests mostly wait: in one the hub comes
 * and goes, in the other the relays.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.mjs';
import { Served, writeSettings } from './support/served.mjs';
import { upgrade } from './support/upgrade.mjs';
import { KEY, Upstream, quoteOf } from './support/upstream.mjs';
import { Viewer } from './support/viewer.mjs';

const TIMEOUT = { timeout: 400_000 };
const SECRET = 'a-secret-of-relays-0123456789';
const SYMBOLS = 'AAPL,MSFT';
const TICK_MS = 50;
const KILLS = 10;
/** A relay that cannot reach its hub says so within this. A busy machine is given more. */
const STALLED_MS = 6_000;
const STALLED_ON_A_BUSY_MACHINE_MS = 10_000;
/**
 * From the first answer of a restarted server until its clients hold new prices: a relay waits up
 * to ten seconds before it dials again.
 */
const CURRENT_MS = 30_000;
const FROZEN_MS = 8_000;
/**
 * Nobody waits so long for a price while another server is in trouble. Starting servers take the
 * machine from this process too; whoever hung with the server would wait for longer.
 */
const UNNOTICED_MS = 4_000;
/** A link that lived so long is dialled again at once when it is lost: `healthy` of a relay. */
const HEALTHY_MS = 5_200;
/** A relay that was restarted has so many clients; `CROWD` asks for more. */
const CROWD = Number(process.env['CROWD'] ?? 300);

/** One server: where it listens, and its present process. */
class Server {
  /** @type {Served | undefined} */
  #served;

  /** @param {string} name @param {number} port @param {string} folder @param {Record<string, string>} vars */
  constructor(name, port, folder, vars) {
    this.name = name;
    this.port = port;
    this.folder = folder;
    this.set(vars);
  }

  /** The vars of its next start. @param {Record<string, string>} vars */
  set(vars) {
    writeSettings(this.#settings, vars);
  }

  start() {
    const served = new Served(this.port, ['--data', join(this.folder, this.name), '--settings', this.#settings]);
    this.#served = served;
    return served.ready();
  }

  get served() {
    if (!this.#served) throw new Error(`${this.name} was not started`);
    return this.#served;
  }

  get url() {
    return this.served.url;
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    this.served.signal(signal);
  }

  async kill() {
    await this.#served?.end('SIGKILL');
  }

  get #settings() {
    return join(this.folder, `${this.name}.settings`);
  }
}

/** A hub with two relays, their viewers, and a market whose prices only rise. */
class Terminal {
  #folder = mkdtempSync(join(tmpdir(), 'hamster-relays-'));
  #steps = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #market;
  /** Those who watch each server. @type {Map<Server, Viewer[]>} */
  viewers = new Map();

  /** @param {Upstream} upstream @param {number[]} ports */
  constructor(upstream, [hub = 0, one = 0, two = 0]) {
    this.upstream = upstream;
    const both = { SYMBOLS, RELAY_SECRET: SECRET, CALLS_PER_MINUTE: '1000000', LOOKUPS_PER_MINUTE: '1000000', CLIENTS_PER_ADDRESS: '10000' };
    // A restarted hub has prices that are two seconds old.
    this.hub = new Server('hub', hub, this.#folder, { ...both, ...upstream.vars, CHECKPOINT_MS: '2000', RECONNECT_MS: '300', FALLBACK_MS: '600000', CREDITS_PER_MINUTE: '1000', CREDITS_PER_DAY: '0' });
    this.relayVars = (/** @type {string} */ name) => ({ ...both, RELAY_OF: `http://127.0.0.1:${hub}`, RELAY_NAME: name });
    this.one = new Server('one', one, this.#folder, this.relayVars('one'));
    this.two = new Server('two', two, this.#folder, this.relayVars('two'));
  }

  static async begin() {
    const upstream = await Upstream.start();
    upstream.answers.set('/quote', { AAPL: quoteOf('AAPL', 100), MSFT: quoteOf('MSFT', 500) });
    upstream.answers.set('/time_series', series());
    upstream.answers.set('/market_state', []);
    upstream.answers.set('/symbol_search', { status: 'ok', data: [FOUND] });
    const terminal = new Terminal(upstream, [await freePort(), await freePort(), await freePort()]);
    try {
      await terminal.#start();
    } catch (error) {
      await terminal.end();
      throw error;
    }
    return terminal;
  }

  async #start() {
    const { hub, one, two } = this;
    await Promise.all([hub, one, two].map((server) => server.start()));
    this.opens();
    for (const server of [hub, one, two]) {
      const viewers = [
        new Viewer(server.served.socketUrl, SYMBOLS, 'hamster.v1'),
        new Viewer(server.served.socketUrl, 'MSFT', 'hamster.v1'),
        new Viewer(server.served.socketUrl, SYMBOLS, 'plain', { mayGoBack: server === hub }),
      ];
      this.viewers.set(server, viewers);
    }
    await this.isCurrent(CURRENT_MS);
    // A hub that dies before it has stored a price has only what REST tells it, which is older.
    await within('prices in storage', CURRENT_MS, async () => /hamster_storage_rows_written_total\{row="checkpoint"\} [1-9]/.test(await (await fetch(`${hub.url}/metrics`)).text()));
  }

  /** Starts one more relay, of another server. @param {Server} of @param {string} name */
  async relayOf(of, name) {
    const server = new Server(name, await freePort(), this.#folder, { ...this.relayVars(name), RELAY_OF: of.url });
    await server.start();
    return server;
  }

  async end() {
    this.closes();
    for (const viewer of this.all()) viewer.end();
    for (const server of [this.hub, this.one, this.two]) await server.kill();
    await this.upstream.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** The market: 20 ticks a second of each symbol. */
  opens() {
    this.#market ??= setInterval(() => {
      this.#steps += 1;
      for (const [symbol, price] of Object.entries(this.prices)) this.upstream.tick(symbol, price);
    }, TICK_MS);
  }

  closes() {
    clearInterval(this.#market);
    this.#market = undefined;
  }

  /** The prices of now. @returns {{ AAPL: number, MSFT: number }} */
  get prices() {
    return { AAPL: (10_000 + this.#steps) / 100, MSFT: (50_000 + this.#steps) / 100 };
  }

  /** The viewers of some servers, or of all. @param {Server[]} servers */
  all(...servers) {
    return [...this.viewers].filter(([server]) => servers.length === 0 || servers.includes(server)).flatMap(([, viewers]) => viewers);
  }

  /** Resolves when these viewers hold prices that were made after this call. @param {number} patienceMs @param {Viewer[]} [viewers] */
  async isCurrent(patienceMs, viewers = this.all()) {
    const { AAPL, MSFT } = this.prices;
    const isNew = (/** @type {Viewer} */ viewer) => (viewer.price('MSFT') ?? 0) > MSFT && (viewer.price('AAPL') ?? Infinity) > AAPL;
    await within(`prices after ${AAPL} and ${MSFT}`, patienceMs, () => viewers.every(isNew), () => `${viewers.filter((viewer) => !isNew(viewer)).length} of ${viewers.length} are behind`);
  }

  /** Closes the market, and resolves when everybody holds the very last prices. */
  async settles() {
    this.closes();
    const { AAPL, MSFT } = this.prices;
    const isDone = (/** @type {Viewer} */ viewer) => viewer.price('MSFT') === MSFT && (viewer.price('AAPL') ?? AAPL) === AAPL;
    await within(`the last prices ${AAPL} and ${MSFT}`, CURRENT_MS, () => this.all().every(isDone), () => JSON.stringify(this.all().map((viewer) => [viewer.price('AAPL'), viewer.price('MSFT')])));
  }

  /** Closes the market, and compares what everybody holds then. */
  async assertSame() {
    await this.settles();
    const servers = [this.hub, this.one, this.two];
    for (const place of [0, 1, 2]) {
      const [direct, ...relayed] = servers.map((server) => this.viewers.get(server)?.[place]?.held);
      assert.ok(direct && direct.size > 0);
      for (const held of relayed) assert.deepEqual(held, direct);
    }
    const [quotes, ...others] = await Promise.all(servers.map(quotesOf));
    assert.deepEqual(quotes?.map(({ price }) => price), Object.values(this.prices));
    for (const other of others) assert.deepEqual(other, quotes);
    this.opens();
  }

  /** The relays that the hub counts, by name. @returns {Promise<string[]>} */
  async links() {
    const { servers } = await this.hub.served.json('/api/status');
    return servers.map((/** @type {{ name: string }} */ { name }) => name);
  }

  /** What must be true at any time. */
  assertHealthy() {
    assert.deepEqual(this.all().flatMap(({ complaints }) => complaints), []);
    assert.equal(this.upstream.mostAtOnce, 1, 'connections at Twelve Data at once');
    for (const { served } of [this.hub, this.one, this.two]) assert.ok(!served.output.includes(KEY) && !served.output.includes(SECRET), served.output);
  }
}

/**
 * Waits, and returns for how many milliseconds.
 * @param {string} what
 * @param {number} patienceMs
 * @param {() => boolean | Promise<boolean>} condition
 * @param {() => string} [now]  how it stands
 */
async function within(what, patienceMs, condition, now = () => '') {
  const began = Date.now();
  while (!(await condition())) {
    if (Date.now() - began > patienceMs) throw new Error(`not within ${patienceMs} ms: ${what}. ${now()}`);
    await sleep(10);
  }
  return Date.now() - began;
}

/** Bars of `/api/history` that the provider made: the place of `twelve_data` in `sources`. */
const TWELVE_DATAS = 0;
/** The answer of Twelve Data's `/symbol_search`. */
const FOUND = {
  symbol: 'HAMS', instrument_name: 'Hamster Holdings', exchange: 'NASDAQ', mic_code: 'XNGS', exchange_timezone: 'America/New_York',
  instrument_type: 'Common Stock', country: 'United States', currency: 'USD',
};

/** The answer of Twelve Data's `/time_series` for any symbol: ten minutes, the newest first. */
function series() {
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  const values = Array.from({ length: 10 }, (_, place) => {
    const datetime = new Date(minute - (place + 5) * 60_000).toISOString().slice(0, 19).replace('T', ' ');
    return { datetime, open: '99.1', high: '99.4', low: '99.0', close: `99.${place}`, volume: '100' };
  });
  return { meta: { interval: '1min', currency: 'USD', exchange_timezone: 'America/New_York', exchange: 'NASDAQ', mic_code: 'XNGS', type: 'Common Stock' }, values, status: 'ok' };
}

/** The quotes of a server, apart from how many of its own clients watch them. @param {Server} server @returns {Promise<Record<string, any>[]>} */
async function quotesOf({ served }) {
  const { quotes } = await served.json(`/api/quotes?symbols=${SYMBOLS}`);
  return quotes.map((/** @type {Record<string, any>} */ quote) => ({ ...quote, watchers: undefined }));
}

/** @param {Viewer[]} viewers */
const connections = (viewers) => viewers.map((viewer) => viewer.connections);

/** Whether all of these heard `stalled`, and how long after `since` the last one did. @param {Viewer[]} viewers @param {number} since */
async function stalled(viewers, since) {
  await within('stalled', 2 * STALLED_ON_A_BUSY_MACHINE_MS, () => viewers.every((viewer) => viewer.heard('stalled', since) !== undefined));
  return Math.max(...viewers.map((viewer) => Number(viewer.heard('stalled', since)) - since));
}

describe('a hub and two relays', { concurrency: 2 }, () => {
  describe('whose hub comes and goes', { concurrency: 1 }, () => {
    /** @type {Terminal} */
    let terminal;
    before(async () => void (terminal = await Terminal.begin()));
    after(() => terminal?.end());

    test('a price reaches everybody, and is the same everywhere', TIMEOUT, async () => {
      await terminal.assertSame();
      terminal.assertHealthy();
    });

    test('the hub counts relays and their viewers, and a relay says that it is one', TIMEOUT, async () => {
      const { hub, one, two } = terminal;
      const status = await hub.served.json('/api/status');
      assert.deepEqual(status.servers.map((/** @type {any} */ { name, clients }) => [name, clients]), [['one', 3], ['two', 3]]);
      assert.equal(status.viewers, 9);
      assert.equal('server' in status, false);
      const relayed = await one.served.json('/api/status');
      assert.deepEqual([relayed.server, relayed.viewers, relayed.servers, relayed.feed.state], ['one', 3, [], 'live']);
      assert.deepEqual([hub, one, two].map((server) => terminal.viewers.get(server)?.[2]?.greeting['server']), [undefined, 'one', 'two']);
    });

    test('/uplink is an unknown path to whoever does not know the secret', TIMEOUT, async () => {
      const { hub } = terminal;
      const unknown = await upgrade(new URL('/unknown', hub.url));
      assert.equal(unknown.status, 404);
      const protocol = { 'Sec-WebSocket-Protocol': 'hamster.uplink.v1' };
      const close = SECRET.slice(0, -1);
      for (const shown of [undefined, '', close, `${SECRET}0`, SECRET.toUpperCase(), 'x'.repeat(10_000)]) {
        const { status, headers, body } = await upgrade(new URL('/uplink', hub.url), shown === undefined ? protocol : { ...protocol, 'X-Hamster-Relay': shown });
        assert.deepEqual([status, headers['content-type'], body], [404, unknown.headers['content-type'], unknown.body], shown);
      }
      const inTheAddress = await upgrade(new URL(`/uplink?X-Hamster-Relay=${SECRET}`, hub.url), protocol);
      assert.equal(inTheAddress.status, 404);
      const { status, headers } = await upgrade(new URL('/uplink', hub.url), { ...protocol, 'X-Hamster-Relay': SECRET });
      assert.deepEqual([status, headers['sec-websocket-protocol']], [101, 'hamster.uplink.v1'], 'it is there for those who know it');
    });

    test(`the hub is killed ${KILLS} times`, TIMEOUT, async () => {
      const { hub, one, two } = terminal;
      const relayed = terminal.all(one, two);
      const before = connections(relayed);
      for (let round = 1; round <= KILLS; round += 1) {
        const killed = Date.now();
        // In each second round the relays are told what the hub had stored, and nothing newer.
        if (round % 2 === 0) terminal.closes();
        await hub.kill();
        const after = await stalled(relayed, killed);
        assert.ok(after <= STALLED_MS, `stalled after ${after} ms, round ${round}`);
        await hub.start();
        if (round % 2 === 0) {
          await within('both links', CURRENT_MS, async () => (await terminal.links()).join() === 'one,two');
          await sleep(300);
          terminal.opens();
        }
        await terminal.isCurrent(CURRENT_MS);
        terminal.assertHealthy();
        await sleep(round % 2 === 0 ? HEALTHY_MS : 300);
      }
      assert.deepEqual(connections(relayed), before, "the relays' clients keep their sockets");
      await terminal.assertSame();
      terminal.assertHealthy();
    });

    test('a hub that freezes is missed, and goes on', TIMEOUT, async () => {
      const { hub, one, two } = terminal;
      await terminal.isCurrent(CURRENT_MS);
      const relayed = terminal.all(one, two);
      const before = connections(relayed);
      const frozen = Date.now();
      hub.signal('SIGSTOP');
      try {
        const after = await stalled(relayed, frozen);
        assert.ok(after <= STALLED_ON_A_BUSY_MACHINE_MS, `stalled after ${after} ms`);
        await sleep(FROZEN_MS - (Date.now() - frozen));
      } finally {
        hub.signal('SIGCONT');
      }
      await terminal.isCurrent(CURRENT_MS);
      assert.deepEqual(connections(relayed), before, "the relays' clients keep their sockets");
      await terminal.assertSame();
      terminal.assertHealthy();
    });
  });

  describe('whose relays come and go', { concurrency: 1 }, () => {
    /** @type {Terminal} */
    let terminal;
    before(async () => void (terminal = await Terminal.begin()));
    after(() => terminal?.end());

    for (const name of /** @type {const} */ (['one', 'two'])) {
      test(`relay ${name} is killed ${KILLS} times`, TIMEOUT, async () => {
        const { hub, one, two } = terminal;
        const [victim, other] = name === 'one' ? [one, two] : [two, one];
        const others = terminal.all(hub, other);
        const before = connections(others);
        for (const viewer of others) viewer.forget();
        for (let round = 1; round <= KILLS; round += 1) {
          await victim.kill();
          await victim.start();
          await terminal.isCurrent(CURRENT_MS);
          terminal.assertHealthy();
          await sleep(100);
        }
        assert.deepEqual(connections(others), before, 'nobody else was disconnected');
        const longest = Math.max(...others.map(({ longestGap }) => longestGap));
        assert.ok(longest < UNNOTICED_MS, `somebody else waited ${longest} ms for a price`);
        await terminal.assertSame();
        await within('both links, each once', CURRENT_MS, async () => (await terminal.links()).join() === 'one,two');
        terminal.assertHealthy();
      });
    }

    test('a relay that freezes harms nobody else, and its clients are current when it goes on', TIMEOUT, async () => {
      const { hub, one, two } = terminal;
      await terminal.isCurrent(CURRENT_MS);
      const others = terminal.all(hub, two);
      const before = connections(others);
      for (const viewer of others) viewer.forget();
      one.signal('SIGSTOP');
      try {
        await sleep(FROZEN_MS);
        const longest = Math.max(...others.map(({ longestGap }) => longestGap));
        assert.ok(longest < UNNOTICED_MS, `somebody else waited ${longest} ms for a price`);
      } finally {
        one.signal('SIGCONT');
      }
      await terminal.assertSame();
      assert.deepEqual(connections(others), before);
      terminal.assertHealthy();
    });

    test(`${CROWD} clients of a relay come back when it is deployed`, TIMEOUT, async () => {
      const { one } = terminal;
      const crowd = Array.from({ length: CROWD }, () => new Viewer(one.served.socketUrl, SYMBOLS, 'hamster.v1'));
      const own = terminal.viewers.get(one) ?? [];
      terminal.viewers.set(one, [...own, ...crowd]);
      try {
        await terminal.isCurrent(CURRENT_MS);
        await within('the count', CURRENT_MS, async () => (await terminal.hub.served.json('/api/status')).viewers === 9 + CROWD);
        await one.kill();
        await one.start();
        await terminal.isCurrent(CURRENT_MS);
        assert.deepEqual(crowd.filter(({ connections }) => connections !== 2), []);
        await within('the count', CURRENT_MS, async () => (await terminal.hub.served.json('/api/status')).viewers === 9 + CROWD);
        terminal.assertHealthy();
      } finally {
        terminal.viewers.set(one, own);
        for (const viewer of crowd) viewer.end();
      }
    });

    test('a relay of a relay tells what the hub tells, and its viewers are counted', TIMEOUT, async (context) => {
      const { hub, one } = terminal;
      const three = await terminal.relayOf(one, 'three');
      const viewers = [new Viewer(three.served.socketUrl, SYMBOLS, 'hamster.v1'), new Viewer(three.served.socketUrl, 'MSFT', 'plain')];
      context.after(async () => {
        for (const viewer of viewers) viewer.end();
        await three.kill();
      });
      await terminal.isCurrent(CURRENT_MS, viewers);
      await within('the count', CURRENT_MS, async () => (await hub.served.json('/api/status')).viewers === 9 + viewers.length);
      assert.deepEqual((await one.served.json('/api/status')).servers.map((/** @type {any} */ { name, clients }) => [name, clients]), [['three', 2]]);
      assert.deepEqual(await terminal.links(), ['one', 'two'], 'the hub knows its own relays');
      const killed = Date.now();
      await one.kill();
      const after = await stalled(viewers, killed);
      assert.ok(after <= STALLED_ON_A_BUSY_MACHINE_MS, `stalled after ${after} ms`);
      await one.start();
      await terminal.isCurrent(CURRENT_MS, [...terminal.all(), ...viewers]);
      assert.deepEqual(connections(viewers), [1, 1], 'they keep their sockets');
      assert.deepEqual(viewers.flatMap(({ complaints }) => complaints), []);
      assert.equal(terminal.upstream.mostAtOnce, 1);
    });

    test('what takes calls to Twelve Data a relay asks its hub', TIMEOUT, async () => {
      const { hub, one, two } = terminal;
      let found = { from: '', results: [{ symbol: '', name: '' }] };
      await within('an answer of Twelve Data', 20_000, async () => {
        found = await one.served.json('/api/search?q=hamster');
        return found.from !== 'hub';
      }, () => JSON.stringify(found));
      assert.deepEqual([found.from, found.results[0]?.symbol, found.results[0]?.name], ['provider', 'HAMS', 'Hamster Holdings']);
      assert.equal((await two.served.json('/api/search?q=hamster')).from, 'cache', 'the hub remembers what it answered to the other relay');
      const bars = async (/** @type {Server} */ server) => (await server.served.json('/api/history?symbol=AAPL&limit=100')).bars.filter((/** @type {unknown[]} */ bar) => bar.at(-1) === TWELVE_DATAS);
      await within("Twelve Data's bars", 20_000, async () => (await bars(one)).length > 0);
      const [direct, relayed] = [await bars(hub), await bars(one)];
      assert.ok(direct.length > 0);
      assert.deepEqual(relayed, direct);
      await hub.kill();
      // A relay would give an answer of the last five seconds once more.
      for (const path of ['/api/history?symbol=AAPL&limit=7', '/api/search?q=hamsters']) {
        const refused = await fetch(one.url + path);
        const problem = await refused.json();
        assert.deepEqual([refused.status, refused.headers.get('content-type'), problem.status], [502, 'application/problem+json', 502], path);
        assert.match(problem.detail, /hub/);
        assert.ok(!JSON.stringify(problem).includes(SECRET));
      }
      assert.equal((await one.served.json(`/api/quotes?symbols=${SYMBOLS}`)).quotes.length, 2, 'the relay has prices of its own');
      await hub.start();
      await terminal.isCurrent(CURRENT_MS);
      terminal.assertHealthy();
    });

    test('of two relays with one name the hub knows one at a time, and both go on', TIMEOUT, async () => {
      const { one, two } = terminal;
      await two.kill();
      two.set(terminal.relayVars('one'));
      await two.start();
      const [ours, theirs] = [terminal.all(one), terminal.all(two)];
      const since = Date.now();
      /** How often each was connected to the hub. */
      const lives = (/** @type {Viewer[]} */ viewers) => Math.min(...viewers.map(({ feeds }) => feeds.filter(({ state, at }) => state === 'live' && at >= since).length));
      await within('each has lost the link and opened another', 20_000, async () => {
        const links = await terminal.links();
        assert.ok(links.length <= 1 && links.every((name) => name === 'one'), links.join());
        return lives(ours) >= 2 && lives(theirs) >= 2;
      }, () => `${lives(ours)} and ${lives(theirs)}`);
      terminal.assertHealthy();
    });
  });
});
