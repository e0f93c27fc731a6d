/**
 * The grid: only the rows in sight exist, and they move by a transform. A frame looks up the changed
 * symbols among them and writes the texts that differ. 500 rows cost no more than thirty.
 */
import { armedBySymbol } from '../../model/alerts.js';
import { described } from '../../model/announcement.js';
import { entriesOf, itemsInView, ownList, symbolsOf } from '../../model/lists.js';
import { newRow, rowKey } from '../../model/quotes.js';
import { Ranking, changeOf, sortingValue } from '../../model/sorting.js';
import { truthOf } from '../../model/truth.js';
import { MOST_SYMBOLS } from '../../model/symbols.js';
import { element } from '../../ui/element.js';
import { setAttribute } from '../../ui/paint.js';
import { decimalsOf, denomination, formatBeside, formatChange, formatCount, formatPrice } from '../../words/format.js';
import { ACTIONS_WIDTH, GRIP_WIDTH, chosenColumns, columnNamed, fit } from './columns.js';
import { Cursor } from './cursor.js';
import { HEAD, Head } from './head.js';
import { Lights } from './lights.js';
import { Measure } from './measure.js';
import { SectionRow, SymbolRow } from './row.js';

/** @typedef {import('../../model/lists.js').Entry} Entry */

/** Rows beyond the edge on either side, so that scrolling shows no gap. */
const BEYOND = 4;
/** After the last scroll: the rows are put in order for readers, and prices may flash again. */
const SETTLED_MS = 150;
/** On a phone a row has two lines. */
const phone = matchMedia('(max-width: 639.9px)');
const TWO_LINES = ['symbol', 'last', 'pct', 'source'];
const HEAD_HEIGHT = 28;
/** @type {import('../../model/alerts.js').Alert[]} */
const NONE = [];

