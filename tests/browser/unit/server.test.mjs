import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WantedServer } from '../../../public/app/link/server.js';

const options = { timeout: 5_000 };
const WS = 'wss://hamster.test/ws';

test('without a name the address is as it was, with one it asks for that server', options, () => {
  const server = new WantedServer();
  assert.equal(server.address(WS), WS);
  server.told('weur/0');
  assert.equal(server.address(WS), `${WS}?server=weur%2F0`);
  server.told('a&b=c #1');
  assert.equal(new URL(server.address(WS)).searchParams.get('server'), 'a&b=c #1');
  server.told('\uD800');
  assert.equal(server.address(WS), `${WS}?server=%EF%BF%BD`, 'half a character stops nothing');
  server.told(null);
  assert.equal(server.address(WS), WS, 'the terminal has one hub now');
});

test('a server that refuses twice in a row is asked for no more', options, () => {
  const server = new WantedServer();
  server.told('weur/0');
  server.refused();
  server.opened();
  server.refused();
  assert.notEqual(server.address(WS), WS, 'it opened in between');
  server.refused();
  assert.equal(server.address(WS), WS);
  server.refused();
  server.opened();
  server.told('weur/1');
  server.refused();
  assert.notEqual(server.address(WS), WS, 'another server begins without refusals');
});
