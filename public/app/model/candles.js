/**
 * The bars of one symbol and interval: history from the hub, minutes that the hub closes, and the
 * running bar that the page builds from prices. It has no clock and no DOM. Changes are collected
 * until the chart takes them.
 */
import { interval as intervalNamed } from './intervals.js';
import { dayOf } from './zones.js';

/** @typedef {import('../link/history.js').History} History */
/** @typedef {import('../link/wire.js').Quote} Quote */
/** @typedef {import('../link/wire.js').Bar} Bar */

/**
 * `time` is the start, s since 1970; of a day, midnight UTC of the exchange's date. `from` is the
 * hub's name of who made it, or {@link PAGE}.
 * @typedef {{
 *   time: number, open: number, high: number, low: number, close: number, volume: number | null, from: string
 * }} Candle
 */
/** A part without bars, s since 1970. @typedef {{ from: number, to: number, reason: string }} Gap */
/** `times`: of bars to draw again, in order; `whole`: draw everything. @typedef {{ whole: boolean, times: number[] }} Changed */

/** As many bars as one chart holds: the library slows down beyond. */
export const MOST_BARS = 5_000;
/** The source of bars that the page builds from prices. */
export const PAGE = 'page';
/** More changed bars than this are drawn as a whole. */
const MOST_SINGLE = 10;

export class Candles {
  /** In order of time. @type {Candle[]} */
  bars = [];
  /** @type {Gap[]} */
  gaps = [];
  /** Whether the hub has bars before these. */
  more = true;
  /** Whether the market is simulated; null: not known yet. @type {boolean | null} */
  simulated = null;
  /** IANA zone of the exchange. */
  timezone = 'UTC';
  /** Exchange's time of the newest price that was taken, ms. */
  #lastTick = 0;
  /** Units traded on the day of the last price. @type {number | null} */
  #dayVolume = null;
  /** @type {Changed} */
  #changed = { whole: true, times: [] };
  #interval;

  /** @param {import('./intervals.js').Interval} id */
  constructor(id) {
    this.#interval = intervalNamed(id);
  }

  /** Whether no older bars may be asked for. */
  get isFull() {
    return this.bars.length >= MOST_BARS;
  }

  /** The bars to draw again since the last call. @returns {Changed} */
  takeChanges() {
    const { whole, times } = this.#changed;
    this.#changed = { whole: false, times: [] };
    const sorted = [...new Set(times)].sort((one, other) => one - other);
    return whole || sorted.length > MOST_SINGLE ? { whole: true, times: [] } : { whole: false, times: sorted };
  }

  /**
   * The newest bars of the hub, at the start or after a time in which the page heard nothing. They
   * replace those of the page. Bars that they do not join are dropped: a hole would look like a
   * jump of the price.
   * @param {History} history
   */
  takeNewest(history) {
    if (this.simulated !== null && this.simulated !== history.simulated) this.bars = [];
    this.simulated = history.simulated;
    this.timezone = history.timezone ?? this.timezone;
    const [first] = history.bars;
    const last = this.bars.at(-1);
    const joins = first !== undefined && last !== undefined && first.time <= last.time;
    if (!joins) {
      // Without an answer the page keeps what it has built.
      if (first !== undefined || this.bars.length === 0) this.bars = history.bars.slice(-MOST_BARS);
      this.more = history.more;
      this.gaps = history.gaps;
      this.#changed.whole = true;
      return;
    }
    for (const bar of history.bars) this.#put(bar);
    // An answer tells only the parts of gaps that lie after its first bar.
    const earlier = this.gaps.filter(({ from }) => from < first.time).map((gap) => ({ ...gap, to: Math.min(gap.to, first.time) }));
    const [next, ...later] = history.gaps;
    const before = earlier.at(-1);
    const isOne = before !== undefined && next !== undefined && before.to === next.from && before.reason === next.reason;
    this.gaps = isOne ? [...earlier.slice(0, -1), { ...before, to: next.to }, ...later] : [...earlier, ...history.gaps];
    this.#shorten();
  }

  /** Bars before the first. @param {History} history  the answer to `before` */
  takeOlder(history) {
    const first = this.bars[0]?.time ?? Infinity;
    const older = history.bars.filter(({ time }) => time < first);
    this.bars = [...older, ...this.bars].slice(-MOST_BARS);
    this.gaps = [...history.gaps.filter(({ from }) => from < first), ...this.gaps];
    this.more = history.more && older.length > 0;
    if (older.length > 0) this.#changed.whole = true;
  }

