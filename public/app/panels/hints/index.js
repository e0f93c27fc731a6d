import './panel.css';
import { element } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setText, show } from '../../ui/paint.js';

/** After the first prices, so that they are seen first. */
const PAUSE_MS = 2_000;

/**
 * @typedef {object} Hint
 * @property {string} id  kept in `settings.dismissed`
 * @property {() => boolean} isFor  whether it says something to this user
 * @property {() => (Node | string)[]} sentence
 * @property {{ label: string, run: () => void }} [action]
 */

/**
 * One line at the foot of the list, once per browser: where the search is, and for readers of East
 * Asian languages the colours of their markets. Nothing else is explained unasked.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, { store, desk }) {
  /** @type {Hint[]} */
  const hints = [
    {
      id: 'east', isFor: () => desk.settings.updown === 'west' && /^(?:zh|ja|ko)\b/i.test(navigator.language),
      sentence: () => ['Show rising prices in red and falling ones in teal?'],
      action: { label: 'Red rises', run: () => desk.set({ updown: 'east' }, 'Red rises') },
    },
    {
      id: 'keys', isFor: () => desk.settings.singleKeys && matchMedia('(any-hover: hover) and (any-pointer: fine)').matches,
      sentence: () => ['Press ', element('kbd', {}, '/'), ' to find a symbol, ', element('kbd', {}, '?'), ' for keys'],
    },
  ];
  const sentence = element('p');
  const act = element('button', { type: 'button', class: 'solid' });
  const dismiss = element('button', { type: 'button', class: 'dismiss', 'aria-label': 'Dismiss this hint' }, icon('close'));
  const root = element('div', { class: 'hints', hidden: '' }, sentence, act, dismiss);
  host.append(root);
  /** @type {Hint | undefined} */
  let shown;
  /** When the first price was seen, page's clock, ms. @type {number | null} */
  let since = null;

  act.addEventListener('click', () => {
    shown?.action?.run();
    close();
  });
  dismiss.addEventListener('click', close);

  return {
    element: root,
    paint({ desk: parts, now, second }) {
      if (!second && parts.size === 0) return;
      if (since === null && [...store.rows.values()].some(({ quote, kept }) => quote !== null && !kept)) since = now;
      const isTime = since !== null && now - since >= PAUSE_MS;
      const next = isTime ? hints.find(({ id, isFor }) => !desk.settings.dismissed.includes(id) && isFor()) : undefined;
      if (next === shown) return;
      shown = next;
      show(root, next !== undefined);
      if (!next) return;
      sentence.replaceChildren(...next.sentence());
      setText(act, next.action?.label ?? '');
      show(act, next.action !== undefined);
    },
    destroy: () => root.remove(),
  };

  function close() {
    if (!shown) return;
    desk.set({ dismissed: [...desk.settings.dismissed, shown.id] });
    show(root, false);
  }
}
