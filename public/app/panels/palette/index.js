import './panel.css';
import { LONGEST_QUERY, Search } from '../../link/search.js';
import { bestOf, find } from '../../model/finder.js';
import { rowKey } from '../../model/quotes.js';
import { element, uniqueId } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { MAC, strokeOf } from '../../ui/keys.js';
import { setAttribute, setText, show } from '../../ui/paint.js';
import { offerUndo } from '../../ui/undo.js';
import { formatSpan } from '../../words/format.js';
import { quoted } from '../../words/text.js';
import { addToList, keysInList, listForAdding } from './adding.js';
import { groupElement } from './options.js';

/** After this pause in typing the hub is asked; after the next the count is read out. */
const ASK_AFTER_MS = 250;
const COUNT_AFTER_MS = 500;
const FEWEST_LETTERS = 2;
const PAGE = 8;
const MOST_RECENT = 8;
const MOST_OF_REASON = 300;

/**
 * Search and commands: one dialog, entered by symbols or by commands.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, terminal) {
  const { store, desk, commands, access } = terminal;
  const search = new Search(access.ask);
  /** @type {Map<string, import('../../link/search.js').Found>} */
  const known = new Map();
  /** @type {string[]} */
  let recent = [];
  /** @type {'symbols' | 'commands'} */
  let first = 'symbols';
  /** @type {import('../../link/search.js').SearchAnswer | null} */
  let answer = null;
  /** @type {import('../../model/finder.js').Option[]} */
  let options = [];
  let active = 0;
  /** Whether the user chose the active option, so that later results must not change it. */
  let chosen = false;
  let added = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let asking;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let counting;

  const list = element('div', { class: 'options', id: uniqueId('palette'), role: 'listbox', 'aria-label': 'Results' });
  const input = element('input', {
    type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': list.id, 'aria-autocomplete': 'list', 'aria-label': 'Search symbols and commands',
    autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', enterkeyhint: 'go', maxlength: '120',
  });
  const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, icon('close'));
  const empty = element('p', { class: 'empty', hidden: '' });
  const failure = element('p', { class: 'failure', hidden: '' });
  const told = element('p', { class: 'told', role: 'status' });
  const does = element('span');
  const adds = element('span', { class: 'adds' }, element('kbd', {}, `${MAC ? '⌘' : 'Ctrl'} Enter`), 'add to list');
  const root = element(
    'dialog', { class: 'palette', 'aria-label': 'Search' },
    element('div', { class: 'field' }, icon('search'), input, close),
    element('div', { class: 'results' }, failure, list, empty),
    element('div', { class: 'foot' }, told, element(
      'span', { class: 'help', 'aria-hidden': 'true' },
      element('kbd', {}, 'Enter'), does, adds, element('kbd', {}, 'Esc'), 'close',
    )),
  );
  host.append(root);

  input.addEventListener('input', typed);
  input.addEventListener('keydown', pressed);
  close.addEventListener('click', () => root.close());
  root.addEventListener('click', clicked);
  root.addEventListener('close', closed);
  // A press on an option would take the focus from the field.
  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('pointermove', pointed);

  const forget = commands.add(
    { id: 'palette.search', title: 'Search symbols', group: 'Search', keys: ['/'], run: (text) => open('symbols', text) },
    { id: 'palette.open', title: 'Search commands', group: 'Search', keys: ['Mod+K'], run: (text) => open('commands', text) },
  );

  return {
    element: root,
    paint({ second, now }) {
      if (second && root.open) tellFailure(now);
    },
    destroy() {
      search.abort();
      clearTimeout(asking);
      clearTimeout(counting);
      forget();
      root.remove();
    },
  };

  /** @param {'symbols' | 'commands'} what @param {string} [text] */
  function open(what, text = '') {
    first = what;
    added = 0;
    setText(told, '');
    setAttribute(input, 'placeholder', first === 'symbols' ? 'Symbol or name: AAPL, royal bank, RY:TSX' : 'Command or symbol');
    if (!root.open) root.showModal();
    input.value = text;
    input.focus();
    typed();
  }

  function typed() {
    search.abort();
    clearTimeout(asking);
    chosen = false;
    const text = input.value.trim();
    // Commands are ours: no credit is spent on what was probably one.
    const isAsked = text.length >= FEWEST_LETTERS && text.length <= LONGEST_QUERY && (first === 'symbols' || find(text, first, sourcesWith(null)).length === 0);
    answer = isAsked ? search.kept(text, Date.now()) : null;
    render();
    tellFailure(Date.now());
    if (isAsked && !answer) asking = setTimeout(() => void ask(text), ASK_AFTER_MS);
  }

  /** @param {string} text */
  async function ask(text) {
    const next = await search.ask(text, Date.now());
    if (!next || !root.open || input.value.trim() !== text) return;
    answer = next;
    for (const found of next.results) known.set(rowKey(found.subscribe), found);
    render();
    tellFailure(Date.now());
  }

  /** @param {import('../../link/search.js').SearchAnswer | null} from */
  function sourcesWith(from) {
    return { desk, store, commands: commands.all, known, answer: from?.results ?? [], recent };
  }

  function render() {
    const before = options[active]?.id;
    const groups = find(input.value, first, sourcesWith(answer));
    options = groups.flatMap((group) => group.options);
    const kept = chosen ? options.findIndex(({ id }) => id === before) : -1;
    active = kept >= 0 ? kept : bestOf(groups);
    const context = { held: keysInList(terminal), listName: listForAdding(desk)?.name ?? '', keys: desk.settings.keys };
    list.replaceChildren(...groups.map((group) => groupElement(group, context)));
    setText(empty, `Nothing is called “${quoted(input.value.trim(), 40)}”. Symbols look like AAPL, EUR/USD or RY:TSX.`);
    show(empty, options.length === 0);
    show(list, options.length > 0);
    setAttribute(input, 'aria-expanded', String(options.length > 0));
    if (kept < 0) list.scrollTop = 0;
    activate(active);
    clearTimeout(counting);
    counting = setTimeout(tellCount, COUNT_AFTER_MS);
  }

  function tellCount() {
    const symbols = options.filter(({ kind }) => kind === 'symbol').length;
    const others = options.filter(({ kind }) => kind === 'command').length;
    const counts = [symbols > 0 && `${symbols} ${symbols === 1 ? 'symbol' : 'symbols'}`, others > 0 && `${others} ${others === 1 ? 'command' : 'commands'}`];
    setText(told, counts.filter(Boolean).join(', ') || 'Nothing found');
  }

  /** Why the hub's answer is not complete, and when it is asked again. @param {number} now */
  function tellFailure(now) {
    const reason = answer?.reason ?? null;
    show(failure, reason !== null);
    if (reason === null) return;
    const wait = answer?.retryAt === null || answer === null ? null : answer.retryAt - store.offset - now;
    if (wait !== null && wait <= 0) {
      answer = { results: answer?.results ?? [], reason, retryAt: null };
      void ask(input.value.trim());
    }
    const again = wait === null ? '' : wait <= 0 ? '; trying again now' : `; next try in ${formatSpan(wait + 999)}`;
    setText(failure, `The whole market cannot be searched now (${quoted(reason, MOST_OF_REASON)})${again}. Type the exact symbol to add it anyway.`);
  }

  /** @param {number} index */
  function activate(index) {
    active = index;
    const all = list.querySelectorAll('[role="option"]');
    all.forEach((one, place) => setAttribute(one, 'aria-selected', String(place === index)));
    const option = all[index];
    setAttribute(input, 'aria-activedescendant', option?.id ?? null);
    const isCommand = options[index]?.kind === 'command';
    setText(does, isCommand ? 'run' : 'chart');
    show(adds, !isCommand);
    if (index === 0) list.scrollTop = 0;
    else option?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {number} by */
  function move(by) {
    if (options.length === 0) return;
    chosen = true;
    const wrap = Math.abs(by) === 1;
    const next = active + by;
    activate(wrap ? (next + options.length) % options.length : Math.max(0, Math.min(options.length - 1, next)));
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.isComposing) return;
    const key = strokeOf(event);
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      PageDown: () => move(PAGE),
      PageUp: () => move(-PAGE),
      Enter: () => take(options[active]),
      'Mod+Enter': () => add(options[active]),
      'Mod+K': () => (first === 'commands' ? root.close() : open('commands', input.value)),
    };
    const act = key === null ? undefined : acts[key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @param {Event} event */
  function placeOf(event) {
    const option = event.target instanceof Element ? event.target.closest('[role="option"]') : null;
    return option ? [...list.querySelectorAll('[role="option"]')].indexOf(option) : -1;
  }

  /** @param {PointerEvent} event */
  function pointed(event) {
    const place = placeOf(event);
    if (place < 0 || place === active || event.pointerType !== 'mouse') return;
    chosen = true;
    activate(place);
  }

  /** @param {MouseEvent} event */
  function clicked(event) {
    // The dialog itself is hit only beside its contents: on the backdrop.
    if (event.target === root) return root.close();
    const place = placeOf(event);
    if (place < 0) return;
    chosen = true;
    activate(place);
    const wantsAdding = event.ctrlKey || event.metaKey || (event.target instanceof Element && event.target.closest('[data-add]') !== null);
    if (wantsAdding) add(options[place]);
    else take(options[place]);
  }

  /** @param {import('../../model/finder.js').Option} [option] */
  function take(option) {
    if (!option) return;
    root.close();
    if (option.kind === 'command') {
      commands.run(option.id);
      return;
    }
    const { symbol } = option.entry;
    remember(symbol);
    if (!desk.settings.side) desk.set({ side: true });
    desk.show({ symbol: rowKey(symbol), sheet: 'chart', filled: desk.view.filled === 'list' ? null : desk.view.filled });
  }

  /** @param {import('../../model/finder.js').Option} [option] */
  function add(option) {
    if (!option || option.kind === 'command') return;
    const { symbol } = option.entry;
    const result = addToList(terminal, symbol);
    if (result.added) {
      added += 1;
      remember(symbol);
      // In place: the option stays where it is, so that the next can be added.
      const mark = list.querySelectorAll('[role="option"]')[active]?.querySelector('[data-add]');
      mark?.setAttribute('data-add', 'done');
      mark?.replaceChildren(icon('check'));
    }
    clearTimeout(counting);
    setText(told, quoted(result.sentence, 120));
  }

  /** @param {string} symbol */
  function remember(symbol) {
    recent = [symbol, ...recent.filter((one) => rowKey(one) !== rowKey(symbol))].slice(0, MOST_RECENT);
  }

  function closed() {
    search.abort();
    clearTimeout(asking);
    clearTimeout(counting);
    if (added === 0) return;
    const sentence = added === 1 ? (desk.undoable ?? '') : `Added ${added} symbols`;
    const times = added;
    added = 0;
    offerUndo(terminal, quoted(sentence, 120), times);
  }
}
