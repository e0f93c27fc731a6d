import { noticesOf } from '../../../model/notices.js';
import { element } from '../../../ui/element.js';
import { icon } from '../../../ui/icon.js';
import { setText, show } from '../../../ui/paint.js';
import { formatSince } from '../../../words/format.js';
import { quoted } from '../../../words/text.js';

const MOST_OF_REASON = 300;
const MOST_OF_PRINCIPAL = 60;
const FEED_SIGNS = { idle: 'crescent', connecting: 'dots', live: 'disc', stalled: 'speaker-off', fallback: 'circling', refused: 'crossed' };
const FEED_TONES = { idle: 'minor', connecting: 'doubt', live: 'live', stalled: 'doubt', fallback: 'doubt', refused: 'bad' };

/**
 * All that is wrong now, who may use the hub, what it advises, and the feed's last states. The lists are built
 * again only when they say something else.
 * @param {import('../../../terminal.js').Terminal} terminal
 */
export function createReports({ store, commands }) {
  const notices = part('Now');
  const access = part('Access');
  const advice = part('The hub advises');
  const feeds = part('The feed’s last states');
  const root = element('div', { class: 'reports', tabindex: '0', role: 'region', 'aria-label': 'Notices and history' }, notices.element, access.element, advice.element, feeds.element);

  return {
    element: root,
    /** @param {number} now */
    paint(now) {
      const wrong = noticesOf(store, { online: navigator.onLine, newVersion: store.newVersion }, now);
      notices.paint(
        wrong.length === 0 ? [{ sign: 'disc', tone: 'live', text: store.link.state === 'connected' ? 'Nothing is wrong.' : 'Connecting to the hub.' }]
          : wrong.map(({ sign, tone, sentence, action }) => ({ sign, tone, text: sentence, action })),
        commands,
      );
      access.paint(admission(store, now), commands);
      advice.paint((store.hub?.advice ?? []).map(({ about, wrong: what, todo }) => ({
        sign: 'warning', tone: 'doubt', text: `${quoted(about, 40)}: ${quoted(what, MOST_OF_REASON)}${/[.!?]$/.test(what) ? '' : '.'} ${quoted(todo, MOST_OF_REASON)}`,
      })), commands);
      feeds.paint([...store.feeds].reverse().map(({ state, since, reason }) => ({
        sign: FEED_SIGNS[state], tone: FEED_TONES[state],
        text: `${since === null ? '' : `${formatSince(since - store.offset, now)} `}${state}${reason === '' ? '' : `: ${quoted(reason, MOST_OF_REASON)}`}`,
      })), commands);
    },
  };
}

/** @typedef {{ sign: string, tone: string, text: string, action?: { command: string, label: string } }} Entry */

/**
 * Who may use the hub, and who this page is to it; none if the hub does not say.
 * @param {import('../../../model/store.js').Store} store
 * @param {number} now
 * @returns {Entry[]}
 */
function admission({ access, link, offset }, now) {
  if (access === null || link.state !== 'connected') return [];
  const { principal, expires } = access;
  if (principal === null) return access.mode === 'open' ? [{ sign: 'disc', tone: 'minor', text: 'Open to anyone who reaches this address.' }] : [];
  const until = expires === null ? '' : `, until ${formatSince(expires - offset, now)}`;
  return [{
    sign: 'check', tone: 'minor', text: `Signed in as ${quoted(principal, MOST_OF_PRINCIPAL)}${until}.`, action: { command: 'access.sign-out', label: 'Sign out' },
  }];
}

/** @param {string} title */
function part(title) {
  const list = element('ul');
  const root = element('section', {}, element('h2', { class: 'minor' }, title), list);
  /** What the list was built of. */
  let shape = '';
  return {
    element: root,
    /** @param {Entry[]} entries @param {import('../../../commands.js').Commands} commands */
    paint(entries, commands) {
      show(root, entries.length > 0);
      const next = entries.map(({ sign, tone, action }) => `${sign} ${tone} ${action?.command ?? ''}`).join('\n');
      if (next !== shape) {
        shape = next;
        list.replaceChildren(...entries.map(({ sign, tone, action }) => {
          const item = element('li', {}, element('span', { class: 'sign', 'data-tone': tone }, icon(sign)), element('span', { class: 'text', dir: 'auto' }));
          if (action) {
            const button = element('button', { type: 'button', class: 'solid' }, action.label);
            button.addEventListener('click', () => commands.run(action.command));
            item.append(button);
          }
          return item;
        }));
      }
      for (const [at, { text }] of entries.entries()) {
        const place = list.children[at]?.querySelector('.text');
        if (place) setText(place, text);
      }
    },
  };
}
