import { element, uniqueId } from '../../ui/element.js';

/** How to leave the simulation: the two ways of giving the hub a key. */
export function createKeySheet() {
  const close = element('button', { type: 'button', class: 'solid' }, 'Close');
  const title = element('h2', { id: uniqueId('key-sheet') }, 'Real prices need a Twelve Data key');
  const dialog = element(
    'dialog', { class: 'key-sheet', 'aria-labelledby': title.id },
    title,
    element('p', {}, 'This hub has no key, so it makes prices itself. Whoever runs the hub can give it one; a free key from twelvedata.com is enough for eight symbols.'),
    element(
      'dl', {},
      element('dt', {}, 'On this computer'),
      element('dd', {}, 'Put the line ', element('code', {}, 'TWELVE_DATA_API_KEY=your-key'), ' into the file ', element('code', {}, '.dev.vars'), ' and start again.'),
      element('dt', {}, 'Where it is deployed'),
      element('dd', {}, 'Run ', element('code', {}, 'npx wrangler secret put TWELVE_DATA_API_KEY'), '. The key never reaches a browser.'),
    ),
    close,
  );
  close.addEventListener('click', () => dialog.close());
  document.body.append(dialog);
  return { open: () => dialog.showModal(), destroy: () => dialog.remove() };
}
