/**
 * Where the keyboard is in the grid: the ARIA data grid pattern. The grid is one tab stop; arrows go
 * from cell to cell. The row with the cursor is always mounted, so focus survives scrolling.
 */
import { setAttribute } from '../../ui/paint.js';
import { HEAD } from './head.js';

/** Selection waits, so that holding an arrow key does not load a chart for every row. */
const SELECT_MS = 150;

export class Cursor {
  /** Of the row, or {@link HEAD}. */
  key = '';
  column = 'symbol';
  #grid;
  #root;
  #desk;
  /** Its place among the rows: if the row goes, its neighbour takes the focus. */
  #place = 0;
  #mustFocus = false;
  /** The one element that Tab reaches. @type {HTMLElement | null} */
  #stop = null;
  /** The row that has a name for screen readers. @type {HTMLElement | null} */
  #named = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #selecting;
  /** The selected symbol that the cursor knows of. @type {string | null} */
  #selected = null;

  /**
   * @param {import('./grid.js').Grid} grid
   * @param {HTMLElement} root  the element with the role `grid`
   * @param {import('../../model/desk.js').Desk} desk
   */
  constructor(grid, root, desk) {
    this.#grid = grid;
    this.#root = root;
    this.#desk = desk;
    root.addEventListener('focusin', (event) => this.#focused(event));
    root.addEventListener('keydown', (event) => this.#press(event));
  }

  destroy() {
    this.#stopSelecting();
  }

  /** The rows are others now; those of before are still on the page. */
  arranged() {
    const { entries } = this.#grid;
    const place = this.#grid.placeOf(this.key);
    if (this.key === HEAD && this.#grid.hasHead) return;
    if (place >= 0) {
      this.#place = place;
      return;
    }
    this.#mustFocus = this.#root.contains(document.activeElement);
    const selected = this.#grid.placeOf(this.#desk.view.symbol ?? '');
    const next = entries[selected >= 0 && !this.#mustFocus ? selected : Math.min(this.#place, entries.length - 1)];
    this.key = next?.key ?? HEAD;
  }

  /** The new rows are on the page: focus that was in a row that went goes to the next one. */
  settle() {
    if (!this.#mustFocus) return;
    this.#mustFocus = false;
    this.focus();
  }

  /** Makes the cell of the cursor the one tab stop. */
  mark() {
    const target = this.#target();
    if (target === this.#stop) return;
    this.#stop?.setAttribute('tabindex', '-1');
    target?.setAttribute('tabindex', '0');
    this.#stop = target;
  }

  /** If another symbol was selected elsewhere, the cursor goes to its row. */
  follow() {
    const { symbol } = this.#desk.view;
    if (symbol === this.#selected) return;
    this.#selected = symbol;
    this.#stopSelecting();
    const place = this.#grid.placeOf(symbol ?? '');
    if (symbol === null || symbol === this.key || place < 0) return;
    const hasFocus = this.#root.contains(document.activeElement);
    this.key = symbol;
    this.#place = place;
    this.#grid.reveal(symbol);
    if (hasFocus) this.focus();
  }

  focus() {
    this.mark();
    this.#stop?.focus({ preventScroll: true });
  }

  /** @param {string} key @param {string} [column] */
  go(key, column = this.column) {
    this.key = key;
    this.column = column;
    this.#grid.reveal(key);
    this.focus();
  }

  /** Names the row with focus anew. */
  describe() {
    const row = this.#root.contains(document.activeElement) ? (this.#grid.elementOf(this.key) ?? null) : null;
    if (this.#named !== row && this.#named) setAttribute(this.#named, 'aria-label', null);
    this.#named = row;
    if (row && this.#grid.entryOf(this.key)?.type === 'symbol') setAttribute(row, 'aria-label', this.#grid.describe(this.key));
  }

  /** @param {FocusEvent} event */
  #focused(event) {
    if (!(event.target instanceof Element)) return;
    this.column = event.target.closest('[data-column]')?.getAttribute('data-column') ?? this.column;
    this.key = event.target.closest('[data-key]')?.getAttribute('data-key') ?? HEAD;
    const place = this.#grid.placeOf(this.key);
    if (place >= 0) this.#place = place;
    this.mark();
    this.describe();
  }

  /** Selects the row that the user went to. */
  #select() {
    this.#stopSelecting();
    if (this.#grid.entryOf(this.key)?.type !== 'symbol') return;
    this.#selected = this.key;
    this.#desk.show({ symbol: this.key });
  }

  #stopSelecting() {
    clearTimeout(this.#selecting);
    this.#selecting = undefined;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const isPlain = !altKey && !metaKey && !shiftKey && (!ctrlKey || key === 'Home' || key === 'End');
    const to = isPlain && !event.defaultPrevented ? this.#destination(key, ctrlKey) : null;
    if (!to) {
      // Whatever this key does is meant for the row with focus.
      if (this.#selecting !== undefined) this.#select();
      return;
    }
    event.preventDefault();
    this.#stopSelecting();
    if (to.key !== this.#desk.view.symbol) this.#selecting = setTimeout(() => this.#select(), SELECT_MS);
    this.go(to.key, to.column);
  }

  /** @param {string} key @param {boolean} far @returns {{ key: string, column: string } | null} */
  #destination(key, far) {
    const { entries, hasHead, rowsPerPage } = this.#grid;
    const place = this.#grid.placeOf(this.key);
    const columns = this.#grid.entryOf(this.key)?.type === 'section' ? ['symbol', 'actions'] : [...this.#grid.columns, 'actions'];
    const column = Math.max(0, columns.indexOf(this.column));
    const first = hasHead ? -1 : 0;
    /** @param {number} row @param {string} [within] */
    const at = (row, within = this.column) => {
      const bounded = Math.max(first, Math.min(entries.length - 1, row));
      return { key: entries[bounded]?.key ?? HEAD, column: within };
    };
    const beside = (/** @type {number} */ by) => ({ key: this.key, column: columns[Math.max(0, Math.min(columns.length - 1, column + by))] ?? 'symbol' });
    switch (key) {
      case 'ArrowUp': return at(place - 1);
      case 'ArrowDown': return at(place + 1);
      case 'ArrowLeft': return beside(-1);
      case 'ArrowRight': return beside(1);
      case 'PageUp': return at(Math.max(0, place - rowsPerPage));
      case 'PageDown': return at(place + rowsPerPage);
      case 'Home': return far ? at(0, 'symbol') : beside(-Infinity);
      case 'End': return far ? at(entries.length - 1, 'actions') : beside(Infinity);
      default: return null;
    }
  }

  /** @returns {HTMLElement | null} */
  #target() {
    const row = this.#grid.elementOf(this.key);
    const cell = row?.querySelector(`[data-column="${this.column}"]`) ?? row?.querySelector('[data-column="symbol"]');
    const target = cell?.querySelector('[data-focus]') ?? cell;
    return target instanceof HTMLElement ? target : null;
  }
}
