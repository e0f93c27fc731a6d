/**
 * What may be said of a price: the one function that list, chart, title, export, embed and screen
 * reader ask. The rule: nothing is called live that is stale, restored, closed, or not streamed to
 * this page at this moment.
 */
import { formatAgeAtMost, formatSince, formatSpan } from '../words/format.js';
import { quoted } from '../words/text.js';
import { ageOf, staleSince } from './quotes.js';

/** The most characters of a venue in a sentence. */
const MOST_OF_VENUE = 60;

/**
 * @typedef {'not-accepted' | 'unavailable' | 'waiting' | 'last-known' | 'stale' | 'restored' | 'closed' | 'rest' | 'mute'
 *   | 'paused' | 'live'} Level
 */

/**
 * @typedef {object} Truth
 * @property {Level} level
 * @property {boolean} simulated
 * @property {string} sign  id of an icon; distinct by shape alone
 * @property {string} word  `Live`, `SIM`, `SIM Stale`
 * @property {string} age   `2 s`, `≤ 1 min`, ''
 * @property {string} sentence  why, for the detail panel and the row's title
 * @property {'live' | 'rest' | 'doubt' | 'bad' | 'sim' | 'minor'} tone
 * @property {boolean} mayFlash
 * @property {boolean} mayAlert
 */

/**
 * @typedef {object} Circumstances
 * @property {import('./store.js').Link} link
 * @property {import('../link/wire.js').Feed | null} feed
 * @property {'none' | 'ok' | 'failed'} rest  the page's last question by REST while it is cut off
 * @property {number} offset  hub's clock minus the page's, ms
 */

/** @type {Record<Level, { word: string, sign: string, tone: Truth['tone'] }>} */
const SHOWN = {
  'not-accepted': { word: 'Not a symbol', sign: 'crossed', tone: 'bad' },
  unavailable: { word: 'Unavailable', sign: 'crossed', tone: 'bad' },
  waiting: { word: 'Waiting', sign: 'dots', tone: 'minor' },
  'last-known': { word: 'Last known', sign: 'unplugged', tone: 'bad' },
  stale: { word: 'Stale', sign: 'dashed', tone: 'doubt' },
  restored: { word: 'Restored', sign: 'clock-back', tone: 'rest' },
  closed: { word: 'Closed', sign: 'crescent', tone: 'minor' },
  rest: { word: 'REST', sign: 'circling', tone: 'rest' },
  mute: { word: 'Mute', sign: 'barred', tone: 'doubt' },
  paused: { word: 'Paused', sign: 'barred', tone: 'doubt' },
  live: { word: 'Live', sign: 'disc', tone: 'live' },
};

/** The levels whose price may set off an alert. */
const MAY_ALERT = new Set(['live', 'rest', 'closed']);

/**
 * @param {import('./quotes.js').Row} row
 * @param {Circumstances} circumstances
 * @param {number} now  page's clock, ms
 * @returns {Truth}
 */
export function truthOf(row, circumstances, now) {
  const { quote } = row;
  const level = levelOf(row, circumstances, now);
  const simulated = quote?.simulated === true;
  const { sign, tone } = SHOWN[level];
  const word = wordOf(level, row);
  return {
    level,
    simulated,
    sign: simulated && level === 'live' ? 'diamond' : sign,
    word: simulated ? (level === 'live' && word === 'Live' ? 'SIM' : `SIM ${word}`) : word,
    age: ageText(row, level, circumstances, now),
    // Written when it is read: it costs more than the rest, and a tick rarely needs it.
    get sentence() {
      return [sentenceOf(row, level, circumstances, now), ...(simulated ? ['Made by the simulator. No market is behind it.'] : [])].join(' ');
    },
    tone: simulated && level === 'live' ? 'sim' : tone,
    mayFlash: level === 'live',
    mayAlert: MAY_ALERT.has(level),
  };
}

/**
 * @param {import('./quotes.js').Row} row
 * @param {Circumstances} circumstances
 * @param {number} now
 * @returns {Level}
 */
function levelOf(row, { link, feed, rest, offset }, now) {
  const { quote } = row;
  if (row.state === 'rejected') return 'not-accepted';
  if (row.state === 'unavailable') return 'unavailable';
  if (quote === null) return 'waiting';
  const connected = link.state === 'connected';
  const byRest = !connected && rest === 'ok' && row.vouchedAt > link.heardAt;
  if (!connected && !byRest) return row.kept ? 'restored' : 'last-known';
  if (staleSince(row, { connected, heardAt: link.heardAt }, now, offset) !== null) return 'stale';
  if (row.kept || quote.source === 'restored') return 'restored';
  if (quote.session === 'closed') return 'closed';
  if (byRest || quote.source === 'rest' || row.state === 'polled') return 'rest';
  if (feed?.state === 'stalled') return 'mute';
  if (feed !== null && feed.state !== 'live' && feed.state !== 'idle') return 'paused';
  return 'live';
}

