/**
 * Alerts: what is watched for, and their life. An alert is armed, fires, and is armed again,
 * snoozed or deleted. Nothing here reads a clock; {@link evaluate} is called when a message comes.
 *
 * A price alert is silent unless `truthOf` says that the price may set one off.
 */
import { rowKey, staleSince } from './quotes.js';

/** @typedef {'above' | 'below' | 'crosses' | 'day-move' | 'quick-move' | 'stale' | 'mute' | 'live-again'} AlertKind */

/**
 * @typedef {object} Alert
 * @property {string} id
 * @property {AlertKind} kind
 * @property {string | null} symbol  null: of the feed
 * @property {number | null} level  a price, percent, or seconds, by kind
 * @property {number | null} within  minutes, of a quick move
 * @property {string} note
 * @property {boolean} repeats
 * @property {number | null} expires  ms since 1970
 * @property {'armed' | 'fired' | 'snoozed' | 'off'} state  `off`: it expired
 * @property {number | null} until  end of the snooze or of the cool-down, ms since 1970
 * @property {Fired | null} fired  the last time
 * @property {number} [armedAt]  when it was made or armed again, ms since 1970
 * @property {string | null} [doubt]  why it may have been missed
 */
/** @typedef {{ at: number, price: number | null, sentence: string, simulated: boolean }} Fired */

/** @type {AlertKind[]} */
export const ALERT_KINDS = ['above', 'below', 'crosses', 'day-move', 'quick-move', 'stale', 'mute', 'live-again'];
/** @type {Alert['state'][]} */
export const ALERT_STATES = ['armed', 'fired', 'snoozed', 'off'];
export const MOST_ALERTS = 100;
/** An alert that fires every time is silent this long after it fired. */
export const COOL_DOWN_MS = 300_000;
const MINUTE = 60_000;
/** A quick move looks back in this many parts of its minutes. */
const PARTS = 60;
/** The hour at which a snooze until tomorrow ends, of the viewer's clock. */
const MORNING = 8;

/** @param {AlertKind} kind */
export const isOfFeed = (kind) => kind === 'mute' || kind === 'live-again';
/** Whether its level is a price. @param {AlertKind} kind */
export const isOfLevel = (kind) => kind === 'above' || kind === 'below' || kind === 'crosses';
/** Whether only a trustworthy price may set it off. @param {AlertKind} kind */
export const isOfPrice = (kind) => isOfLevel(kind) || kind === 'day-move' || kind === 'quick-move';

/**
 * What an alert remembers between two messages.
 * @typedef {object} Memory
 * @property {string} of  the condition that it belongs to
 * @property {boolean | null} met  whether the condition was met; null: not seen yet
 * @property {number} side  of the level on which the price was: -1 below, 1 above, 0 on it or unknown
 * @property {number} epoch  of the hub in which the prices were seen
 * @property {boolean} simulated
 * @property {number | null} high  of the day, when last seen; so is `low`
 * @property {number | null} low
 * @property {{ at: number, low: number, high: number }[]} parts  of a quick move's minutes
 */

/**
 * What is seen when a message comes. `row` and `truth` are of the alert's symbol.
 * @typedef {object} Sight
 * @property {import('./quotes.js').Row | undefined} row
 * @property {import('./truth.js').Truth | null} truth
 * @property {import('./truth.js').Circumstances} circumstances
 * @property {number} epoch
 */

/** `already`: the condition was met when it was first looked at. @typedef {{ price: number | null, already: boolean }} Firing */

/**
 * Looks whether an alert fires.
 * @param {Alert} alert
 * @param {Memory | undefined} held  of the same alert
 * @param {Sight} sight
 * @param {number} now  page's clock, ms
 * @returns {{ memory: Memory, firing: Firing | null }}
 */
export function evaluate(alert, held, sight, now) {
  const memory = rememberedFor(alert, held, sight);
  if (alert.state !== 'armed') return { memory, firing: null };
  const met = isMet(alert, memory, sight, now);
  if (met === null) return { memory, firing: null };
  const first = memory.met === null;
  const cooling = alert.until !== null && now < alert.until;
  const fires = met && !cooling && (alert.kind === 'crosses' || (first ? firesAtOnce(alert) : memory.met === false));
  // What was met during the cool-down fires after it.
  if (!(met && cooling && !first)) memory.met = met;
  return { memory, firing: fires ? { price: sight.row?.quote?.price ?? null, already: first && alert.kind !== 'crosses' } : null };
}

/**
 * Whether the condition was met while the page slept, by the high and low that the day has now.
 * @param {Alert} alert
 * @param {Memory | undefined} before  the memory before the sleep
 * @param {import('./quotes.js').Quote} quote  after it
 */