export class Grid {
  #terminal;
  #head = new Head();
  #body = element('div', { class: 'rows', role: 'rowgroup' });
  #grid = element('div', { class: 'grid', role: 'grid', 'aria-label': 'Watchlist' }, element('div', { role: 'rowgroup', class: 'top' }, this.#head.element), this.#body);
  #marker = element('div', { class: 'marker', hidden: '' });
  #measure = new Measure();
  element = element('div', { class: 'scroller' }, this.#measure.element, this.#grid, this.#marker);
  #lights = new Lights();
  #ranking = new Ranking();
  /** @type {Entry[]} */
  entries = [];
  /** Places of the entries by their keys. @type {Map<string, number>} */
  #places = new Map();
  /** Ids of the columns in sight, in order. @type {string[]} */
  columns = [];
  rowHeight = 36;
  /** Whether a row has two lines. */
  #isTwoLined = false;
  /** @type {Map<string, SymbolRow | SectionRow>} */
  #mounted = new Map();
  /** Rows of symbols that are not shown now. @type {SymbolRow[]} */
  #spare = [];
  #isLaid = false;
  #width = 0;
  #height = 0;
  #scrollTop = 0;
  #scrolledAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;
  /** The row that is dragged stays mounted. */
  dragged = '';
  #hasPointer = false;
  #mustRank = false;
  #list = '';
  /** Keys of symbols whose numbers were measured out of sight. */
  #known = new Set();
  /** The armed alerts by the keys of their symbols. @type {Map<string, import('../../model/alerts.js').Alert[]>} */
  #alerts = new Map();
  #observer;

  /** @param {import('../../terminal.js').Terminal} terminal */
  constructor(terminal) {
    this.#terminal = terminal;
    this.cursor = new Cursor(this, this.#grid, terminal.desk);
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.element.addEventListener('pointerenter', () => (this.#hasPointer = true));
    this.element.addEventListener('pointerleave', () => (this.#hasPointer = false));
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(this.element);
  }

  destroy() {
    this.#observer.disconnect();
    this.#lights.destroy();
    clearTimeout(this.#settling);
    this.cursor.destroy();
  }

  /** Ranks the rows, whoever is inside. */
  rankNow() {
    this.#mustRank = true;
    this.#arrange(Date.now());
  }

  /** How old the order is if the rows would be in another one by now; null: it is right. @param {number} now */
  oldOrder(now) {
    return this.#terminal.desk.view.sort !== null && this.#ranking.isOld ? this.#ranking.ageAt(now) : null;
  }

  /** Whether rows can be moved: in an own list that is not sorted. */
  get isMovable() {
    const { view, lists } = this.#terminal.desk;
    return view.sort === null && ownList(view.list, lists) !== null;
  }

  /** @param {import('../../ui/screen.js').Frame} frame */
  paint({ changes: { topics, rows }, desk: parts, now, second }) {
    const { view, settings } = this.#terminal.desk;
    if (parts.has('alerts') || !this.#isLaid) this.#alerts = armedBySymbol(this.#terminal.desk.alerts);
    const mayLayOut = parts.has('settings') || !this.#isLaid;
    this.#isLaid = true;
    if (this.#list !== view.list || parts.has('settings')) {
      if (this.#list !== view.list) this.element.scrollTop = 0;
      this.#list = view.list;
      this.#measure.forget();
      this.#known.clear();
    }
    if (mayLayOut) this.#readSizes();
    if (second || mayLayOut || parts.has('lists') || parts.has('view') || topics.has('rows') || topics.has('feed')) this.#arrange(now);
    if (parts.has('view') || mayLayOut) this.#head.paint(view.sort);
    if (parts.has('view')) this.cursor.follow();
    const all = second || ['view', 'lists', 'settings', 'alerts'].some((part) => parts.has(/** @type {any} */ (part))) || ['rows', 'link', 'feed', 'clock'].some((topic) => topics.has(/** @type {any} */ (topic)));
    const quiet = !settings.flash || now - this.#scrolledAt < SETTLED_MS;
    let grown = false;
    for (const key of rows) grown = this.#measureUnseen(key) || grown;
    for (const key of all ? this.#mounted.keys() : rows) grown = this.#paintRow(key, now, second || parts.has('view'), quiet) || grown;
    if (grown) this.#layColumns(now);
    if (second) this.cursor.describe();
  }

  /** What a row is about. A symbol beyond the hub's limit says so. @param {string} key */
  rowOf(key) {
    const { store } = this.#terminal;
    const tracked = store.rows.get(key);
    if (tracked) return tracked;
    const entry = this.entryOf(key);
    const row = newRow(entry?.type === 'symbol' ? entry.name : key);
    if (store.leftOut === 0) return row;
    const reason = `this hub serves ${formatCount(MOST_SYMBOLS)} symbols to one page; ${formatCount(store.leftOut)} of this list are not subscribed. Remove some or open them in another list`;
    return { ...row, state: /** @type {const} */ ('unavailable'), reason };
  }

  /** @param {string} key */
  entryOf(key) {
    return this.entries[this.placeOf(key)];
  }

  /** @param {string} key @returns {number} -1: not there */
  placeOf(key) {
    return this.#places.get(key) ?? -1;
  }

  /** What a screen reader says of a row. @param {string} key */
  describe(key) {
    const { store } = this.#terminal;
    const row = this.rowOf(key);
    return described(row, truthOf(row, store.circumstances, Date.now()));
  }

  /** The row on the page; the head under its own key. @param {string} key @returns {HTMLElement | undefined} */
  elementOf(key) {
    return key === HEAD ? this.#head.element : this.#mounted.get(key)?.element;
  }

  get hasHead() {
    return !this.#isTwoLined;
  }

  get rowsPerPage() {
    return Math.max(1, Math.floor((this.#height - this.#headHeight) / this.rowHeight) - 1);
  }

  /** Mounts the row and scrolls it into view, not under the head. @param {string} key */
  reveal(key) {
    const place = this.placeOf(key);
    if (place < 0) return;
    const top = place * this.rowHeight;
    const room = this.#height - this.#headHeight;
    if (top < this.#scrollTop) this.element.scrollTop = top;
    else if (top + this.rowHeight > this.#scrollTop + room) this.element.scrollTop = top + this.rowHeight - room;
    this.#scrollTop = this.element.scrollTop;
    this.#mount(Date.now());
  }

  /** Shows where a dragged row would go; null: none. @param {number | null} place */
  mark(place) {
    this.#marker.hidden = place === null;
    if (place !== null) this.#marker.style.transform = `translateY(${this.#headHeight + place * this.rowHeight}px)`;
  }

  /** The place in the list below a point. @param {number} clientY */
  placeAt(clientY) {
    const y = clientY - this.element.getBoundingClientRect().top - this.#headHeight + this.#scrollTop;
    return Math.max(0, Math.min(this.entries.length, Math.round(y / this.rowHeight)));
  }

  get #headHeight() {
    return this.#isTwoLined ? 0 : HEAD_HEIGHT;
  }

  get #isInside() {
    return this.#hasPointer || this.#grid.contains(document.activeElement);
  }

  /** @param {string} key */
  #alertsOf(key) {
    return this.#alerts.get(key) ?? NONE;
  }

  /** Makes the rows of the list in view anew. @param {number} now */
  #arrange(now) {
    const { desk, store } = this.#terminal;
    const { list, sort, symbol } = desk.view;
    const items = itemsInView(desk, store);
    const ranking = sort === null ? null : this.#ranking.update({
      id: `${list} ${sort.column} ${sort.descending}`,
      keys: symbolsOf(items).map(rowKey),
      valueOf: (key) => sortingValue(sort.column, this.rowOf(key), store.circumstances, now, this.#alertsOf(key)),
      descending: sort.descending,
    }, now, { inside: this.#isInside, asked: this.#mustRank });
    this.#mustRank = false;
    this.entries = entriesOf(items, ranking);
    this.#places = new Map(this.entries.map(({ key }, place) => [key, place]));
    setAttribute(this.#grid, 'aria-rowcount', String(this.entries.length + 1));
    setAttribute(this.element, 'data-movable', this.isMovable ? '' : null);
    const height = `${this.entries.length * this.rowHeight}px`;
    if (this.#body.style.height !== height) this.#body.style.height = height;
    this.cursor.arranged();
    this.#mount(now);
    this.cursor.settle();
    const first = this.entries.find(({ type }) => type === 'symbol');
    if (symbol === null && first) desk.show({ symbol: first.key });
  }

  /** Brings the rows in sight, and those that must stay, onto the page. @param {number} now */
  #mount(now) {
    const first = Math.max(0, Math.floor(this.#scrollTop / this.rowHeight) - BEYOND);
    const last = Math.min(this.entries.length, Math.ceil((this.#scrollTop + this.#height) / this.rowHeight) + BEYOND);
    const wanted = new Set(this.entries.slice(first, last).map(({ key }) => key));
    for (const key of [this.cursor.key, this.dragged]) if (this.#places.has(key)) wanted.add(key);
    for (const [key, row] of this.#mounted) {
      if (wanted.has(key) && this.entryOf(key)?.type === row.type) continue;
      this.#mounted.delete(key);
      if (row.type === 'symbol') this.#spare.push(row);
      else row.element.remove();
    }
    let added = false;
    for (const key of wanted) {
      const entry = this.entryOf(key);
      if (!entry) continue;
      const isNew = !this.#mounted.has(key);
      const row = this.#mounted.get(key) ?? this.#take(entry);
      this.#mounted.set(key, row);
      if (row.type === 'section' && entry.type === 'section') row.bind(entry);
      if (row.type === 'symbol') row.bind(key);
      const place = this.placeOf(key);
      const top = place * this.rowHeight;
      if (row.top !== top) row.element.style.transform = `translateY(${top}px)`;
      row.top = top;
      setAttribute(row.element, 'aria-rowindex', String(place + 2));
      setAttribute(row.element, 'data-key', key);
      if (isNew) this.#paintRow(key, now, true, true);
      added ||= isNew;
    }
    for (const row of this.#spare) row.element.remove();
    this.cursor.mark();
    if (added) this.#settleLater();
  }

  /** @param {Entry} entry */
  #take(entry) {
    const row = entry.type === 'section' ? new SectionRow() : (this.#spare.pop() ?? new SymbolRow(this.#lights));
    if (row.type === 'section' || row.element.childElementCount === 0) row.setColumns(this.columns);
    if (!row.element.isConnected) this.#body.append(row.element);
    return row;
  }

  /**
   * @param {string} key
   * @param {number} now
   * @param {boolean} second
   * @param {boolean} quiet
   * @returns {boolean} whether a column must grow
   */
  #paintRow(key, now, second, quiet) {
    const { desk, store } = this.#terminal;
    const mounted = this.#mounted.get(key);
    if (mounted?.type !== 'symbol') return false;
    let grown = false;
    mounted.paint({ row: this.rowOf(key), now, offset: store.offset, second, quiet, alerts: this.#alertsOf(key) }, store.circumstances, (column, characters) => {
      grown = this.#measure.grow(column, characters) || grown;
    });
    if (mounted.hasUnit) grown = this.#measure.growUnit() || grown;
    setAttribute(mounted.element, 'aria-selected', String(desk.view.symbol === key));
    return grown;
  }

  /**
   * The first price of a row that is not in sight makes its columns wide enough, so that they do not
   * jump when it is scrolled to.
   * @param {string} key
   */
  #measureUnseen(key) {
    const quote = this.#terminal.store.rows.get(key)?.quote;
    if (!quote || this.#known.has(key) || this.#mounted.has(key) || !this.#places.has(key)) return false;
    this.#known.add(key);
    const change = changeOf(quote);
    /** @type {[string, string][]} */
    const texts = [
      ['last', formatPrice(quote)],
      ['bid', quote.bid === null ? '' : formatBeside(quote, quote.bid)],
      ['ask', quote.ask === null ? '' : formatBeside(quote, quote.ask)],
      ['change', change === null ? '' : formatChange(change, decimalsOf(quote))],
    ];
    const grown = texts.map(([column, text]) => this.#measure.grow(column, text.length));
    return (denomination(quote).unit !== '' && this.#measure.growUnit()) || grown.includes(true);
  }

  #resized() {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === this.#width && clientHeight === this.#height) return;
    this.#readSizes();
    this.#arrange(Date.now());
  }

  #readSizes() {
    this.#width = this.element.clientWidth;
    this.#measure.read();
    this.#layColumns(Date.now());
    this.#height = this.element.clientHeight;
    this.#scrollTop = this.element.scrollTop;
  }

  /** @param {number} now */
  #layColumns(now) {
    const chosen = chosenColumns(this.#terminal.desk.settings.columns);
    const laid = phone.matches ? null : fit(chosen, this.#width, (id) => this.#measure.needed(id));
    const ids = laid ? laid.columns.map(({ id }) => id) : TWO_LINES;
    const root = this.element;
    const last = Math.max(columnNamed('last')?.width ?? 0, Math.ceil(this.#measure.needed('last')));
    const template = laid
      ? `${GRIP_WIDTH}px ${laid.widths.map((width) => `${width}px`).join(' ')} minmax(${ACTIONS_WIDTH}px, 1fr)`
      : `minmax(0, 1fr) ${last}px var(--more)`;
    if (root.style.getPropertyValue('--columns') !== template) root.style.setProperty('--columns', template);
    setAttribute(root, 'data-lines', laid ? '1' : '2');
    setAttribute(root, 'data-units', this.#measure.hasUnit ? '' : null);
    this.#isTwoLined = laid === null;
    const height = parseFloat(getComputedStyle(root).getPropertyValue('--row-height')) || this.rowHeight;
    const sameHeight = height === this.rowHeight;
    this.rowHeight = height;
    if (ids.join() !== this.columns.join()) {
      this.columns = ids;
      const focused = this.#grid.contains(document.activeElement);
      this.#head.setColumns(ids.map(columnNamed).filter((column) => column !== undefined));
      this.#head.paint(this.#terminal.desk.view.sort);
      for (const row of [...this.#mounted.values(), ...this.#spare]) row.setColumns(ids);
      setAttribute(this.#grid, 'aria-colcount', String(ids.length + 1));
      for (const key of this.#mounted.keys()) this.#paintRow(key, now, true, true);
      this.cursor.mark();
      if (focused) this.cursor.focus();
    }
    if (!sameHeight) {
      this.#body.style.height = `${this.entries.length * height}px`;
      this.#mount(now);
    }
  }

  #scrolled() {
    this.#scrollTop = this.element.scrollTop;
    this.#scrolledAt = Date.now();
    this.#mount(this.#scrolledAt);
    this.#settleLater();
  }

  #settleLater() {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#settle(), SETTLED_MS);
  }

  /**
   * Recycled rows are out of order on the page, which is what a screen reader follows. `moveBefore`
   * keeps focus and marks; without it the row with focus stays where it is.
   */
  #settle() {
    let next = this.#body.firstElementChild;
    const canMove = 'moveBefore' in Element.prototype;
    for (const { key } of this.entries) {
      const row = this.#mounted.get(key)?.element;
      if (!row) continue;
      if (row === next) next = next.nextElementSibling;
      else if (canMove) /** @type {any} */ (this.#body).moveBefore(row, next);
      else if (!row.contains(document.activeElement)) this.#body.insertBefore(row, next);
    }
  }
}
