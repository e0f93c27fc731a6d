/**
 * The activity log: the last hundred events of each kind, as lines in the form of the original
 * terminal. Each kind is kept separately, because price lines would push everything else out
 * within seconds. It has no clock and no DOM.
 */
import { formatPercent, formatPriceAndUnit } from '../words/format.js';
import { quoted } from '../words/text.js';

/** In the order of the filter's buttons. */
export const KINDS = /** @type {const} */ (['price', 'connection', 'feed', 'alert', 'error']);
/** @typedef {typeof KINDS[number]} Kind */

export const KEPT_LINES = 100;
/** The most characters of a name and of a reason in a line. */
const MOST_OF_NAME = 40;
const MOST_OF_REASON = 600;
const MOST_OF_LINE = 1_000;

/** The original's signs, and the icons that stand for them on the screen. */
const SIGNS = /** @type {Record<string, string>} */ ({
  '✅': 'signal', '📡': 'list', '📊': 'chart', '🔴': 'unplugged', '🔁': 'circling', '🆕': 'clock-back', '🛟': 'circling', '🧪': 'diamond',
  '🟢': 'disc', '💤': 'crescent', '⏳': 'dots', '⚠️': 'warning', '⛔': 'crossed', '🐢': 'circling', '🚫': 'crossed', '❌': 'crossed', '🔔': 'bell',
});
const NO_SIGN = { emoji: '', sign: 'flat' };

/** An event. Most price lines are never shown, so their words are made when they are asked for. */
export class Line {
  serial;
  /** Page's clock, ms. */
  at;
  kind;
  #text;

  /** @param {number} serial @param {number} at @param {Kind} kind @param {string | (() => string)} text */
  constructor(serial, at, kind, text) {
    this.serial = serial;
    this.at = at;
    this.kind = kind;
    this.#text = text;
  }

  /** As the original wrote it: `📊 BTC/USD: $95,500.00 (+0.25%)`. @returns {string} */
  get text() {
    if (typeof this.#text !== 'string') this.#text = this.#text();
    return this.#text;
  }

  /** The icon in place of the original's emoji. */
  get sign() {
    return signOf(this.text).sign;
  }

  /** The text without its emoji: `BTC/USD: $95,500.00 (+0.25%)`. */
  get words() {
    return this.text.slice(signOf(this.text).emoji.length).trimStart();
  }
}

export class ActivityLog {
  /** Oldest first. @type {Record<Kind, Line[]>} */
  #lines = { price: [], connection: [], feed: [], alert: [], error: [] };
  #serial = 0;

  /** Serial of the newest line; how many there were. */
  get serial() {
    return this.#serial;
  }