/**
 * @param {Level} level
 * @param {import('./quotes.js').Row} row
 */
function wordOf(level, row) {
  if (level === 'unavailable' && row.needsPlan !== null) return 'Not in plan';
  if (level === 'live' && row.quote?.session === 'extended') return 'Extended';
  return SHOWN[level].word;
}

/**
 * @param {import('./quotes.js').Row} row
 * @param {Level} level
 * @param {Circumstances} circumstances
 * @param {number} now
 */
function ageText({ quote, since }, level, { offset }, now) {
  if (level === 'not-accepted' || level === 'unavailable') return '';
  if (level === 'waiting') return since === 0 ? '' : formatSpan(now - since);
  if (quote === null) return '';
  const age = ageOf(quote, now, offset);
  if (age === null) return '';
  return quote.precision === 'second' ? formatSpan(age) : formatAgeAtMost(age);
}

/**
 * @param {import('./quotes.js').Row} row
 * @param {Level} level
 * @param {Circumstances} circumstances
 * @param {number} now
 * @returns {string}
 */
function sentenceOf(row, level, { link, feed, offset }, now) {
  const { quote, reason, needsPlan, retryAt } = row;
  const made = quote === null || quote.timestamp === null ? 'a time that the exchange did not tell' : formatSince(quote.timestamp - offset, now);
  const because = reason === null ? '' : ` because ${lowerFirst(reason)}`;
  switch (level) {
    case 'not-accepted':
      return sentence(reason ?? 'the hub did not accept it');
    case 'unavailable': {
      const plan = needsPlan === null ? '' : ` Twelve Data serves it from the ${needsPlan} plan.`;
      const again = retryAt === null ? '' : ` Asked again at ${formatSince(retryAt - offset, now)}.`;
      return `${sentence(reason ?? 'nobody serves it')}${plan}${again}`;
    }
    case 'waiting':
      return row.since === 0 ? 'Not asked for yet.' : `Asked for ${formatSpan(now - row.since)} ago; nothing has come yet.`;
    case 'last-known':
      return `This page is cut off from the hub. The price is the last it saw, of ${made}.`;
    case 'stale': {
      const since = staleSince(row, { connected: link.state === 'connected', heardAt: link.heardAt }, now, offset);
      return `Not confirmed since ${formatSince(since ?? now, now)}. Do not take it for the present price.`;
    }
    case 'restored':
      return row.kept
        ? `Kept by this browser, from ${made}; not confirmed since.`
        : `Kept from before the hub restarted, from ${made}; not confirmed since.`;
    case 'closed':
      return closedSentence(row, made, offset, now);
    case 'rest':
      if (link.state !== 'connected') return `This page is cut off from the stream and reads by REST every 30 s. The price is of ${made}.`;
      return `Asked for by REST as the credits allow${because}. The price is of ${made}.`;
    case 'mute':
      return `The stream is open, but no ticks come although markets trade${feed === null || feed.since === null ? '' : `, for ${formatSpan(now + offset - feed.since)}`}. The price is of ${made}.`;
    case 'paused':
      return `The hub's stream is down: ${feed?.reason ?? 'no reason told'}. The price is the last tick, of ${made}.`;
    default: {
      const venue = `from ${venueOf(quote, 'its exchange')}`;
      const extended = quote?.session === 'extended' ? ' The exchange is closed; this is a trade outside its hours.' : '';
      return `Streaming ${venue}. The price is of ${made}.${extended}`;
    }
  }
}

/**
 * @param {import('./quotes.js').Row} row
 * @param {string} made
 * @param {number} offset
 * @param {number} now
 */
function closedSentence({ quote }, made, offset, now) {
  const opens = quote === null || quote.opensAt === null ? '' : ` Opens ${formatSince(quote.opensAt - offset, now)}, in ${formatSpan(quote.opensAt - offset - now)}.`;
  return `${venueOf(quote, 'The exchange')} is closed. Last trade ${made}.${opens}`;
}

/** @param {import('./quotes.js').Quote | null} quote @param {string} unknown */
function venueOf(quote, unknown) {
  return quote?.exchange ? quoted(quote.exchange, MOST_OF_VENUE) : unknown;
}

/** @param {string} text */
function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** @param {string} text */
function lowerFirst(text) {
  return `${text.charAt(0).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`;
}
