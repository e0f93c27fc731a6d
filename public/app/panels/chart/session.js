/**
 * The bars of the symbol and interval in view: what to ask the hub for, and when. It has no timers;
 * the chart calls {@link BarSession.beat} once a second while it can be seen.
 */
import { Refused, Unanswered, askHistory } from '../../link/history.js';
import { Candles } from '../../model/candles.js';
import { interval as intervalNamed } from '../../model/intervals.js';

const FIRST_BARS = 500;
const OLDER_BARS = 1_000;
/** Bars that are asked for beyond those missed, because the hub corrects its own. */
const OVERLAP = 10;
/** A page that was not painted for this long, because it slept or was hidden, has missed minutes. */
const SLEPT_MS = 90_000;
const FIRST_RETRY_MS = 3_000;
const LAST_RETRY_MS = 60_000;
/** Bars are asked for in such numbers, so that a relay can ask the hub once for many pages. */
const STEP_OF_BARS = 25;
/** Bars that the hub came to know later are asked for within this time, because it tells all pages at once. */
const SPREAD_MS = 30_000;
/** Bars that an answer did not bring are not asked for again for this long. */
const VAIN_MS = 5 * 60_000;
/** The hub's own time for asking again is never trusted to be sooner. */
const LEAST_RETRY_MS = 5_000;

export class BarSession {
  /** @type {'loading' | 'ready' | 'refused' | 'unanswered'} */
  state = 'loading';
  /** Why something is missing, in the hub's words; null: nothing is. @type {string | null} */
  reason = null;
  /** When the hub is asked again, page's clock, ms. @type {number | null} */
  retryAt = null;
  /** Whether bars before the first are asked for. */
  loadsOlder = false;
  /** With which the prices of the history are exact. @type {number | null} */
  decimals = null;
  candles;

  #abort = new AbortController();
  #isAsking = false;
  #failures = 0;
  #beatAt = 0;
  /** From when on bars are wanted again, s since 1970; null: none are. @type {number | null} */
  #missing = null;
  /** When to ask for them, page's clock, ms. */
  #missingAt = 0;
  /** The closes that the hub told last. @type {import('../../model/quotes.js').Spark | null} */
  #told = null;
  /** What the last answer did not bring, and when it was asked for. @type {{ from: number, at: number } | null} */
  #vain = null;
  #olderAt = 0;
  #question;
  #ask;
  #hub;
  #onChange;

  /**
   * @param {{ symbol: string, interval: import('../../model/desk.js').Interval }} question
   * @param {import('../../link/access.js').Ask} ask
   * @param {{ offset: number, server: string | null }} hub  `offset`: the hub's clock minus the page's, ms
   * @param {() => void} onChange
   */
  constructor(question, ask, hub, onChange) {
    this.#question = question;
    this.#ask = ask;
    this.#hub = hub;
    this.#onChange = onChange;
    this.candles = new Candles(question.interval);
  }

  /** Asks for the newest bars; those that are there stay until the answer has come. @param {number} now */
  refresh(now) {
    if (this.#isAsking || this.state === 'refused') return;
    const last = this.candles.bars.at(-1)?.time;
    if (last === undefined) return void this.#load(FIRST_BARS, now);
    const passed = (now + this.#hub.offset) / 1_000 - Math.min(last, this.#missing ?? last);
    const missed = Math.ceil(passed / intervalNamed(this.#question.interval).seconds) + OVERLAP;
    const limit = Math.ceil(missed / STEP_OF_BARS) * STEP_OF_BARS;
    void this.#load(Math.max(STEP_OF_BARS, Math.min(FIRST_BARS, limit)), now);
  }

  /**
   * The hub has told closes. Bars of these that are missing are asked for soon.
   * @param {import('../../model/quotes.js').Spark} spark
   * @param {number} now
   * @param {number} [chance]  from 0 to 1
   * @returns {boolean} false: tell it again, because an answer is on its way, or the last one
   *   did not bring these bars
   */
  backfilled(spark, now, chance = Math.random()) {
    if (this.#isAsking) return false;
    const from = this.candles.missingFrom(spark);
    if (from === null) return true;
    if (this.#vain?.from === from && now < this.#vain.at + VAIN_MS) return false;
    this.#told = spark;
    if (this.#missing === null) this.#missingAt = now + chance * SPREAD_MS;
    this.#missing = Math.min(this.#missing ?? from, from);
    return true;
  }

  /** A second of being seen. @param {number} now */
  beat(now) {
    const slept = this.#beatAt !== 0 && now - this.#beatAt > SLEPT_MS;
    this.#beatAt = now;
    const isMissing = this.#missing !== null && now >= this.#missingAt && this.state === 'ready';
    if (slept || isMissing || (this.retryAt !== null && now >= this.retryAt)) this.refresh(now);
  }

  /** Asks for bars before the first. @param {number} now */
  async older(now) {
    const [first] = this.candles.bars;
    if (this.state !== 'ready' || this.loadsOlder || first === undefined || !this.candles.more || this.candles.isFull || now < this.#olderAt) return;
    this.loadsOlder = true;
    this.#onChange();
    try {
      const history = await askHistory({ ...this.#question, server: this.#hub.server, limit: OLDER_BARS, before: first.time }, this.#abort.signal, this.#ask);
      this.candles.takeOlder(history);
      if (history.reason !== null) {
        this.candles.more = true;
        this.#olderAt = Math.max(now + LEAST_RETRY_MS, (history.retryAt ?? 0) - this.#hub.offset);
      }
    } catch {
      if (this.#abort.signal.aborted) return;
      this.#olderAt = now + LEAST_RETRY_MS;
    }
    this.loadsOlder = false;
    this.#onChange();
  }

  close() {
    this.#abort.abort();
  }

  /** @param {number} limit @param {number} now */
  async #load(limit, now) {
    this.#isAsking = true;
    this.retryAt = null;
    try {
      const history = await askHistory({ ...this.#question, server: this.#hub.server, limit, again: this.candles.bars.length > 0 }, this.#abort.signal, this.#ask);
      this.#failures = 0;
      this.state = 'ready';
      this.reason = history.reason;
      this.retryAt = history.retryAt === null ? null : Math.max(now + LEAST_RETRY_MS, history.retryAt - this.#hub.offset);
      this.decimals = Math.max(this.decimals ?? 0, history.decimals ?? 0) || null;
      this.candles.takeNewest(history);
      const still = this.#missing === null || this.#told === null ? null : this.candles.missingFrom(this.#told);
      this.#vain = still === null ? null : { from: still, at: now };
      this.#missing = null;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#fail(error, now);
    }
    this.#isAsking = false;
    this.#onChange();
  }

  /** @param {unknown} error @param {number} now */
  #fail(error, now) {
    this.state = error instanceof Refused ? 'refused' : 'unanswered';
    this.reason = error instanceof Error ? error.message : String(error);
    if (this.state === 'refused') return;
    const told = error instanceof Unanswered && error.retryAfter !== null ? error.retryAfter * 1_000 : 0;
    this.retryAt = now + Math.max(told, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures));
    this.#failures += 1;
  }
}
