/** The fields of the alert form: a label, a control, a hint, and what is wrong with it. */
import { element, uniqueId } from '../../../ui/element.js';
import { setAttribute, setText, show } from '../../../ui/paint.js';

/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

/**
 * @param {string} label
 * @param {Control} control
 * @param {...Node} beside  behind the control, in its line
 */
export function field(label, control, ...beside) {
  control.id = uniqueId('field');
  const hint = element('p', { class: 'hint minor', id: uniqueId('hint') });
  const problem = element('p', { class: 'problem', id: uniqueId('problem') });
  setAttribute(control, 'aria-describedby', `${problem.id} ${hint.id}`);
  const name = element('label', { for: control.id }, label);
  const root = element('div', { class: 'field' }, name, element('div', { class: 'line-of-control' }, control, ...beside), problem, hint);
  return {
    element: root,
    control,
    /** @param {string} text */
    setLabel: (text) => setText(name, text),
    /** @param {string} text */
    setHint: (text) => setText(hint, text),
    /** @param {string | undefined} text */
    setProblem(text) {
      setText(problem, text ?? '');
      setAttribute(control, 'aria-invalid', text === undefined ? null : 'true');
    },
    /** @param {boolean} isShown */
    show: (isShown) => show(root, isShown),
  };
}

/** @param {[string, string][]} options  value and name @param {Record<string, string>} [attributes] */
export function select(options, attributes = {}) {
  return element('select', attributes, ...options.map(([value, name]) => element('option', { value }, name)));
}
