import { keyText } from './keys.js';

/**
 * Tells of the change that was just made, and offers the way back for as long as the toast is there.
 * @param {Pick<import('../terminal.js').Terminal, 'desk' | 'commands' | 'voice'>} terminal
 * @param {string} sentence
 * @param {number} [times]  how many changes it was
 */
export function offerUndo({ desk, commands, voice }, sentence, times = 1) {
  const last = desk.undoable;
  const keys = keyText('view.undo', { desk, commands });
  voice.toast(sentence, {
    label: 'Undo',
    keys,
    run() {
      if (desk.undoable !== last) voice.toast(`Something else was changed since; ${keys || 'Undo'} takes the changes back one by one`);
      else for (let undone = 0; undone < times; undone += 1) commands.run('view.undo');
    },
  });
}