  /** @param {number} at @param {Kind} kind @param {string | (() => string)} text */
  add(at, kind, text) {
    const lines = this.#lines[kind];
    lines.push(new Line((this.#serial += 1), at, kind, text));
    if (lines.length > KEPT_LINES) lines.shift();
  }

  /** The last hundred lines of these kinds, oldest first. @param {Iterable<Kind>} kinds */
  last(kinds) {
    const lines = [...kinds].flatMap((kind) => this.#lines[kind]);
    return lines.sort((one, other) => one.serial - other.serial).slice(-KEPT_LINES);
  }

  get all() {
    return this.last(KINDS);
  }

  get withoutPrices() {
    return this.last(KINDS.filter((kind) => kind !== 'price'));
  }

  /**
   * Puts lines of this tab's earlier page before all others.
   * @param {unknown} kept  what {@link keptLines} made; storage may hold anything
   */
  restore(kept) {
    const later = this.all;
    this.#lines = { price: [], connection: [], feed: [], alert: [], error: [] };
    for (const line of Array.isArray(kept) ? kept.slice(-KEPT_LINES) : []) {
      const { at, kind, text } = /** @type {{ at?: unknown, kind?: unknown, text?: unknown }} */ (line ?? {});
      const known = KINDS.find((one) => one === kind);
      if (Number.isFinite(at) && known && typeof text === 'string') this.add(Number(at), known, quoted(text, MOST_OF_LINE));
    }
    for (const { at, kind, text } of later) this.add(at, kind, text);
  }
}

/** What is kept for the next page of this tab: all but prices. @param {ActivityLog} log */
export function keptLines(log) {
  return log.withoutPrices.map(({ at, kind, text }) => ({ at, kind, text }));
}

/**
 * For a file: each line with the original's signs.
 * @param {Line[]} lines
 * @param {(at: number) => string} clock
 */
export function asText(lines, clock) {
  return lines.map(({ at, text }) => `[${clock(at)}] ${text}\n`).join('');
}

/** For a file. @param {Line[]} lines */
export function asJson(lines) {
  const entries = lines.map(({ at, kind, text, words }) => ({ at: new Date(at).toISOString(), kind, text: words, original: text }));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** @param {string} text */
function signOf(text) {
  const emoji = text.split(' ', 1)[0] ?? '';
  const sign = SIGNS[emoji];
  return sign === undefined ? NO_SIGN : { emoji, sign };
}

/**
 * `🔔 AAPL at or above $240.00: now $240.10`.
 * @param {string} sentence
 */
export function alertLine(sentence) {
  return `🔔 ${sentence}`;
}

/**
 * `📊 BTC/USD: $95,500.00 (+0.25%)`; no percentage without a previous close. `SIM` is behind a price
 * of the simulator.
 * @param {string} name
 * @param {import('../link/wire.js').Quote} quote
 */
export function priceLine(name, quote) {
  const percent = quote.percentChange === null ? '' : ` (${formatPercent(quote.percentChange)})`;
  return `📊 ${quoted(name, MOST_OF_NAME)}: ${formatPriceAndUnit(quote)}${percent}${quote.simulated ? ' SIM' : ''}`;
}

/** @type {Record<import('../link/wire.js').FeedState, string>} */
const FEED_SIGNS = { idle: '💤', connecting: '⏳', live: '🟢', stalled: '⚠️', fallback: '🛟', refused: '⛔' };

/**
 * `🛟 Feed fallback: the upstream closed the connection …`.
 * @param {import('../link/wire.js').Feed} feed
 */
export function feedLine(feed) {
  return `${FEED_SIGNS[feed.state]} Feed ${feed.state}${feed.reason ? `: ${quoted(feed.reason, MOST_OF_REASON)}` : ''}`;
}

/** @type {Partial<Record<import('../link/wire.js').SymbolState, string>>} */
const STATE_SIGNS = { streaming: '⚠️', polled: '🐢', unavailable: '🚫' };

/**
 * `🚫 SPY unavailable: not in this plan`; null if the state is not worth a line.
 * @param {import('../link/wire.js').Tracked} tracked
 */
export function stateLine({ symbol, state, reason }) {
  const sign = STATE_SIGNS[state];
  // Streaming is the normal state: it gets a line only with a reason.
  if (!sign || (state === 'streaming' && reason === null)) return null;
  const what = state === 'streaming' ? '' : ` ${state}`;
  return `${sign} ${quoted(symbol, MOST_OF_NAME)}${what}${reason ? `: ${quoted(reason, MOST_OF_REASON)}` : ''}`;
}

/** @param {import('../link/wire.js').Refusal} refusal */
export function refusalLine({ symbol, reason }) {
  return `❌ ${quoted(symbol, MOST_OF_NAME)} not accepted: ${quoted(reason, MOST_OF_REASON)}`;
}

/** @param {string} text */
export function problemLine(text) {
  return `❌ ${quoted(text, MOST_OF_REASON)}`;
}

/**
 * `🔁 Resumed: 23 updates missed, 3 symbols brought up to date`. Every gap is reported.
 * @param {{ recovered: boolean, missed: number, changed: number }} snapshot
 */
export function resumeLine({ recovered, missed, changed }) {
  if (!recovered) return '🆕 Began anew: the hub does not know where this page was, so updates in between were missed';
  if (missed === 0) return '🔁 Resumed: nothing was missed';
  return `🔁 Resumed: ${count(missed, 'update')} missed, ${count(changed, 'symbol')} brought up to date`;
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
