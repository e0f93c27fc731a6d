/**
 * What somebody who helps must know of this page, as JSON. It has no key, no cookie, and of
 * addresses only the origin.
 */
import { truthOf } from './truth.js';

/**
 * @param {import('./store.js').Store} store
 * @param {object} page
 * @param {string} page.origin
 * @param {string} page.browser
 * @param {boolean} page.online
 * @param {boolean} page.visible
 * @param {number | null} page.updatesPerSecond
 * @param {import('./notices.js').Notice[]} page.notices
 * @param {number} now  page's clock, ms
 */
export function diagnosisOf(store, { notices, ...page }, now) {
  const { link, feed, feeds, hub, hops, clock, circumstances } = store;
  const rows = [...store.rows.values()].map((row) => ({
    symbol: row.name, state: row.state, reason: row.reason, level: truthOf(row, circumstances, now).level, source: row.quote?.source ?? null,
    exchange: row.quote?.exchange ?? null, made: iso(row.quote?.timestamp), received: iso(row.quote?.receivedAt),
  }));
  return {
    at: iso(now),
    ...page,
    version: store.version,
    server: store.server,
    protocol: store.protocol,
    simulated: store.simulated,
    link: { state: link.state, since: iso(link.since), reason: link.reason, heard: iso(link.heardAt) },
    rest: store.rest,
    feed: feed && { ...feed, since: iso(feed.since) },
    feeds: feeds.map((one) => ({ ...one, since: iso(one.since) })),
    clock: clock.best,
    lagMs: {
      exchangeToHub: hops.toHub, hubToPage: hops.toPage, pageToScreen: hops.toScreen,
      exchangeToScreen: store.lagFromExchange.mean, hubToScreen: store.lagFromHub.mean,
    },
    updates: store.updates,
    missed: store.missed,
    resumed: store.resumed,
    tracked: store.tracked,
    leftOut: store.leftOut,
    hub,
    notices: notices.map(({ kind, sentence }) => ({ kind, sentence })),
    symbols: rows,
  };
}

/** @param {number | null | undefined} at  ms */
function iso(at) {
  return at === null || at === undefined || at === 0 || !Number.isFinite(at) ? null : new Date(at).toISOString();
}
