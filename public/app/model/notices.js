/**
 * What is wrong, worst first, as sentences for the notice line. Nothing is wrong: no line.
 */
import { formatCount, formatSince, formatSpan } from '../words/format.js';
import { quoted } from '../words/text.js';
import { MOST_SYMBOLS } from './symbols.js';

/**
 * `action`: a command that helps, and what its button says.
 * @typedef {object} Notice
 * @property {'sign-in' | 'offline' | 'cut-off' | 'connecting' | 'refused' | 'mute' | 'fallback' | 'storage' | 'left-out' | 'version' | 'list'} kind
 * @property {'bad' | 'doubt' | 'rest' | 'minor'} tone
 * @property {string} sign  an icon
 * @property {string} sentence
 * @property {{ command: string, label: string }} [action]
 */

/** A connection that is asked for is no trouble before this. */
const PATIENCE_MS = 3_000;
const MOST_OF_REASON = 300;
const MOST_MARKETS = 4;
const MOST_OF_MARKET = 30;

/**
 * @param {import('./store.js').Store} store
 * @param {{ online: boolean, newVersion: boolean }} browser
 * @param {number} now  page's clock, ms
 * @returns {Notice[]}
 */
export function noticesOf(store, { online, newVersion }, now) {
  /** @type {Notice[]} */
  const notices = [];
  const { link, feed, offset } = store;
  const connected = link.state === 'connected';
  const from = pricesFrom(store, now);
  if (link.signIn !== null) {
    const reason = link.signIn.reason === '' ? '' : `${quoted(link.signIn.reason, MOST_OF_REASON)} `;
    notices.push({
      kind: 'sign-in', tone: 'doubt', sign: 'unplugged', sentence: `${reason}This terminal needs a sign-in.${from}`,
      action: { command: 'access.sign-in', label: 'Sign in' },
    });
  } else if (!online && !connected) {
    notices.push({ kind: 'offline', tone: 'bad', sign: 'unplugged', sentence: `Your device is offline.${from}` });
  } else if (link.state === 'disconnected') {
    const wait = (link.retryAt ?? now) - now;
    const next = wait < 1_000 ? 'trying again now' : `next try in ${formatSpan(wait)}`;
    const how = store.rest === 'ok' ? ' Prices by REST every 30 s.' : from;
    notices.push({
      kind: 'cut-off', tone: 'bad', sign: 'unplugged',
      sentence: `Connection lost ${formatSpan(now - link.since)} ago (${quoted(link.reason, MOST_OF_REASON)}); ${next}.${how}`,
      action: { command: 'connection.reconnect', label: 'Try now' },
    });
  } else if (link.state === 'connecting' && now - link.since >= PATIENCE_MS) {
    notices.push({ kind: 'connecting', tone: 'doubt', sign: 'dots', sentence: `Still connecting (${formatSpan(now - link.since)}). A hub that slept answers within two seconds.` });
  }
  if (connected && feed) {
    const since = feed.since === null ? '' : ` for ${formatSpan(now + offset - feed.since)}`;
    const reason = quoted(feed.reason, MOST_OF_REASON);
    const todo = store.hub?.advice.find(({ about }) => about === 'feed')?.todo ?? '';
    if (feed.state === 'refused') {
      notices.push({ kind: 'refused', tone: 'bad', sign: 'crossed', sentence: `Twelve Data refuses${since}: ${reason}. ${todo}` });
    } else if (feed.state === 'stalled') {
      notices.push({ kind: 'mute', tone: 'doubt', sign: 'speaker-off', sentence: `No ticks${since}, although ${openMarkets(store)}. REST refreshes prices within the credits (${reason}).` });
    } else if (feed.state === 'fallback') {
      notices.push({ kind: 'fallback', tone: 'doubt', sign: 'circling', sentence: `The stream is down${since}: ${reason}. Prices by REST, as the credits allow.` });
    } else if (feed.state === 'connecting' && feed.since !== null && now + offset - feed.since >= PATIENCE_MS) {
      notices.push({ kind: 'connecting', tone: 'doubt', sign: 'dots', sentence: `Connecting to the market feed${since}.` });
    }
  }
  if (store.notice !== '') notices.push({ kind: 'list', tone: 'doubt', sign: 'warning', sentence: quoted(store.notice, MOST_OF_REASON) });
  for (const { about, wrong, todo } of connected ? (store.hub?.advice ?? []) : []) {
    if (about === 'storage') notices.push({ kind: 'storage', tone: 'doubt', sign: 'warning', sentence: `${quoted(wrong, MOST_OF_REASON)}. ${todo}` });
  }
  if (store.leftOut > 0) {
    notices.push({ kind: 'left-out', tone: 'doubt', sign: 'warning', sentence: `This hub serves ${formatCount(MOST_SYMBOLS)} symbols to one page; ${formatCount(store.leftOut)} of this list are not subscribed. Remove some, or open them in another list.` });
  }
  if (newVersion) {
    notices.push({ kind: 'version', tone: 'rest', sign: 'circling', sentence: 'A new version of the terminal is here.', action: { command: 'app.reload', label: 'Reload' } });
  }
  return notices;
}

/**
 * Which markets of streamed symbols trade now: `NASDAQ, Coinbase Pro and forex trade`.
 * @param {import('./store.js').Store} store
 */
function openMarkets({ rows }) {
  const names = new Set();
  for (const { state, quote } of rows.values()) {
    if (state !== 'streaming' || quote?.session !== 'open') continue;
    const name = quote.exchange ?? quote.kind;
    if (name !== null) names.add(quoted(name, MOST_OF_MARKET));
  }
  const sorted = [...names].toSorted();
  const listed = sorted.length > MOST_MARKETS ? [...sorted.slice(0, MOST_MARKETS - 1), 'others'] : sorted;
  if (listed.length === 0) return 'markets trade';
  return `${new Intl.ListFormat('en-GB').format(listed)} ${listed.length === 1 ? 'trades' : 'trade'}`;
}

/**
 * Of when the prices are, if the hub cannot be heard; '': there are none.
 * @param {import('./store.js').Store} store
 * @param {number} now  page's clock, ms
 */
function pricesFrom({ link, rows }, now) {
  if (link.heardAt !== 0) return ` Prices below are from ${formatSince(link.heardAt, now)}.`;
  let newest = -Infinity;
  for (const { kept, quote } of rows.values()) if (kept && quote) newest = Math.max(newest, quote.receivedAt);
  return newest === -Infinity ? '' : ` Prices from ${formatSince(newest, now)}, kept by this browser.`;
}
