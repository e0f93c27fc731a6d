import { element } from '../../../ui/element.js';
import { icon } from '../../../ui/icon.js';
import { setAttribute, setText } from '../../../ui/paint.js';
import { formatLag, formatSince, formatSpan } from '../../../words/format.js';

const LINK_WORDS = { connected: 'Connected', disconnected: 'Disconnected', connecting: 'Connecting…' };
const LINK_TONES = { connected: 'live', disconnected: 'bad', connecting: 'doubt' };
const FEED_WORDS = { idle: 'Idle', connecting: 'Connecting', live: 'Live', stalled: 'Mute', fallback: 'By REST', refused: 'Refused' };
const FEED_TONES = { idle: 'minor', connecting: 'doubt', live: 'live', stalled: 'doubt', fallback: 'doubt', refused: 'bad' };

/** The way of a price in a line: exchange to hub, hub to this page, page to screen. */
export function createHops() {
  const toHub = hop('exchange', 'Exchange → hub', 'The exchange stamps whole seconds.');
  const toPage = hop('hub', 'Hub → page, estimated', 'By the clocks of both, whose difference is measured like NTP does; the error is at most half the best round trip.');
  const toScreen = hop('screen', 'Page → screen', 'From the message to the frame that shows it.');
  const arrow = () => element('li', { class: 'arrow', 'aria-hidden': 'true' }, icon('play'));
  const root = element('ol', { class: 'hops', 'aria-label': 'The way of a price' }, toHub.element, arrow(), toPage.element, arrow(), toScreen.element);

  return {
    element: root,
    /**
     * @param {import('../../../model/store.js').Store} store
     * @param {number} shownSince  since when the page is in view, page's clock, ms
     * @param {number} now
     */
    paint({ link, feed, hops, offset, clock }, shownSince, now) {
      const connected = link.state === 'connected';
      const seen = connected && feed !== null;
      toHub.paint({
        state: seen ? FEED_WORDS[feed.state] : 'Not seen', tone: seen ? FEED_TONES[feed.state] : 'minor',
        since: seen && feed.since !== null ? sinceText(feed.since - offset, now) : '',
        lag: hops.toHub === null ? '' : formatLag(Math.max(0, hops.toHub)), error: '± 1 s',
      });
      const best = clock.best;
      toPage.paint({
        state: LINK_WORDS[link.state], tone: LINK_TONES[link.state], since: link.since === 0 ? '' : sinceText(link.since, now),
        lag: hops.toPage === null || best === null ? '' : formatLag(Math.max(0, hops.toPage)),
        error: best === null ? '' : `± ${formatLag(best.uncertainty)}`,
      });
      toScreen.paint({
        state: 'Painting', tone: 'live', since: sinceText(shownSince, now),
        lag: hops.toScreen === null ? '' : formatLag(hops.toScreen), error: 'next paint',
      });
    },
  };
}

/** `since 14:32:15 (3 min)`. @param {number} since @param {number} now */
function sinceText(since, now) {
  return `since ${formatSince(since, now)} (${formatSpan(now - since)})`;
}

/** @param {string} name @param {string} title @param {string} why */
function hop(name, title, why) {
  const state = element('span', { class: 'state' });
  const since = element('span', { class: 'since minor' });
  const lag = element('span', { class: 'lag' });
  const error = element('span', { class: 'error minor' });
  const root = element(
    'li', { class: 'hop', 'data-hop': name, title: why },
    element('span', { class: 'name minor' }, title), state, element('span', { class: 'latency' }, lag, error), since,
  );
  return {
    element: root,
    /** @param {{ state: string, tone: string, since: string, lag: string, error: string }} seen */
    paint(seen) {
      setText(state, seen.state);
      setAttribute(state, 'data-tone', seen.tone);
      setText(since, seen.since);
      setText(lag, seen.lag === '' ? 'not measured yet' : seen.lag);
      setAttribute(lag, 'class', seen.lag === '' ? 'lag minor' : 'lag');
      setText(error, seen.lag === '' ? '' : seen.error);
    },
  };
}
