/** The chart's buttons. Each runs a command, as keys and palette do. */
import { INTERVALS } from '../../model/intervals.js';
import { element } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setAttribute } from '../../ui/paint.js';

/** @typedef {import('../../model/desk.js').View} View */

/** @type {{ id: View['chart'], title: string, sign: string }[]} */
export const TYPES = [
  { id: 'candles', title: 'Candles', sign: 'chart' },
  { id: 'line', title: 'Line', sign: 'line' },
  { id: 'baseline', title: 'Baseline at the previous close', sign: 'baseline' },
];

/** @param {import('../../terminal.js').Terminal} terminal */
export function createToolbar({ desk, commands }) {
  const intervals = INTERVALS.map(({ id, label, words }) => {
    const button = element('button', { type: 'button', title: words }, label);
    button.addEventListener('click', () => commands.run(`chart.${id}`));
    return { id, button };
  });
  const types = TYPES.map(({ id, title, sign }) => {
    const button = signButton(sign, title);
    button.addEventListener('click', () => commands.run(`chart.${id}`));
    return { id, button };
  });
  const table = signButton('table', 'As a table');
  table.addEventListener('click', () => commands.run('chart.table'));
  const csv = signButton('download', 'Download the bars as CSV');
  csv.addEventListener('click', () => commands.run('chart.csv'));
  const fill = signButton('fill', 'Fill the screen');
  fill.classList.add('fill');
  fill.addEventListener('click', () => commands.run('view.fill', 'chart'));
  const root = element(
    'div', { class: 'toolbar', role: 'group', 'aria-label': 'Chart' },
    element('div', { class: 'intervals', role: 'group', 'aria-label': 'Interval' }, ...intervals.map(({ button }) => button)),
    element('div', { class: 'types', role: 'group', 'aria-label': 'Type of chart' }, ...types.map(({ button }) => button)),
    element('div', { class: 'tools' }, table, csv, fill),
  );
  return {
    element: root,
    /** @param {{ asTable: boolean, bars: boolean }} shown  `bars`: whether there are any */
    paint({ asTable, bars }) {
      const { interval, chart, filled } = desk.view;
      for (const { id, button } of intervals) setAttribute(button, 'aria-pressed', String(id === interval));
      for (const { id, button } of types) setAttribute(button, 'aria-pressed', String(id === chart));
      setAttribute(table, 'aria-pressed', String(asTable));
      setAttribute(fill, 'aria-pressed', String(filled === 'chart'));
      for (const button of [table, csv]) button.disabled = !bars;
    },
  };
}

/** @param {string} sign @param {string} title */
function signButton(sign, title) {
  return element('button', { type: 'button', 'aria-label': title, title }, icon(sign));
}