  /**
   * A price. It extends the running bar or begins one. A late price may still extend the bar
   * before; an older one is left out, since bars never change behind the user's back.
   * @param {Quote} quote
   * @returns {boolean} whether a bar changed
   */
  takePrice(quote) {
    const { timestamp, price } = quote;
    if (timestamp === null || !isExact(quote, this.#interval.id) || timestamp < this.#lastTick) return false;
    if (this.simulated !== null && this.simulated !== quote.simulated) return false;
    this.#lastTick = timestamp;
    const volume = this.#volumeOf(quote);
    const time = this.startOf(timestamp);
    const last = this.bars.at(-1);
    if (last === undefined || time > last.time) {
      // The last price of a closed market belongs to a bar that is over.
      if (quote.session === 'closed') return false;
      this.#put({ time, open: price, high: price, low: price, close: price, volume, from: PAGE });
      this.#shorten();
      return true;
    }
    if (time === last.time) {
      const grown = volume === null ? last.volume : (last.volume ?? 0) + volume;
      const next = { ...last, high: Math.max(last.high, price), low: Math.min(last.low, price), close: price, volume: grown };
      if (isSame(next, last)) return false;
      next.from = PAGE;
      this.#put(next);
      return true;
    }
    const before = this.bars.at(-2);
    if (before === undefined || time !== before.time || (price <= before.high && price >= before.low)) return false;
    this.#put({ ...before, high: Math.max(before.high, price), low: Math.min(before.low, price) });
    return true;
  }

  /**
   * A minute that the hub closed. Conflation hides extremes from the page, so the hub's minute
   * replaces the page's, and widens longer bars.
   * @param {Bar} minute
   */
  takeMinute(minute) {
    const { at, open, high, low, close, volume } = minute;
    const time = this.startOf(at);
    const held = this.bars[this.indexOf(time)];
    const from = this.simulated === true ? 'hub (simulated)' : 'hub';
    if (this.#interval.id === '1min') {
      if (held?.time === time && isFinal(held.from)) return;
      this.#put({ time, open, high, low, close, volume: volume ?? (held?.time === time ? held.volume : null), from });
    } else if (held?.time === time) {
      const isLast = at + 60_000 >= (time + this.#interval.seconds) * 1_000;
      const next = { ...held, high: Math.max(held.high, high), low: Math.min(held.low, low), close: isLast ? close : held.close };
      if (held.from === PAGE && at === time * 1_000) next.open = open;
      this.#put(next);
    } else if (held === undefined || held === this.bars.at(-1)) {
      this.#put({ time, open, high, low, close, volume, from });
    }
    this.#shorten();
  }

  /**
   * From when on bars are wanted, because the hub has a close of a minute that no bar here covers, or
   * that lies within a gap; s since 1970. Null: nothing is missing. What is older than the first bar
   * is not looked at, nor are days, which are not made of minutes.
   * @param {import('./quotes.js').Spark} spark
   */
  missingFrom({ end, values }) {
    const [first] = this.bars;
    if (first === undefined || this.#interval.id === '1day') return null;
    for (const [place, close] of values.entries()) {
      const at = end / 1_000 - (values.length - 1 - place) * 60;
      const time = close === null ? -Infinity : this.startOf(at * 1_000);
      if (time < first.time) continue;
      const before = this.bars[this.indexOf(time)] ?? first;
      const gap = this.gaps.find(({ from, to }) => from <= at && at < to);
      if (gap || before.time !== time) return Math.min(before.time, gap?.from ?? Infinity);
    }
    return null;
  }

  /**
   * Start of the bar that holds a time. Hours of an exchange begin with its day, at 9:30 for some,
   * so bars that are there say where the next begins.
   * @param {number} at  ms
   */
  startOf(at) {
    const second = Math.floor(at / 1_000);
    const { id, seconds } = this.#interval;
    if (id === '1day') return dayOf(second, this.timezone);
    const anchor = this.bars.at(-1)?.time ?? 0;
    return anchor + Math.floor((second - anchor) / seconds) * seconds;
  }

  /** Place of the bar with this time or the nearest before it; -1: before the first. @param {number} time */
  indexOf(time) {
    let [low, high] = [0, this.bars.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Candle} */ (this.bars[middle]).time <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** What was traded since the last price of the same day. @param {Quote} quote */
  #volumeOf({ dayVolume }) {
    const before = this.#dayVolume;
    this.#dayVolume = dayVolume;
    return before === null || dayVolume === null || dayVolume < before ? null : dayVolume - before;
  }

  /** @param {Candle} bar */
  #put(bar) {
    const index = this.indexOf(bar.time);
    const held = this.bars[index];
    if (held?.time === bar.time) {
      if (isSame(held, bar)) return;
      this.bars[index] = bar;
    } else {
      if (index !== this.bars.length - 1) this.#changed.whole = true;
      this.bars.splice(index + 1, 0, bar);
    }
    this.#changed.times.push(bar.time);
  }

  #shorten() {
    if (this.bars.length <= MOST_BARS) return;
    this.bars = this.bars.slice(-MOST_BARS);
    this.#changed.whole = true;
  }
}

/**
 * Whether the time of a price is exact enough to tell its bar.
 * @param {Quote} quote
 * @param {import('./intervals.js').Interval} id
 */
function isExact({ precision }, id) {
  return precision === 'second' || precision === 'minute' || (precision === 'day' && id === '1day');
}

/** Whether a bar is the provider's own, which is final. @param {string} from */
function isFinal(from) {
  return from !== PAGE && !from.startsWith('hub');
}

/** @param {Candle} one @param {Candle} other */
function isSame(one, other) {
  return one.open === other.open && one.high === other.high && one.low === other.low && one.close === other.close
    && one.volume === other.volume && one.from === other.from;
}
