import { importOf } from '../../model/transfer.js';
import { element } from '../../ui/element.js';
import { setText, show } from '../../ui/paint.js';
import { button } from './controls.js';

const MOST_LINES = 40;

/**
 * Import of an exported file: first what it would change, then the change, which can be undone.
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {(sentence: string, undoable: boolean) => void} tell
 */
export function createImport({ desk }, tell) {
  const file = element('input', { type: 'file', accept: '.json,application/json', class: 'unseen', tabindex: '-1', 'aria-label': 'File to import' });
  const ask = button('Import…', () => file.click());
  const title = element('h4', {}, '');
  const lines = element('ul', { class: 'lines', tabindex: '0', 'aria-label': 'What the import changes' });
  const apply = button('Import these', () => {
    if (!found) return;
    desk.change(found.parts, 'Imported a file');
    hide();
    tell('Imported', true);
  });
  const cancel = button('Cancel', () => hide());
  const preview = element('div', { class: 'preview', hidden: '' }, title, lines, element('div', { class: 'buttons' }, apply, cancel));
  /** @type {import('../../model/transfer.js').Import | null} */
  let found = null;

  file.addEventListener('change', async () => {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    // A file that is too long is not read to its end: the text is judged by its length.
    const text = await chosen.slice(0, 400_000).text().catch(() => '');
    file.value = '';
    offer(chosen.name, importOf(text, desk));
  });

  return { file, ask, preview, hide };

  /** @param {string} name @param {import('../../model/transfer.js').Import | string} result */
  function offer(name, result) {
    hide();
    if (typeof result === 'string') return tell(result, false);
    if (result.changes.length === 0) return tell(`Nothing in ${name.slice(0, 60)} differs from what is here`, false);
    found = result;
    const { changes, remarks } = result;
    setText(title, changes.length === 1 ? 'One change' : `${changes.length} changes`);
    const shown = [...remarks, ...changes.slice(0, MOST_LINES), ...(changes.length > MOST_LINES ? [`and ${changes.length - MOST_LINES} more`] : [])];
    lines.replaceChildren(...shown.map((line) => element('li', {}, line)));
    show(preview, true);
    preview.scrollIntoView({ block: 'nearest' });
    apply.focus();
  }

  function hide() {
    const hadFocus = preview.contains(document.activeElement);
    found = null;
    show(preview, false);
    if (hadFocus) ask.focus();
  }
}
