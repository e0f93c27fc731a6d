import './panel.css';
import { noticesOf } from '../../model/notices.js';
import { element } from '../../ui/element.js';
import { icon, setIcon } from '../../ui/icon.js';
import { setAttribute, setText, show } from '../../ui/paint.js';

/**
 * One line, only when something is wrong: the worst, and how much more there is. It is announced
 * once for each kind of trouble, not with every second of its countdown.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, { store, commands, voice }) {
  const sign = icon('warning');
  const sentence = element('p', { class: 'sentence', dir: 'auto' });
  const act = element('button', { type: 'button', class: 'solid' });
  const more = element('button', { type: 'button' });
  const root = element('div', { class: 'notice', hidden: '' }, sign, sentence, act, more);
  let command = '';
  let told = '';
  act.addEventListener('click', () => commands.run(command));
  more.addEventListener('click', () => commands.run('dock.connection'));
  host.append(root);

  return {
    element: root,
    paint({ changes: { topics }, now, second }) {
      if (!second && !['link', 'feed', 'hub', 'rows'].some((topic) => topics.has(/** @type {any} */ (topic)))) return;
      const notices = noticesOf(store, { online: navigator.onLine, newVersion: store.newVersion }, now);
      const [worst] = notices;
      show(root, worst !== undefined);
      if (!worst) {
        told = '';
        return;
      }
      setAttribute(root, 'data-kind', worst.kind);
      setAttribute(root, 'data-tone', worst.tone);
      setIcon(sign, worst.sign);
      setText(sentence, worst.sentence);
      setAttribute(sentence, 'title', worst.sentence);
      command = worst.action?.command ?? '';
      setText(act, worst.action?.label ?? '');
      show(act, worst.action !== undefined);
      setText(more, `+${notices.length - 1} more`);
      show(more, notices.length > 1);
      if (told !== worst.kind) {
        told = worst.kind;
        voice.say(worst.sentence, { urgent: worst.tone === 'bad' });
      }
    },
    destroy: () => root.remove(),
  };
}
