import { distanceOf, isOfLevel, obstacleOf } from '../../../model/alerts.js';
import { rowKey } from '../../../model/quotes.js';
import { truthOf } from '../../../model/truth.js';
import { element } from '../../../ui/element.js';
import { icon, setIcon } from '../../../ui/icon.js';
import { setAttribute, setText, show } from '../../../ui/paint.js';
import { conditionOf, distanceText, stateText, subjectOf } from '../../../words/alerts.js';
import { formatSince } from '../../../words/format.js';
import { quoted } from '../../../words/text.js';

/** @typedef {import('../../../model/alerts.js').Alert} Alert */

const MOST_OF_MORE = 400;

/**
 * @typedef {object} Acts
 * @property {(id: string) => void} edit
 * @property {(id: string) => void} arm
 * @property {(id: string, button: HTMLElement) => void} snooze
 * @property {(id: string) => void} remove
 */

/**
 * One alert: symbol, condition, distance, state, what can be done; below them its note, its last
 * firing, and why it cannot fire now.
 * @param {string} id
 * @param {Acts} acts
 */
export function createAlertRow(id, acts) {
  const sign = icon('bell');
  const symbol = element('span', { class: 'symbol', dir: 'auto' });
  const condition = element('span', { class: 'condition' });
  const distance = element('span', { class: 'distance' });
  const state = element('span', { class: 'state' });
  const more = element('span', { class: 'more', dir: 'auto' });
  const arm = element('button', { type: 'button' }, 'Re-arm');
  const snooze = element('button', { type: 'button', 'aria-haspopup': 'menu' }, 'Snooze');
  const edit = element('button', { type: 'button' }, 'Edit');
  const remove = element('button', { type: 'button' }, icon('close'));
  arm.addEventListener('click', () => acts.arm(id));
  snooze.addEventListener('click', () => acts.snooze(id, snooze));
  edit.addEventListener('click', () => acts.edit(id));
  remove.addEventListener('click', () => acts.remove(id));
  const root = element(
    'li', { class: 'alert' },
    sign, symbol, condition, distance, state, element('span', { class: 'acts' }, arm, snooze, edit, remove), more,
  );

  return {
    element: root,
    /** @param {Alert} alert @param {import('../../../model/store.js').Store} store @param {number} now */
    paint(alert, store, now) {
      const row = alert.symbol === null ? undefined : store.rows.get(rowKey(alert.symbol));
      const { circumstances } = store;
      const truth = row ? truthOf(row, circumstances, now) : null;
      const obstacle = obstacleOf(alert, { row, truth, circumstances, epoch: store.epoch });
      const subject = subjectOf(alert);
      const what = conditionOf(alert, row?.quote);
      setAttribute(root, 'data-state', alert.state);
      setAttribute(root, 'data-blocked', obstacle === null ? null : '');
      setIcon(sign, obstacle === null ? (alert.state === 'armed' ? 'bell' : alert.state === 'fired' ? 'disc' : 'crescent') : (truth?.sign ?? 'unplugged'));
      setText(symbol, subject);
      setText(condition, what);
      setAttribute(condition, 'title', what);
      const away = alert.state === 'armed' || alert.state === 'snoozed' ? distanceOf(alert, row?.quote) : null;
      setText(distance, distanceText(away, isOfLevel(alert.kind)));
      setText(state, obstacle === null ? stateText(alert, now) : 'Cannot fire now');
      const focused = document.activeElement;
      show(arm, alert.state !== 'armed');
      show(snooze, alert.state === 'armed' || alert.state === 'fired');
      // A button that goes hands the focus to the one that comes.
      if (focused === snooze && snooze.hidden) arm.focus();
      if (focused === arm && arm.hidden) snooze.focus();
      for (const [button, act] of /** @type {const} */ ([[arm, 'Re-arm'], [snooze, 'Snooze'], [edit, 'Edit'], [remove, 'Delete']])) {
        setAttribute(button, 'aria-label', `${act}: ${subject} ${what}`);
      }
      setText(more, [
        obstacle,
        alert.state === 'snoozed' && alert.until !== null ? `Until ${formatSince(alert.until, now)}` : null,
        alert.doubt ? `${quoted(alert.doubt, MOST_OF_MORE)}.` : null,
        alert.note === '' ? null : quoted(alert.note, MOST_OF_MORE),
        alert.fired === null ? null : `Last fired ${formatSince(alert.fired.at, now)}: ${quoted(alert.fired.sentence, MOST_OF_MORE)}`,
        alert.expires === null || alert.state === 'off' ? null : `Expires ${formatSince(alert.expires, now)}`,
      ].filter((part) => part !== null).join(' · '));
      setAttribute(more, 'title', more.textContent === '' ? null : more.textContent);
      show(more, more.textContent !== '');
    },
  };
}
