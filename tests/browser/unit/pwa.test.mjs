import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, belongsTo, isTerminal, kindOf, outdated } from '../../../public/app/pwa/shell.js';

const options = { timeout: 5_000 };
const ORIGIN = 'https://hub.test';

test('documents and assets are the service worker’s business, and nothing else is', options, () => {
  const cases = /** @type {const} */ ([
    ['GET', 'navigate', '/', 'document'],
    ['GET', 'navigate', '/?symbols=AAPL&list=Stocks', 'document'],
    ['GET', 'navigate', '/embed?symbol=AAPL', null],
    ['GET', 'navigate', '/no/such/page', null],
    ['GET', 'navigate', '/api/quotes', null],
    ['GET', 'no-cors', '/assets/main-ABCDEFGH.js', 'asset'],
    ['GET', 'cors', '/api/quotes?symbols=AAPL', null],
    ['GET', 'cors', '/api/history?symbol=AAPL', null],
    ['GET', 'websocket', '/ws', null],
    ['GET', 'no-cors', '/manifest.webmanifest', null],
    ['POST', 'cors', '/assets/main-ABCDEFGH.js', null],
    ['GET', 'no-cors', 'https://other.test/assets/main-ABCDEFGH.js', null],
  ]);
  for (const [method, mode, path, kind] of cases) {
    assert.equal(kindOf({ method, mode, url: new URL(path, ORIGIN).href }, ORIGIN), kind, `${method} ${mode} ${path}`);
  }
});

test('a document of another deployment is not kept with these assets', options, () => {
  const html = '<link rel="stylesheet" href="/assets/main-A.css"><script src="/assets/main-B.js"></script><a href="/assets/512-C.png">';
  assert.equal(belongsTo(html, ['/assets/main-A.css', '/assets/main-B.js', '/assets/chart-D.js']), true);
  assert.equal(belongsTo(html, ['/assets/main-A.css', '/assets/main-E.js']), false);
  assert.equal(belongsTo('<p>Sign in to the network', ['/assets/main-A.css']), false, 'a captive portal');
});

test('the version before stays for tabs that still show it', options, () => {
  assert.deepEqual(outdated(['hamster-1', 'hamster-2', 'hamster-3', 'hamster-4'], 'hamster-4'), ['hamster-1', 'hamster-2']);
  assert.deepEqual(outdated(['hamster-1', 'hamster-2'], 'hamster-2'), []);
  assert.deepEqual(outdated(['hamster-1'], 'hamster-1'), []);
});

test('a click on a notification goes to a terminal, never to an embedded price', options, () => {
  assert.equal(isTerminal('https://hub.test/?list=Stocks', ORIGIN), true);
  assert.equal(isTerminal('https://hub.test/embed?symbol=AAPL', ORIGIN), false);
  assert.equal(isTerminal('https://other.test/', ORIGIN), false);
});

test('a page opened for a notification shows its symbol', options, () => {
  assert.equal(addressOf('BTC/USD'), '/?s=BTC%2FUSD');
  assert.equal(addressOf('A&list=B'), '/?s=A%26list%3DB');
  assert.equal(addressOf(null), '/');
});
