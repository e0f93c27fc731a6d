import { element } from '../../../ui/element.js';
import { setAttribute, setText, show } from '../../../ui/paint.js';
import { formatCount, formatLag } from '../../../words/format.js';
import { quoted } from '../../../words/text.js';

const MOST_OF_VERSION = 16;
const MOST_OF_SERVER = 32;

/** Name, its title, and whether it is the hub's own. */
const FIGURES = /** @type {const} */ ([
  ['updates', 'Updates', 'Prices that this page received'],
  ['rate', 'Updates per s', 'Updates a second, mean of the last ten'],
  ['lag', 'Average lag', 'From the hub to this screen, mean of the last hundred prices'],
  ['age', 'Exchange lag', 'From the exchange’s time to this screen, mean of the last hundred prices'],
  ['symbols', 'Symbols tracked', 'By this page'],
  ['states', 'On the hub', 'Symbols streamed · polled · unavailable'],
  ['missed', 'Missed, resumed', 'Frames that this page did not read, and how often the hub brought it up to date'],
  ['viewers', 'Viewers', 'Browsers on this hub'],
  ['minute', 'Credits, minute', 'Twelve Data credits that the hub has left this minute'],
  ['day', 'Credits, today', 'Twelve Data credits that the hub has left today'],
  ['version', 'Version', 'Of the hub'],
  ['protocol', 'Protocol', 'That the hub speaks with this page'],
  ['server', 'Server', 'Which of this terminal’s servers this page is on, and how long ago that one heard of the hub'],
]);
/** @typedef {typeof FIGURES[number][0]} Name */

/** What has been counted, as names and values. */
export function createFigures() {
  /** @type {Map<Name, HTMLElement>} */
  const values = new Map();
  const root = element('dl', { class: 'figures' }, ...FIGURES.map(([name, label, title]) => {
    const value = element('dd', { 'data-value': name });
    values.set(name, value);
    return element('div', { title, class: name === 'server' ? 'wide' : 'narrow' }, element('dt', { class: 'minor' }, label), value);
  }));
  return {
    element: root,
    /** @param {import('../../../model/store.js').Store} store @param {number | null} perSecond */
    paint(store, perSecond) {
      const { hub } = store;
      const connected = store.link.state === 'connected';
      /** @param {number | null | undefined} count */
      const counted = (count) => (count === null || count === undefined ? '—' : formatCount(count));
      /** @param {number | null} lag */
      const lagged = (lag) => (lag === null ? '—' : formatLag(Math.max(0, lag)));
      /** @type {Record<Name, string>} */
      const texts = {
        updates: formatCount(store.updates),
        rate: perSecond === null ? '—' : perSecond.toFixed(1),
        lag: lagged(store.lagFromHub.mean),
        age: lagged(store.lagFromExchange.mean),
        symbols: formatCount(store.tracked),
        states: hub === null ? '—' : `${counted(hub.symbols.streaming)} · ${counted(hub.symbols.polled)} · ${counted(hub.symbols.unavailable)}`,
        missed: `${formatCount(store.missed)}, ${formatCount(store.resumed)}`,
        viewers: connected ? counted(hub?.viewers) : '—',
        minute: connected ? counted(hub?.creditsLeft.minute) : '—',
        day: connected ? counted(hub?.creditsLeft.day) : '—',
        version: store.version === '' ? '—' : quoted(store.version, MOST_OF_VERSION),
        protocol: store.protocol === '' ? '—' : store.protocol === 'json' ? 'plain JSON' : store.protocol,
        server: serverText(store),
      };
      for (const [name, text] of Object.entries(texts)) {
        const value = values.get(/** @type {Name} */ (name));
        if (!value) continue;
        // Most terminals have one server, and nothing to say of it.
        if (name === 'server' && value.parentElement) show(value.parentElement, text !== '');
        setText(value, text);
        setAttribute(value, 'title', text === '—' ? 'Not known yet' : text);
      }
    },
  };
}

/**
 * `weur/0, 12 ms from the hub`; '' where there is one hub only.
 * @param {import('../../../model/store.js').Store} store
 */
function serverText({ server, hub, link }) {
  const name = server ?? hub?.server ?? null;
  if (name === null) return '';
  const hopMs = link.state === 'connected' && hub !== null ? hub.hopMs : null;
  const hop = hopMs === null ? '' : `, ${formatLag(Math.max(0, hopMs))} from the hub`;
  return `${quoted(name, MOST_OF_SERVER)}${hop}`;
}
