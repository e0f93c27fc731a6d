import { element } from '../../ui/element.js';
import { icon, setIcon } from '../../ui/icon.js';
import { setAttribute } from '../../ui/paint.js';

/** The key of the head among the rows. */
export const HEAD = 'head';

/** The head of the list: its cells sort. */
export class Head {
  #actions = element('div', { class: 'cell actions', role: 'columnheader', tabindex: '-1', 'data-column': 'actions' }, element('span', { class: 'unseen' }, 'Actions'));
  element = element('div', { class: 'row head', role: 'row', 'aria-rowindex': '1' });
  /** @type {Map<string, { cell: HTMLElement, arrow: SVGSVGElement }>} */
  #cells = new Map();

  /** @param {import('./columns.js').Column[]} columns */
  setColumns(columns) {
    this.#cells = new Map(columns.map(({ id, title, name, align }, index) => {
      const arrow = icon('down');
      const cell = element(
        'div',
        { class: `cell ${align}`, role: 'columnheader', tabindex: '-1', 'data-column': id, 'aria-colindex': String(index + 1), 'aria-label': name, title: `Sort by ${name.toLowerCase()}` },
        element('span', { class: 'title' }, title), arrow,
      );
      return [id, { cell, arrow }];
    }));
    setAttribute(this.#actions, 'aria-colindex', String(columns.length + 1));
    this.element.replaceChildren(element('span', { class: 'grip' }), ...[...this.#cells.values()].map(({ cell }) => cell), this.#actions);
  }

  /** @param {import('../../model/desk.js').View['sort']} sort */
  paint(sort) {
    for (const [id, { cell, arrow }] of this.#cells) {
      const sorted = sort?.column === id;
      setAttribute(cell, 'aria-sort', sorted ? (sort.descending ? 'descending' : 'ascending') : 'none');
      if (sorted) setIcon(arrow, sort.descending ? 'down' : 'up');
    }
  }
}
