import { DEFAULT_SYMBOLS } from '../../model/symbols.js';
import { symbolsOf } from '../../model/lists.js';
import { rowKey } from '../../model/quotes.js';
import { element } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setText, show } from '../../ui/paint.js';
import { formatSpan } from '../../words/format.js';

const SUGGESTIONS = 4;

/**
 * Below the rows: the field that adds symbols, and the button that sorts an old order again.
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {import('./actions.js').Actions} actions
 * @param {() => void} leave  to the rows
 */
export function createFoot({ commands }, actions, leave) {
  const input = element('input', {
    class: 'add', 'aria-label': 'Add symbols to the list', placeholder: 'Add symbols: AAPL, BTC/USD …', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', enterkeyhint: 'done',
  });
  const field = element('div', { class: 'field' }, icon('plus'), input);
  const old = element('button', { type: 'button', class: 'rank', hidden: '' });
  const root = element('div', { class: 'foot' }, field, old);
  const add = () => {
    if (input.value.trim() !== '' && actions.add(input.value)) input.value = '';
  };
  old.addEventListener('click', () => commands.run('list.rank'));
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter') add();
    else if (event.key === 'Escape' && input.value !== '') input.value = '';
    else if (event.key === 'Escape') leave();
    else return;
    event.preventDefault();
  });
  input.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    // One symbol may be edited before it is added; a list is meant as it is.
    if (!/[,;\s]/.test(text.trim()) || input.value !== '') return;
    event.preventDefault();
    actions.add(text);
  });

  return {
    element: root,
    focus: () => input.focus(),
    /** @param {number | null} oldOrder  ms */
    paint(oldOrder) {
      show(field, actions.current() !== null);
      show(old, oldOrder !== null);
      if (oldOrder !== null) setText(old, `Order is ${formatSpan(oldOrder)} old, re-sort`);
    },
  };
}

/**
 * What an empty list says: one sentence, and what to do.
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {import('./actions.js').Actions} actions
 */
export function createEmpty({ desk, store }, actions) {
  const sentence = element('p');
  const offers = element('div', { class: 'offers' });
  const root = element('div', { class: 'empty', hidden: '' }, sentence, offers);
  let painted = '';
  return {
    element: root,
    /** @param {boolean} isEmpty */
    paint(isEmpty) {
      show(root, isEmpty);
      if (!isEmpty) return;
      const isOwn = actions.current() !== null;
      setText(sentence, isOwn ? 'This list is empty. Type symbols below, paste a list of them, or begin with one of these:' : `None of your lists has a symbol of this kind.`);
      const held = new Set(symbolsOf(actions.items()).map(rowKey));
      const names = isOwn ? [...new Set([...store.hubs, ...DEFAULT_SYMBOLS])].filter((name) => !held.has(rowKey(name))).slice(0, SUGGESTIONS) : [];
      const first = desk.lists[0];
      const key = `${isOwn ? '' : first?.name} ${names.join()}`;
      if (key === painted) return;
      painted = key;
      offers.replaceChildren(...names.map((name) => offer(name, 'plus', () => void actions.add(name))));
      if (!isOwn && first) offers.append(offer(`Show ${first.name}`, 'list', () => desk.show({ list: first.id })));
    },
  };
}

/** @param {string} label @param {string} sign @param {() => void} run */
function offer(label, sign, run) {
  const made = element('button', { type: 'button', class: 'solid' }, icon(sign), element('bdi', {}, label));
  made.addEventListener('click', run);
  return made;
}
