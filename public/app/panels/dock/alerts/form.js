import { ALERT_KINDS, armed, distanceOf, isOfFeed, isOfLevel } from '../../../model/alerts.js';
import { MOST_OF_NOTE, moved, parseNumber, problemsOf, stepOf, suggestedLevel } from '../../../model/alert-draft.js';
import { rowKey } from '../../../model/quotes.js';
import { truthOf } from '../../../model/truth.js';
import { element, uniqueId } from '../../../ui/element.js';
import { setText, show } from '../../../ui/paint.js';
import { KIND_NAMES, conditionOf, distanceText, subjectOf } from '../../../words/alerts.js';
import { decimalsOf, formatPriceAndUnit, formatSince } from '../../../words/format.js';
import { field, select } from './fields.js';

/** @typedef {import('../../../model/alerts.js').Alert} Alert */

const LIVES = /** @type {[string, string][]} */ ([['', 'Never'], ['3600000', 'In 1 hour'], ['86400000', 'In 1 day'], ['604800000', 'In 1 week'], ['2592000000', 'In 30 days']]);
const KEPT = 'kept';

/**
 * The dialog in which an alert is made or changed. The arrow keys move its value.
 * @param {import('../../../terminal.js').Terminal} terminal
 */
export function createAlertForm({ store, desk, voice }) {
  /** The alert that is changed; null: a new one. @type {Alert | null} */
  let edited = null;
  /** Whether the user wrote a value of his own. */
  let touched = false;

  const names = element('datalist', { id: uniqueId('symbols') });
  const kind = field('When', select(ALERT_KINDS.map((one) => [one, KIND_NAMES[one]])));
  const symbol = field('Symbol', element('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'characters', list: names.id }));
  const unit = element('span', { class: 'minor' });
  const level = field('Value', element('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off' }), unit);
  const within = field('Within', element('input', { type: 'text', inputmode: 'numeric', autocomplete: 'off' }), element('span', { class: 'minor' }, 'min'));
  const repeats = field('Fires', select([['once', 'Once'], ['always', 'Every time, at most once in 5 min']]));
  const expires = field('Expires', select(LIVES));
  const note = field('Note', element('input', { type: 'text', maxlength: String(MOST_OF_NOTE), autocomplete: 'off' }));
  const title = element('h2', { id: uniqueId('alert-form') });
  const cancel = element('button', { type: 'button', class: 'solid' }, 'Cancel');
  const save = element('button', { type: 'submit', class: 'solid primary' }, 'Set the alert');
  const form = element(
    'form', { novalidate: '' },
    title, names, kind.element, symbol.element, level.element, within.element, repeats.element, expires.element, note.element,
    element('div', { class: 'buttons' }, cancel, save),
  );
  const dialog = element('dialog', { class: 'alert-form', 'aria-labelledby': title.id }, form);
  document.body.append(dialog);

  cancel.addEventListener('click', () => dialog.close());
  kind.control.addEventListener('change', () => {
    touched = false;
    suggest();
    arrange();
  });
  symbol.control.addEventListener('change', () => {
    suggest();
    describe();
  });
  level.control.addEventListener('input', () => {
    touched = true;
    describe();
  });
  level.control.addEventListener('keydown', (event) => {
    if (event instanceof KeyboardEvent) step(event);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });

  return {
    /** @param {string} [wanted]  a symbol; without one the selected row's */
    create(wanted) {
      const key = wanted === undefined ? desk.view.symbol : rowKey(wanted);
      const name = key === null ? [...store.rows.values()][0]?.name : (store.rows.get(key)?.name ?? wanted ?? key);
      fill(null, { kind: 'crosses', symbol: name ?? '', level: null, within: 5, note: '', repeats: false, expires: null });
      touched = false;
      suggest();
      open();
      level.control.focus();
      if (level.control instanceof HTMLInputElement) level.control.select();
    },
    /** @param {string} id */
    edit(id) {
      const alert = desk.alerts.find((one) => one.id === id);
      if (!alert) return;
      fill(alert, alert);
      touched = true;
      open();
      (isOfFeed(alert.kind) ? kind : level).control.focus();
    },
    /** The price beside the field moves on while the dialog is open. */
    paint() {
      if (dialog.open) describe();
    },
    destroy: () => dialog.remove(),
  };

  function open() {
    setText(title, edited === null ? 'New alert' : 'Change the alert');
    setText(save, edited === null ? 'Set the alert' : 'Save and arm');
    names.replaceChildren(...[...store.rows.values()].map(({ name }) => element('option', { value: name })));
    for (const one of [symbol, level, within, note, expires]) one.setProblem(undefined);
    arrange();
    if (!dialog.open) dialog.showModal();
  }

  /** @param {Alert | null} alert @param {import('../../../model/alert-draft.js').Draft} draft */
  function fill(alert, draft) {
    edited = alert;
    kind.control.value = draft.kind;
    symbol.control.value = draft.symbol ?? '';
    level.control.value = draft.level === null ? '' : String(draft.level);
    within.control.value = String(draft.within ?? 5);
    repeats.control.value = draft.repeats ? 'always' : 'once';
    note.control.value = draft.note;
    const kept = draft.expires === null ? [] : [element('option', { value: KEPT }, `At ${formatSince(draft.expires, Date.now())}`)];
    expires.control.replaceChildren(...LIVES.map(([value, name]) => element('option', { value }, name)), ...kept);
    expires.control.value = draft.expires === null ? '' : KEPT;
  }

  /** @returns {import('../../../model/alert-draft.js').Draft} */
  function read() {
    const chosen = chosenKind();
    const life = expires.control.value;
    return {
      kind: chosen,
      symbol: isOfFeed(chosen) ? null : symbol.control.value.trim(),
      level: isOfFeed(chosen) ? null : parseNumber(level.control.value),
      within: chosen === 'quick-move' ? parseNumber(within.control.value) : null,
      note: note.control.value.trim(),
      repeats: repeats.control.value === 'always',
      expires: life === KEPT ? (edited?.expires ?? null) : life === '' ? null : Date.now() + Number(life),
    };
  }

  function chosenKind() {
    return ALERT_KINDS.find((one) => one === kind.control.value) ?? 'crosses';
  }

  function rowInView() {
    return store.rows.get(rowKey(symbol.control.value));
  }

  /** Begins with the present price, as long as the user has written none. */
  function suggest() {
    if (touched) return;
    const quote = rowInView()?.quote ?? null;
    const value = suggestedLevel(chosenKind(), quote?.price ?? null);
    level.control.value = value === null ? '' : quote && isOfLevel(chosenKind()) ? value.toFixed(decimalsOf(quote)) : String(value);
  }

  /** Shows the fields of the kind. */
  function arrange() {
    const chosen = chosenKind();
    symbol.show(!isOfFeed(chosen));
    level.show(!isOfFeed(chosen));
    within.show(chosen === 'quick-move');
    level.setLabel(isOfLevel(chosen) ? 'Price' : chosen === 'stale' ? 'For' : 'Move');
    setText(unit, isOfLevel(chosen) ? '' : chosen === 'stale' ? 's' : '%');
    show(unit, !isOfLevel(chosen));
    describe();
  }

  /** Says what the price is now, and how far it is away. */
  function describe() {
    const { kind: chosen, level: value, ...rest } = read();
    const row = rowInView();
    const now = Date.now();
    const truth = row ? truthOf(row, store.circumstances, now) : null;
    symbol.setHint(!row || !row.quote || !truth ? (symbol.control.value === '' ? '' : 'No price yet.') : `Now ${formatPriceAndUnit(row.quote)}, ${truth.word}${truth.age ? ` ${truth.age}` : ''}${truth.mayAlert ? '' : `. ${truth.sentence}`}`);
    const quote = row?.quote ?? null;
    const size = stepOf(chosen, quote?.price ?? null, quote ? decimalsOf(quote) : 2);
    const away = value === null ? null : distanceOf({ ...blank, ...rest, kind: chosen, level: value }, quote);
    const keys = `↑ ↓ move it by ${size}, with Shift by ${moved(0, size, 10)}`;
    level.setHint(`${away === null ? '' : away > 0 ? `${distanceText(away)}. ` : chosen === 'crosses' ? 'The present price. ' : 'It is there already, so the alert fires at once. '}${keys}.`);
  }

  /** @param {KeyboardEvent} event */
  function step(event) {
    /** @type {Record<string, number>} */
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const count = steps[event.key];
    if (count === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const quote = rowInView()?.quote ?? null;
    const decimals = quote && isOfLevel(chosenKind()) ? decimalsOf(quote) : 0;
    const size = stepOf(chosenKind(), quote?.price ?? null, quote ? decimalsOf(quote) : 2);
    const value = moved(parseNumber(level.control.value) ?? quote?.price ?? 0, size, event.shiftKey && Math.abs(count) === 1 ? count * 10 : count);
    const written = (String(value).split('.')[1] ?? '').length;
    level.control.value = written <= decimals ? value.toFixed(decimals) : String(value);
    touched = true;
    describe();
  }

  function submit() {
    const now = Date.now();
    const draft = read();
    const problems = problemsOf(draft, { count: edited === null ? desk.alerts.length : 0, now });
    const fields = { symbol, level, within, expires, note };
    let isFirst = true;
    for (const [name, one] of Object.entries(fields)) {
      const problem = problems[/** @type {keyof typeof fields} */ (name)];
      one.setProblem(problem);
      if (problem !== undefined && isFirst) {
        isFirst = false;
        one.control.focus();
      }
    }
    if (!isFirst) return;
    const alert = armed({ ...blank, ...edited, ...draft, id: edited?.id ?? crypto.randomUUID() }, now);
    const alerts = edited === null ? [...desk.alerts, alert] : desk.alerts.map((one) => (one.id === alert.id ? alert : one));
    const sentence = `Alert: ${subjectOf(alert)} ${conditionOf(alert, rowInView()?.quote)}`;
    dialog.close();
    desk.change({ alerts }, sentence);
    voice.toast(sentence);
  }
}

/** @type {Alert} */
const blank = { id: '', kind: 'crosses', symbol: null, level: null, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null };
