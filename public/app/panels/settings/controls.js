/** The controls of the dialog: a row each, with its label, and what it shows of the settings. */
import { element, uniqueId } from '../../ui/element.js';
import { setText } from '../../ui/paint.js';

/** @typedef {import('../../model/desk.js').Settings} Settings */
/**
 * `paint` shows the present value.
 * @typedef {{ element: HTMLElement, paint: (settings: Settings) => void }} Control
 */

/**
 * One of a few, all of them in sight.
 * @template {string} T
 * @param {string} label
 * @param {{ value: T, label: string, sample?: Node }[]} choices
 * @param {(settings: Settings) => T} read
 * @param {(value: T) => void} write
 * @returns {Control}
 */
export function choice(label, choices, read, write) {
  const name = uniqueId('choice');
  const inputs = choices.map(({ value }) => element('input', { type: 'radio', name, value }));
  const labels = choices.map((one, index) => {
    const input = /** @type {HTMLInputElement} */ (inputs[index]);
    input.addEventListener('change', () => write(one.value));
    return element('label', {}, input, ...(one.sample ? [one.sample] : []), element('span', {}, one.label));
  });
  return {
    element: element('fieldset', { class: 'row' }, element('legend', {}, label), element('div', { class: 'choices' }, ...labels)),
    paint(settings) {
      for (const input of inputs) input.checked = input.value === read(settings);
    },
  };
}

/**
 * One of many.
 * @param {string} label
 * @param {{ value: string, label: string }[]} choices
 * @param {(settings: Settings) => string} read
 * @param {(value: string) => void} write
 * @returns {Control}
 */
export function selection(label, choices, read, write) {
  const select = element('select', { id: uniqueId('selection') }, ...choices.map((one) => element('option', { value: one.value }, one.label)));
  select.addEventListener('change', () => write(select.value));
  return {
    element: element('div', { class: 'row' }, element('label', { for: select.id }, label), select),
    paint(settings) {
      const value = read(settings);
      // A value that no choice has, from an imported file, is shown as itself.
      if (![...select.options].some((option) => option.value === value)) select.append(element('option', { value }, value));
      select.value = value;
    },
  };
}

/**
 * On or off, with a sentence that says what it does.
 * @param {string} label
 * @param {string} sentence
 * @param {(settings: Settings) => boolean} read
 * @param {(value: boolean) => void} write
 * @returns {Control & { tell(sentence: string): void }}
 */
export function toggle(label, sentence, read, write) {
  const note = element('p', { class: 'note', id: uniqueId('note') }, sentence);
  const input = element('input', { type: 'checkbox', id: uniqueId('toggle'), role: 'switch', 'aria-describedby': note.id });
  input.addEventListener('change', () => write(input.checked));
  return {
    element: element('div', { class: 'row switch' }, element('label', { for: input.id }, label), input, note),
    paint(settings) {
      input.checked = read(settings);
    },
    tell: (text) => setText(note, text),
  };
}

/** @param {string} title @param {...Node} children */
export function section(title, ...children) {
  const heading = element('h3', { id: uniqueId('section') }, title);
  return element('section', { 'aria-labelledby': heading.id }, heading, ...children);
}

/** @param {string} label @param {() => void} run @param {Record<string, string>} [attributes] */
export function button(label, run, attributes = {}) {
  const made = element('button', { type: 'button', class: 'solid', ...attributes }, label);
  made.addEventListener('click', run);
  return made;
}
