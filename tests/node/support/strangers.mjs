/**
 * Hostile clients in their own process. They speak WebSocket by hand over TCP sockets, so they can
 * ignore a close, never read, or never finish a message. siege.mjs starts this with an `Attack` as
 * JSON; it reports what became of the sockets when it is asked to end.
 *
 * Locally the header CF-Connecting-IP is taken from the client, so these can claim any address.
 * Cloudflare overwrites it.
 */
import { connect } from 'node:net';

/**
 * The kinds of attack:
 *
 * - `flood`: the text `message`, `rate` times a second on each socket, or as fast as possible.
 * - `lie`: acknowledges what was never sent.
 * - `mute`: subscribes and never reads.
 * - `storm`: is expelled once, then connects again and again.
 * - `unfinished`: 30 MB of a message that never ends.
 * - `protocol-ping`: a flood of opcode 9.
 * - `call`: REST calls of `path` with these `headers`, on each socket one after another.
 *
 * @typedef {{
 *   kind: 'flood' | 'lie' | 'mute' | 'storm' | 'unfinished' | 'protocol-ping' | 'call',
 *   port: number, sockets: number, ms: number,
 *   message?: string, rate?: number, protocol?: string, reads?: boolean,
 *   addresses: 'one' | 'each', symbols?: string, path?: string, headers?: Record<string, string>,
 * }} Attack
 *
 * What the sockets got: HTTP statuses, close codes, and how many TCP connections are still open at
 * the end.
 * @typedef {{
 *   statuses: Record<string, number>, retryAfter: string | null,
 *   closes: Record<string, number>, sent: number, open: number
 * }} Got
 */

/** @type {Attack} */
const attack = JSON.parse(String(process.argv[2]));
/** @type {Got} */
const got = { statuses: {}, retryAfter: null, closes: {}, sent: 0, open: 0 };
const until = Date.now() + attack.ms;
const CHUNK = 64 * 1024;
const MEGABYTE = 1024 * 1024;

process.once('disconnect', () => process.exit());

/** @param {Record<string, number>} counts @param {string | number} key */
const count = (counts, key) => void (counts[key] = (counts[key] ?? 0) + 1);

/** A frame masked with zeroes. @param {number} opcode with the FIN bit @param {Buffer} payload */
function frame(opcode, payload) {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([opcode, 0x80 | length, 0, 0, 0, 0]), payload]);
  const head = Buffer.alloc(14);
  head.writeUInt8(opcode, 0);
  head.writeUInt8(0x80 | 127, 1);
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

const say = (/** @type {object} */ message) => frame(0x81, Buffer.from(JSON.stringify(message)));

/** @param {number} index */
const address = (index) => (attack.addresses === 'one' ? '203.0.113.66' : `198.18.${index >> 8}.${index & 255}`);

/**
 * Requests an upgrade. Returns the socket and the status of the answer.
 * @param {number} index
 * @returns {Promise<{ socket: import('node:net').Socket, status: number }>}
 */
function knock(index) {
  return new Promise((resolve) => {
    const socket = connect({ port: attack.port, host: '127.0.0.1', noDelay: true });
    let text = '';
    const failed = () => {
      count(got.statuses, 'failed');
      resolve({ socket, status: 0 });
    };
    socket.once('error', failed);
    const hear = (/** @type {Buffer} */ bytes) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', hear).off('error', failed);
      socket.on('error', () => {});
      const status = Number(text.slice(9, 12));
      count(got.statuses, status);
      got.retryAfter ??= /\r\nretry-after: *(\S+)/i.exec(text)?.[1] ?? null;
      if (attack.reads === false) socket.pause();
      else socket.on('data', closes(Buffer.from(text.slice(end + 4), 'latin1')));
      if (status !== 101) socket.destroy();
      resolve({ socket, status });
    };
    socket.on('data', hear);
    const protocol = attack.protocol ? `Sec-WebSocket-Protocol: ${attack.protocol}\r\n` : '';
    socket.write(`GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${attack.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCF-Connecting-IP: ${address(index)}\r\n${protocol}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`);
  });
}

