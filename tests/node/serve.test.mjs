/**
 * `npm run serve`: the Worker on workerd alone, as somebody hosts it on a machine of their own.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../support/ports.mjs';
import { eventually } from './support/hub.mjs';
import { Served, writeSettings } from './support/served.mjs';
import { KEY, Upstream } from './support/upstream.mjs';

const TIMEOUT = { timeout: 90_000 };

/** @param {import('node:test').TestContext} context */
async function stage(context) {
  const folder = mkdtempSync(join(tmpdir(), 'hamster-serve-'));
  const upstream = await Upstream.start();
  const settings = join(folder, 'settings');
  writeSettings(settings, { ...upstream.vars, CHECKPOINT_MS: '300', RECONNECT_MS: '300' });
  const port = await freePort();
  /** @type {Served[]} */
  const all = [];
  context.after(async () => {
    for (const served of all) await served.end('SIGKILL');
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const start = () => {
    const served = new Served(port, ['--data', join(folder, 'data'), '--settings', settings]);
    all.push(served);
    return served;
  };
  return { upstream, folder, settings, start };
}

test('prices come, a kill loses none that was stored, and a SIGTERM ends it', TIMEOUT, async (context) => {
  const { upstream, folder, start } = await stage(context);
  const first = await start().ready();
  const client = await first.connect();
  client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  await eventually('a price', async () => {
    upstream.tick('AAPL', 123.5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return client.heard.some(({ event, price }) => event === 'price_update' && price === 123.5);
  });
  await eventually('the price in storage', async () => (await (await fetch(`${first.url}/metrics`)).text()).match(/hamster_storage_rows_written_total{row="checkpoint"} [1-9]/) !== null);
  await first.end('SIGKILL');
  await eventually('the end of the upstream connection', () => upstream.open === 0);

  const second = await start().ready();
  const { quotes } = await second.json('/api/quotes?symbols=AAPL');
  assert.equal(quotes[0].price, 123.5);
  assert.equal(upstream.mostAtOnce, 1);
  assert.equal(await second.end('SIGTERM'), 0, second.output);
  await assert.rejects(fetch(`${second.url}/health`), 'workerd is gone too');
  const stored = readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, 'data', name));
  for (const path of stored.filter((path) => statSync(path).isFile())) assert.ok(!readFileSync(path).includes(KEY), path);
  assert.ok(!(first.output + second.output).includes(KEY));
});

test('the page, its headers and nothing else are served', TIMEOUT, async (context) => {
  const { folder, start } = await stage(context);
  const served = await start().ready();
  const page = await fetch(served.url);
  const text = await page.text();
  assert.match(text, /<title>/);
  assert.match(String(page.headers.get('content-security-policy')), /default-src 'none'/);
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(text)?.[1];
  const file = await fetch(`${served.url}${script}`);
  assert.deepEqual([file.status, file.headers.get('content-type')?.split(';')[0]], [200, 'text/javascript']);
  assert.equal((await fetch(`${served.url}/embed`)).status, 200);
  for (const path of ['/cdn-cgi/explorer', '/cdn-cgi/handler/scheduled', '/cdn-cgi/mf/scheduled', '/poke', '/json', '/nothing']) {
    assert.equal((await fetch(`${served.url}${path}`)).status, 404, path);
  }
  // The files are a copy of its own, which no later build of the checkout replaces.
  const copy = join(folder, 'data', 'hamster-page', String(script));
  assert.equal(readFileSync(copy, 'utf8'), await file.text());
  writeFileSync(copy, 'another');
  assert.equal(await (await fetch(`${served.url}${script}`)).text(), 'another');
  // What a proxy in front says about the scheme is believed.
  const proxied = await fetch(`${served.url}/health`, { headers: { 'x-forwarded-proto': 'https' } });
  assert.match(String(proxied.headers.get('strict-transport-security')), /max-age/);
  const cron = await new Promise((resolve, reject) => {
    request({ socketPath: join(folder, 'data', 'clock.sock') }, (response) => resolve(response.resume().statusCode)).on('error', reject).end();
  });
  assert.equal(cron, 200);
  if (process.platform !== 'linux') return;
  const commands = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8');
    } catch {
      return ''; // It ended meanwhile.
    }
  });
  assert.ok(commands.some((command) => command.includes('workerd')) && !commands.some((command) => command.includes(KEY)));
});

test('a file of settings that others may read is refused', TIMEOUT, async (context) => {
  const { settings, start } = await stage(context);
  rmSync(settings);
  writeFileSync(settings, `TWELVE_DATA_API_KEY=${KEY}`, { mode: 0o644 });
  const served = start();
  await once(served.process, 'close');
  assert.equal(served.process.exitCode, 1);
  assert.match(served.output, /Others than you may read .*chmod 600/);
  assert.ok(!served.output.includes(KEY));
});