export function mayHaveBeenMet(alert, before, quote) {
  const { kind, level } = alert;
  if (alert.state !== 'armed' || level === null || !isOfLevel(kind) || !before || !isMemoryOf(before, alert)) return false;
  const { high, low } = quote;
  const roseTo = high !== null && high >= level && quote.price < level && (before.high === null || high > before.high);
  const fellTo = low !== null && low <= level && quote.price > level && (before.low === null || low < before.low);
  if (kind === 'above') return roseTo;
  if (kind === 'below') return fellTo;
  return (before.side < 0 && roseTo) || (before.side > 0 && fellTo);
}

/** @param {Alert} alert @param {Fired} fired @returns {Alert} */
export function withFiring(alert, fired) {
  const { at } = fired;
  if (alert.repeats) return { ...alert, fired, until: at + COOL_DOWN_MS, doubt: null };
  return { ...alert, fired, state: 'fired', until: null, doubt: null };
}

/** @param {Alert} alert @param {number} now @returns {Alert} */
export function armed(alert, now) {
  const expires = alert.expires !== null && alert.expires <= now ? null : alert.expires;
  return { ...alert, state: 'armed', until: null, armedAt: now, doubt: null, expires };
}

/** @param {Alert} alert @param {number} until @returns {Alert} */
export function snoozed(alert, until) {
  return { ...alert, state: 'snoozed', until };
}

/**
 * The alert as time has made it: a snooze ends, a cool-down ends, it expires. The same object if
 * nothing changed.
 * @param {Alert} alert
 * @param {number} now
 * @returns {Alert}
 */
export function advanced(alert, now) {
  if (alert.expires !== null && now >= alert.expires && alert.state !== 'off' && alert.state !== 'fired') {
    return { ...alert, state: 'off', until: null };
  }
  if (alert.until === null || now < alert.until) return alert;
  return alert.state === 'snoozed' ? { ...armed(alert, now), doubt: alert.doubt ?? null } : { ...alert, until: null };
}

/** When {@link advanced} has something to do next, ms; null: never. @param {Alert[]} alerts */
export function nextChange(alerts) {
  const times = alerts.flatMap(({ state, until, expires }) => [until, state === 'armed' || state === 'snoozed' ? expires : null]);
  const due = times.filter((time) => time !== null);
  return due.length === 0 ? null : Math.min(...due);
}

/** Tomorrow morning by the viewer's clock. @param {number} now */
export function tomorrow(now) {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, MORNING).getTime();
}

/**
 * How far the price is from setting it off, in percent; 0: it is there; null: that cannot be said.
 * @param {Alert} alert
 * @param {import('./quotes.js').Quote | null | undefined} quote
 */
export function distanceOf({ kind, level }, quote) {
  if (!quote || level === null) return null;
  const { price, percentChange } = quote;
  if (kind === 'day-move') return percentChange === null ? null : Math.max(0, level - Math.abs(percentChange));
  if (!isOfLevel(kind) || price === 0) return null;
  const away = ((level - price) / Math.abs(price)) * 100;
  return kind === 'crosses' ? Math.abs(away) : Math.max(0, kind === 'above' ? away : -away);
}

/**
 * The armed alerts of each symbol, by its key; '' has those of the feed.
 * @param {Alert[]} alerts
 * @returns {Map<string, Alert[]>}
 */
export function armedBySymbol(alerts) {
  /** @type {Map<string, Alert[]>} */
  const armed = new Map();
  for (const alert of alerts) {
    if (alert.state !== 'armed') continue;
    const key = alert.symbol === null ? '' : rowKey(alert.symbol);
    armed.set(key, [...(armed.get(key) ?? []), alert]);
  }
  return armed;
}

/**
 * The distance of the nearest of these alerts, in percent; null: of none it can be said.
 * @param {Alert[]} alerts  of one symbol
 * @param {import('./quotes.js').Quote | null | undefined} quote
 */
export function nearestOf(alerts, quote) {
  const distances = alerts.map((alert) => distanceOf(alert, quote)).filter((distance) => distance !== null);
  return distances.length === 0 ? null : Math.min(...distances);
}

/**
 * Why an armed alert cannot fire at this moment, as a sentence; null: it can.
 * @param {Alert} alert
 * @param {Sight} sight
 * @returns {string | null}
 */
export function obstacleOf(alert, { row, truth, circumstances }) {
  if (alert.state !== 'armed') return null;
  if (isOfFeed(alert.kind)) return circumstances.link.state === 'connected' ? null : 'This page is cut off from the hub and does not see the feed.';
  if (!row || truth === null) return 'The symbol is not subscribed, because the hub serves 200 symbols to one page.';
  if (alert.kind === 'stale') return row.quote === null ? truth.sentence : null;
  if (!truth.mayAlert) return truth.sentence;
  if (alert.kind === 'day-move' && (row.quote?.percentChange ?? null) === null) return 'The previous close is not known, so the move on the day is not, either.';
  return null;
}

