import { armed, distanceOf, snoozed, tomorrow } from '../../../model/alerts.js';
import { rowKey } from '../../../model/quotes.js';
import { element } from '../../../ui/element.js';
import { icon } from '../../../ui/icon.js';
import { openMenu } from '../../../ui/menu.js';
import { show } from '../../../ui/paint.js';
import { offerUndo } from '../../../ui/undo.js';
import { conditionOf, subjectOf } from '../../../words/alerts.js';
import { createChannels } from './channels.js';
import { createAlertForm } from './form.js';
import { createAlertRow } from './row.js';

/** @typedef {import('../../../model/alerts.js').Alert} Alert */

/** Rows do not change places more often, and never below a pointer or the focus. */
const SORT_MS = 5_000;
const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;

/**
 * The user's alerts, nearest to its trigger first.
 * @param {import('../../../terminal.js').Terminal} terminal
 * @returns {import('../index.js').Tab}
 */
export function createAlerts(terminal) {
  const { store, desk, commands } = terminal;
  const list = element('ul', { class: 'list', 'aria-label': 'Alerts' });
  const first = element('button', { type: 'button', class: 'solid' }, 'Set an alert');
  const empty = element('p', { class: 'empty' }, element('span', {}, 'No alerts. One can watch a price, a move, a symbol that falls silent, or the feed.'), first);
  const channels = createChannels(terminal);
  const root = element('div', { class: 'alerts' }, element('div', { class: 'scroll' }, list, empty), channels.element);
  const form = createAlertForm(terminal);
  const sort = element(
    'select', { 'aria-label': 'Order of the alerts' },
    element('option', { value: 'distance' }, 'Nearest first'),
    element('option', { value: 'symbol' }, 'By symbol'),
    element('option', { value: 'fired' }, 'Last fired first'),
  );
  const make = element('button', { type: 'button', class: 'solid make' }, icon('plus'), 'New alert');
  const tools = element('div', { class: 'tools' }, element('div', { class: 'acts' }, sort, make));
  /** @type {Map<string, ReturnType<typeof createAlertRow>>} */
  const rows = new Map();
  let sortedAt = 0;

  const acts = {
    edit: (/** @type {string} */ id) => form.edit(id),
    arm: (/** @type {string} */ id) => change(id, (alert) => armed(alert, Date.now())),
    /** @param {string} id @param {HTMLElement} button */
    snooze(id, button) {
      const until = (/** @type {number} */ at) => () => change(id, (alert) => snoozed(alert, at));
      const now = Date.now();
      const items = [
        { label: '15 minutes', run: until(now + QUARTER_MS) },
        { label: '1 hour', run: until(now + HOUR_MS) },
        { label: 'Until tomorrow, 8:00', run: until(tomorrow(now)) },
      ];
      openMenu({ label: 'Snooze', items: () => items, at: button });
    },
    /** @param {string} id */
    remove(id) {
      const alert = desk.alerts.find((one) => one.id === id);
      if (!alert) return;
      const next = rows.get(id)?.element.nextElementSibling ?? rows.get(id)?.element.previousElementSibling;
      const sentence = `Deleted: ${subjectOf(alert)} ${conditionOf(alert, quoteOf(alert))}`;
      desk.change({ alerts: desk.alerts.filter((one) => one.id !== id) }, sentence);
      offerUndo(terminal, sentence);
      // The focus was on a button that goes.
      const stay = next?.querySelector('.acts button:last-child') ?? make;
      if (stay instanceof HTMLElement) stay.focus();
    },
  };
  make.addEventListener('click', () => commands.run('alerts.new'));
  first.addEventListener('click', () => commands.run('alerts.new'));
  sort.addEventListener('change', () => place());
  const forget = commands.add({
    id: 'alerts.new', title: 'Set an alert at the present price', group: 'Alerts', keys: ['Alt+A'],
    run: (symbol) => form.create(symbol),
  });

  return {
    element: root,
    tools,
    count: () => (desk.alerts.length === 0 ? '' : String(desk.alerts.length)),
    paint({ desk: parts, now, second }, appears) {
      if (appears || parts.has('alerts')) sync();
      if (appears || second || parts.has('alerts') || parts.has('settings')) {
        for (const alert of desk.alerts) rows.get(alert.id)?.paint(alert, store, now);
        channels.paint();
        if (Math.abs(now - sortedAt) >= SORT_MS && !list.matches(':hover, :focus-within')) place();
      }
    },
    paintAnyway({ second }) {
      if (second) form.paint();
    },
    destroy() {
      forget();
      form.destroy();
      root.remove();
      tools.remove();
    },
  };

  /** One row for each alert. */
  function sync() {
    const ids = new Set(desk.alerts.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    let isNew = false;
    for (const { id } of desk.alerts) {
      if (rows.has(id)) continue;
      rows.set(id, createAlertRow(id, acts));
      isNew = true;
    }
    if (isNew) place();
    show(empty, desk.alerts.length === 0);
  }

  /** Puts the rows in their order. */
  function place() {
    sortedAt = Date.now();
    const order = [...desk.alerts].sort((one, other) => compare(one, other));
    for (const [at, { id }] of order.entries()) {
      const row = rows.get(id)?.element;
      if (row && list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    }
  }

  /** @param {Alert} one @param {Alert} other */
  function compare(one, other) {
    if (sort.value === 'symbol') return subjectOf(one).localeCompare(subjectOf(other), 'en');
    if (sort.value === 'fired') return (other.fired?.at ?? 0) - (one.fired?.at ?? 0);
    return rank(one) - rank(other);
  }

  /** Armed ones by distance, then those whose distance is unknown, then the others. @param {Alert} alert */
  function rank(alert) {
    if (alert.state !== 'armed') return alert.state === 'fired' ? 1e9 : 2e9;
    return Math.min(distanceOf(alert, quoteOf(alert)) ?? 1e8, 1e8);
  }

  /** @param {Alert} alert */
  function quoteOf({ symbol }) {
    return symbol === null ? null : store.rows.get(rowKey(symbol))?.quote;
  }

  /** @param {string} id @param {(alert: Alert) => Alert} make */
  function change(id, make) {
    desk.change({ alerts: desk.alerts.map((alert) => (alert.id === id ? make(alert) : alert)) });
  }
}
