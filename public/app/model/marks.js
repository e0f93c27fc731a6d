/**
 * The marks beside a price: its provenance, and whether it can be trusted. The rule: nothing is
 * called live that is simulated, restored, stale, or older than the page's own connection.
 */
import { formatSince } from '../words/format.js';
import { staleSince } from './quotes.js';

/**
 * @typedef {'live' | 'simulated' | 'rest' | 'restored' | 'unconfirmed' | 'stale' | 'closed'
 *   | 'extended' | 'polled' | 'unavailable' | 'pending'} MarkKind
 */
/** @typedef {{ kind: MarkKind, text: string }} Mark */

/**
 * @param {import('./quotes.js').Row} row
 * @param {import('./store.js').Link} link
 * @param {number} now     page's clock, ms
 * @param {number} offset  hub's clock minus the page's, ms
 * @returns {Mark[]}
 */
export function marksOf(row, link, now, offset) {
  /** @type {Mark[]} */
  const marks = [];
  const { quote } = row;
  const connected = link.state === 'connected';
  const stale = staleSince(row, { connected, heardAt: link.heardAt }, now, offset);

  if (quote?.simulated) marks.push({ kind: 'simulated', text: 'simulated' });
  if (quote && stale !== null) marks.push({ kind: 'stale', text: `stale since ${formatSince(stale, now)}` });
  if (quote) {
    if (quote.source === 'restored') marks.push({ kind: 'restored', text: 'restored' });
    else if (quote.source === 'rest') marks.push({ kind: 'rest', text: 'rest' });
    else if (row.state === 'rejected' && stale === null) marks.push({ kind: 'unconfirmed', text: 'last known' });
    else if (!connected && stale === null) {
      // The socket is down: the price came by REST, or is the last one that the page saw.
      marks.push(row.vouchedAt > link.heardAt ? { kind: 'rest', text: 'by REST' } : { kind: 'unconfirmed', text: 'last known' });
    } else if (connected && stale === null && !quote.simulated) marks.push({ kind: 'live', text: 'live' });
    if (quote.session === 'closed') marks.push({ kind: 'closed', text: 'session closed' });
    else if (quote.session === 'extended') marks.push({ kind: 'extended', text: 'extended hours' });
  }
  if (row.state === 'polled') marks.push({ kind: 'polled', text: 'polled' });
  else if (row.state === 'unavailable') marks.push({ kind: 'unavailable', text: 'unavailable' });
  else if (row.state === 'rejected') marks.push({ kind: 'unavailable', text: 'not accepted' });
  else if (row.state === 'pending' && quote === null) marks.push({ kind: 'pending', text: 'pending' });
  return marks;
}