/** Whether the memory is of this condition of the alert. @param {Memory | undefined} memory @param {Alert} alert */
export function isMemoryOf(memory, alert) {
  return memory?.of === conditionKey(alert);
}

/** What storage holds may be anything. @param {unknown} value @returns {value is Alert} */
export function isAlert(value) {
  if (typeof value !== 'object' || value === null) return false;
  const { id, kind, symbol, level, within, note, repeats, expires, state, until, fired } = /** @type {Record<string, unknown>} */ (value);
  const known = ALERT_KINDS.find((one) => one === kind);
  if (typeof id !== 'string' || !known || typeof note !== 'string' || typeof repeats !== 'boolean') return false;
  if (!ALERT_STATES.includes(/** @type {Alert['state']} */ (state)) || ![level, within, expires, until].every((one) => one === null || Number.isFinite(one))) return false;
  if (isOfFeed(known) ? symbol !== null : typeof symbol !== 'string') return false;
  if (fired === null) return true;
  const { at, sentence } = /** @type {Record<string, unknown>} */ (fired ?? {});
  return Number.isFinite(at) && typeof sentence === 'string';
}

/** @param {Alert} alert */
function conditionKey({ kind, symbol, level, within, armedAt }) {
  return `${kind} ${symbol} ${level} ${within} ${armedAt}`;
}

/**
 * The memory, begun anew for another condition. Prices of another epoch, or of the simulator, are
 * not compared with these.
 * @param {Alert} alert
 * @param {Memory | undefined} held
 * @param {Sight} sight
 * @returns {Memory}
 */
function rememberedFor(alert, held, { row, epoch }) {
  const simulated = row?.quote?.simulated === true;
  const of = conditionKey(alert);
  if (!held || held.of !== of) return { of, met: null, side: 0, epoch, simulated, high: null, low: null, parts: [] };
  if (held.epoch !== epoch || held.simulated !== simulated) Object.assign(held, { epoch, simulated, side: 0, parts: [] });
  return held;
}

/**
 * Whether it may fire when its condition is met already at the first look: not if the look is the
 * first only because the page was loaded again.
 * @param {Alert} alert
 */
function firesAtOnce({ kind, fired, armedAt }) {
  if (kind === 'live-again') return false;
  return fired === null || (armedAt !== undefined && fired.at < armedAt);
}

/**
 * @param {Alert} alert
 * @param {Memory} memory  remembers the price
 * @param {Sight} sight
 * @param {number} now
 * @returns {boolean | null}  null: that cannot be said
 */
function isMet({ kind, level, within }, memory, { row, truth, circumstances }, now) {
  const { link, feed, offset } = circumstances;
  const connected = link.state === 'connected';
  if (kind === 'mute') return connected && feed ? feed.state === 'stalled' : null;
  // Before the first connection nothing is known, so nothing comes back to live by it.
  if (kind === 'live-again') return connected ? feed?.state === 'live' : memory.met === null ? null : false;
  const quote = row?.quote ?? null;
  if (!row || quote === null || level === null) return null;
  if (kind === 'stale') {
    const since = staleSince(row, { connected, heardAt: link.heardAt }, now, offset);
    return since !== null && now - since >= level * 1_000;
  }
  if (!truth?.mayAlert) return null;
  const { price, percentChange } = quote;
  memory.high = quote.high;
  memory.low = quote.low;
  switch (kind) {
    case 'above':
      return price >= level;
    case 'below':
      return price <= level;
    case 'day-move':
      return percentChange === null ? null : Math.abs(percentChange) >= level;
    case 'quick-move':
      return hasMoved(memory, price, level, (within ?? 1) * MINUTE, now);
    default: {
      const side = Math.sign(price - level);
      const crossed = memory.side !== 0 && side !== memory.side;
      memory.side = side;
      return crossed;
    }
  }
}

/**
 * Whether the price moved by `percent` within `span` ms, up from its low or down from its high.
 * @param {Memory} memory
 * @param {number} price
 * @param {number} percent
 * @param {number} span
 * @param {number} now
 */
function hasMoved(memory, price, percent, span, now) {
  const at = now - (now % (span / PARTS));
  const last = memory.parts.at(-1);
  if (last?.at === at) {
    last.low = Math.min(last.low, price);
    last.high = Math.max(last.high, price);
  } else {
    memory.parts.push({ at, low: price, high: price });
    memory.parts = memory.parts.filter((part) => part.at > now - span);
  }
  const low = Math.min(...memory.parts.map((part) => part.low));
  const high = Math.max(...memory.parts.map((part) => part.high));
  return (price - low) * 100 >= percent * Math.abs(low) && price > low || (high - price) * 100 >= percent * Math.abs(high) && price < high;
}
