import { element } from '../../../ui/element.js';
import { setText, show } from '../../../ui/paint.js';
import { permission, permissionAdvice, playSound, prepareSound } from '../../../ui/notify.js';

/**
 * How alerts are told beside the screen, and the plain truth about when they work.
 * @param {import('../../../terminal.js').Terminal} terminal
 */
export function createChannels({ desk, commands }) {
  const notify = element('input', { type: 'checkbox', name: 'notify' });
  const sound = element('input', { type: 'checkbox', name: 'sound' });
  const test = element('button', { type: 'button', class: 'solid' }, 'Test');
  const advice = element('p', { class: 'advice', hidden: '' });
  const root = element(
    'div', { class: 'channels' },
    element('p', {}, 'Alerts work while this page is open. They are kept in this browser only.'),
    element('p', { class: 'touch minor' }, 'On a phone they stop when the browser goes to the background.'),
    element(
      'div', { class: 'switches' },
      element('label', {}, notify, 'System notifications'),
      element('label', {}, sound, 'Sound'),
      test,
    ),
    advice,
  );
  notify.addEventListener('change', () => {
    if (notify.checked) commands.run('alerts.permission');
    else desk.set({ notify: false });
    // Until the user has answered it is off.
    notify.checked = desk.settings.notify;
  });
  sound.addEventListener('change', async () => {
    desk.set({ sound: sound.checked });
    if (!sound.checked) return;
    await prepareSound();
    playSound();
  });
  test.addEventListener('click', () => commands.run('alerts.test'));

  return {
    element: root,
    paint() {
      notify.checked = desk.settings.notify && permission() === 'granted';
      sound.checked = desk.settings.sound;
      const text = permissionAdvice();
      setText(advice, text ?? '');
      show(advice, text !== null);
    },
  };
}
