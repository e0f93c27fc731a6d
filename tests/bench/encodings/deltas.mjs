// The same deltas of hamster.v1 in two encodings: the JSON arrays of docs/protocol.md, and a
// sensible binary format. Node and the browser both read this file, so it uses the API of neither.
//
// Binary: every number is a varint, signed ones in zigzag. A delta is `epoch seq t item…`. An item
// begins with `n << 3 | fields`, where `fields` counts the fields that follow: price, time, age,
// volume, bid, ask, without trailing zeros. The time is in seconds, doubled; odd if it is in
// milliseconds instead. (The rare items that are objects would be a length and JSON; none occur
// here.)

/**
 * @typedef {{
 *   n: number, price: number, time: number, age: number, volume: number, bid: number, ask: number
 * }} Item
 */
/** @typedef {{ epoch: number, seq: number, t: number, items: Item[] }} Delta */
/**
 * A client's state of its symbols, by number.
 * @typedef {{
 *   price: number, bid: number, ask: number, volume: number, time: number, received: number
 * }[]} Held
 */

/** An epoch as the hub creates it in its first year: exact in JavaScript, more than 32 bits. */
const EPOCH = 26_712_000_123_456;

/** @param {number} symbols @returns {Held} */
export function nothing(symbols) {
  return Array.from({ length: symbols }, () => ({ price: 9_550_000, bid: -50, ask: 50, volume: 49_153, time: 0, received: 0 }));
}

/**
 * Deltas as a market makes them: prices that move by some steps, a bid and an ask that mostly stay,
 * a growing volume, whole seconds.
 *
 * @param {number} symbols
 * @param {number} updates in each delta
 * @param {number} count
 * @returns {Delta[]}
 */
export function marketDeltas(symbols, updates, count) {
  const random = generator(symbols * 1_000 + updates);
  const below = (/** @type {number} */ end) => Math.floor(random() * end);
  return Array.from({ length: count }, (_, index) => {
    const first = below(symbols);
    const items = Array.from({ length: updates }, (_, place) => ({
      n: (first + place) % symbols,
      price: below(10) === 0 ? below(4_001) - 2_000 : below(121) - 60,
      time: below(3) === 0 ? 0 : 1_000,
      age: below(30),
      volume: below(2) === 0 ? 0 : below(1_500),
      bid: below(3) === 0 ? below(21) - 10 : 0,
      ask: below(3) === 0 ? below(21) - 10 : 0,
    }));
    return { epoch: EPOCH, seq: 5_000 + index, t: 3_600_000 + index * 125, items: items.sort((a, b) => a.n - b.n) };
  });
}

/** Random numbers that are the same in every run. @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @param {Item} item @param {number} time in the encoding's unit */
function fieldsOf(item, time) {
  const fields = [item.price, time, item.age, item.volume, item.bid, item.ask];
  return fields.slice(0, fields.findLastIndex((field) => field !== 0) + 1);
}

/** @param {Delta} delta */
export function encodeJson({ epoch, seq, t, items }) {
  return JSON.stringify([epoch, seq, t, ...items.map((item) => [item.n, ...fieldsOf(item, item.time / 1_000)])]);
}

/** @param {Delta} delta */
export function encodeBinary({ epoch, seq, t, items }) {
  /** @type {number[]} */
  const bytes = [];
  const write = (/** @type {number} */ value) => {
    for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
    bytes.push(value);
  };
  const signed = (/** @type {number} */ value) => write(value < 0 ? -2 * value - 1 : 2 * value);
  [epoch, seq, t].forEach(write);
  for (const item of items) {
    const fields = fieldsOf(item, item.time % 1_000 === 0 ? item.time / 500 : item.time * 2 + 1);
    write(item.n * 8 + fields.length);
    fields.forEach((field, place) => (place === 1 || place === 2 ? write(field) : signed(field)));
  }
  return Uint8Array.from(bytes);
}

/**
 * Adds a delta to the state. Returns its sequence number.
 * @param {string} text
 * @param {Held} held
 */
export function readJson(text, held) {
  const [, seq, t, ...items] = JSON.parse(text);
  for (const [n, price = 0, time = 0, age = 0, volume = 0, bid = 0, ask = 0] of items) {
    const symbol = held[n];
    symbol.price += price;
    symbol.time += time * 1_000;
    symbol.received = t - age;
    symbol.volume += volume;
    symbol.bid += bid;
    symbol.ask += ask;
  }
  return seq;
}

let input = new Uint8Array();
let at = 0;

function varint() {
  let byte = input[at++];
  if (byte < 128) return byte;
  let value = byte - 128;
  for (let unit = 128; ; unit *= 128) {
    byte = input[at++];
    if (byte < 128) return value + byte * unit;
    value += (byte - 128) * unit;
  }
}

function zigzag() {
  const value = varint();
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/**
 * Adds a delta to the state. Returns its sequence number.
 * @param {ArrayBuffer} buffer
 * @param {Held} held
 */
export function readBinary(buffer, held) {
  input = new Uint8Array(buffer);
  at = 0;
  varint();
  const seq = varint();
  const t = varint();
  while (at < input.length) {
    const head = varint();
    const fields = head % 8;
    const symbol = held[Math.floor(head / 8)];
    if (fields > 0) symbol.price += zigzag();
    if (fields > 1) {
      const time = varint();
      symbol.time += time % 2 === 0 ? time * 500 : (time - 1) / 2;
    }
    symbol.received = t - (fields > 2 ? varint() : 0);
    if (fields > 3) symbol.volume += zigzag();
    if (fields > 4) symbol.bid += zigzag();
    if (fields > 5) symbol.ask += zigzag();
  }
  return seq;
}