/** Reads frames and counts close codes. It never answers a close. @param {Buffer} pending */
function closes(pending) {
  return (/** @type {Buffer} */ bytes) => {
    pending = pending.length > 0 ? Buffer.concat([pending, bytes]) : bytes;
    for (;;) {
      if (pending.length < 2) return;
      const short = pending.readUInt8(1) & 127;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (pending.length < head) return;
      const length = short === 126 ? pending.readUInt16BE(2) : short === 127 ? Number(pending.readBigUInt64BE(2)) : short;
      if (pending.length < head + length) return;
      if ((pending.readUInt8(0) & 15) === 8) count(got.closes, length >= 2 ? pending.readUInt16BE(head) : 1005);
      pending = pending.subarray(head + length);
    }
  };
}

/**
 * Writes a frame repeatedly until the time is up.
 * @param {import('node:net').Socket} socket
 * @param {Buffer} one
 */
function flood(socket, one) {
  const { rate } = attack;
  if (rate) {
    const begun = Date.now();
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.min(rate, Math.floor(((Date.now() - begun) * rate) / 1_000) - sent);
      // Drop what the socket does not take: the attacker's memory is not under test.
      if (due > 0 && socket.writableLength < MEGABYTE) socket.write(Buffer.concat(Array(due).fill(one)));
      sent += due;
      got.sent += due;
      if (Date.now() > until || socket.destroyed) clearInterval(timer);
    }, 10);
    return;
  }
  const times = Math.floor(CHUNK / one.length);
  const chunk = Buffer.concat(Array(times).fill(one));
  const more = () => {
    if (Date.now() > until || socket.destroyed) return;
    got.sent += times;
    socket.write(chunk, more);
  };
  more();
}

const subscription = say({ action: 'subscribe', params: { symbols: attack.symbols ?? 'AAPL', interval: 50 } });

/** @param {import('node:net').Socket} socket */
function begin(socket) {
  switch (attack.kind) {
    case 'flood':
      return flood(socket, frame(0x81, Buffer.from(attack.message ?? '{"action":"time","id":1}')));
    case 'protocol-ping':
      return flood(socket, frame(0x89, Buffer.from('hello')));
    case 'mute':
      return socket.write(subscription);
    case 'lie': {
      socket.write(subscription);
      const timer = setInterval(() => {
        socket.write(say({ action: 'ack', stream: 1, seq: Number.MAX_SAFE_INTEGER }));
        if (Date.now() > until || socket.destroyed) clearInterval(timer);
      }, 100);
      return timer;
    }
    case 'unfinished': {
      const part = Buffer.alloc(MEGABYTE, 97);
      socket.write(frame(0x01, part));
      for (let sent = 1; sent < 30; sent += 1) socket.write(frame(0x00, part));
      return undefined;
    }
    case 'call':
    case 'storm':
      return socket.write(Buffer.concat(Array(100).fill(say({ action: 'time', id: 1 }))));
  }
}

async function knockOn(/** @type {number} */ index) {
  while (Date.now() < until) {
    const { socket } = await knock(index);
    socket.destroy();
  }
}

async function call(/** @type {number} */ index) {
  while (Date.now() < until) {
    const headers = { 'CF-Connecting-IP': address(index), ...attack.headers };
    const answer = await fetch(`http://127.0.0.1:${attack.port}${attack.path}`, { headers }).catch(() => undefined);
    count(got.statuses, answer?.status ?? 'failed');
    got.retryAfter ??= answer?.headers.get('retry-after') ?? null;
    await answer?.arrayBuffer().catch(() => undefined);
    got.sent += 1;
  }
}

const first = attack.kind === 'storm' ? 1 : attack.kind === 'call' ? 0 : attack.sockets;
const knocked = await Promise.all(Array.from({ length: first }, (_, index) => knock(index)));
const sockets = knocked.filter(({ status }) => status === 101).map(({ socket }) => socket);
process.send?.({ opened: sockets.length });
for (const socket of sockets) begin(socket);
if (attack.kind === 'storm') {
  await new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.all(Array.from({ length: attack.sockets }, (_, index) => knockOn(index)));
}
if (attack.kind === 'call') await Promise.all(Array.from({ length: attack.sockets }, (_, index) => call(index)));
await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - Date.now())));
process.once('message', () => {
  got.open = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
  process.send?.(got, () => process.exit());
});
process.send?.({ over: true });
