import '../../ui/sheet.css';
import './panel.css';
import { DEFAULT_SETTINGS } from '../../model/desk.js';
import { nextChoice } from '../../model/kept.js';
import { rowsInView } from '../../model/lists.js';
import { csvOf, exportOf } from '../../model/transfer.js';
import { element, uniqueId } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setText, show } from '../../ui/paint.js';
import { fileName, saveFile } from '../../ui/save-file.js';
import { button, choice, section, selection, toggle } from './controls.js';
import { createImport } from './importing.js';

/** @typedef {import('../../model/desk.js').Settings} Settings */

const NOTE = 'Every change applies at once.';
const SAMPLE = 1_234_567.89;
/** How the numbers of the world are written: one locale for each way. */
const LOCALES = ['en-US', 'de-DE', 'fr-FR', 'de-CH', 'en-IN', 'pl-PL', 'ar-EG', 'hi-IN', 'ja-JP', 'zh-CN'];

/**
 * How the page looks and behaves. A change applies at once and is kept in this browser.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, terminal) {
  const { desk, commands } = terminal;
  const set = (/** @type {Partial<Settings>} */ settings) => desk.set(settings);
  const importing = createImport(terminal, tell);

  const notify = toggle('System notifications', '', (settings) => settings.notify, (on) => {
    set({ notify: on });
    // The browser asks for permission only in answer to a press.
    if (on) commands.run('alerts.permission');
  });
  const controls = {
    theme: choice('Theme', [{ value: 'system', label: 'System' }, { value: 'dark', label: 'Dark' }, { value: 'light', label: 'Light' }], ({ theme }) => theme, (theme) => set({ theme })),
    density: choice('Rows', [{ value: 'comfortable', label: 'Comfortable' }, { value: 'normal', label: 'Normal' }, { value: 'compact', label: 'Compact' }], ({ density }) => density, (density) => set({ density })),
    updown: choice('Rising, falling', [
      { value: 'west', label: 'Teal, red', sample: swatch('teal', 'red') },
      { value: 'east', label: 'Red, teal', sample: swatch('red', 'teal') },
      { value: 'blind', label: 'Blue, orange', sample: swatch('blue', 'orange') },
      { value: 'blind-east', label: 'Orange, blue', sample: swatch('orange', 'blue') },
    ], ({ updown }) => updown, (updown) => set({ updown })),
    flash: toggle('Flash changed digits', 'Never where the system asks for less motion.', ({ flash }) => flash, (flash) => set({ flash })),
    locale: selection('Numbers', [
      { value: '', label: `${sample()} (as this browser)` },
      ...LOCALES.map((locale) => ({ value: locale, label: `${sample(locale)} (${languageOf(locale)})` })),
    ], ({ locale }) => locale, (locale) => set({ locale })),
    zone: selection('Times', [
      { value: 'device', label: 'This device' }, { value: 'exchange', label: 'The exchange' }, { value: 'UTC', label: 'UTC' },
      { value: 'America/New_York', label: 'New York' }, { value: 'Europe/London', label: 'London' }, { value: 'Asia/Tokyo', label: 'Tokyo' },
    ], ({ zone }) => zone, (zone) => set({ zone: /** @type {Settings['zone']} */ (zone) })),
    announce: toggle('Read moves out', 'Of the selected symbol, at most every 10 s, to screen readers.', ({ announce }) => announce, (announce) => set({ announce })),
    notify,
    sound: toggle('Sound', 'Two short tones when an alert fires.', ({ sound }) => sound, (sound) => set({ sound })),
    singleKeys: toggle('Single keys', 'A letter searches, a digit sets the chart’s interval. Off: only keys with Ctrl or Alt, and those without a character.', ({ singleKeys }) => singleKeys, (singleKeys) => set({ singleKeys })),
  };

  const status = element('p', { class: 'told', role: 'status' });
  const undo = button('Undo', () => {
    const undone = desk.undo();
    if (undone !== null) tell('Taken back', false);
  }, { hidden: '' });
  const heading = element('h2', { id: uniqueId('settings') }, 'Settings');
  const close = button('', () => root.close(), { class: 'close', 'aria-label': 'Close' });
  close.append(icon('close'));
  const root = element(
    'dialog', { class: 'settings sheet', 'aria-labelledby': heading.id },
    element('div', { class: 'head' }, heading, close),
    element(
      'div', { class: 'body' },
      section('Look', controls.theme.element, controls.density.element, controls.updown.element, controls.flash.element),
      section('Numbers and times', controls.locale.element, controls.zone.element),
      section('Alerts and reading out', controls.notify.element, controls.sound.element, controls.announce.element),
      section('Keys', controls.singleKeys.element, element('div', { class: 'buttons' }, button('Show and change keys…', () => {
        root.close();
        commands.run('keys.open', 'change');
      }))),
      section(
        'This browser',
        element('p', { class: 'note' }, 'Settings, lists and alerts are kept in this browser only, without cookies. A file carries them to another.'),
        element('div', { class: 'buttons' }, button('Export', exportAll), importing.ask, importing.file, button('Reset settings', () => {
          commands.run('settings.reset');
          tell('Settings are as by default', true);
        })),
        importing.preview,
      ),
    ),
    element('div', { class: 'foot' }, status, undo),
  );
  host.append(root);
  root.addEventListener('click', (event) => {
    if (event.target === root) root.close();
  });
  root.addEventListener('close', () => {
    importing.hide();
    tell('', false);
  });
  root.addEventListener('keydown', (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z';
    if (!isUndo || undo.hidden) return;
    event.preventDefault();
    undo.click();
  });

  const forget = commands.add(
    { id: 'settings.open', title: 'Change the settings', group: 'Help', run: open },
    { id: 'settings.flash', title: 'Flash changed digits, or stop it', group: 'View', run: () => set({ flash: !desk.settings.flash }) },
    { id: 'settings.updown', title: 'Change the colours of rising and falling', group: 'View', run: () => set({ updown: nextChoice('updown', desk.settings) }) },
    { id: 'settings.announce', title: 'Read moves out, or stop it', group: 'Help', run: () => set({ announce: !desk.settings.announce }) },
    { id: 'settings.single-keys', title: 'Switch single keys on or off', group: 'Help', run: () => set({ singleKeys: !desk.settings.singleKeys }) },
    { id: 'settings.reset', title: 'Reset the settings', group: 'Help', run: reset },
    { id: 'desk.export', title: 'Export settings, lists and alerts', group: 'Help', run: exportAll },
    {
      id: 'desk.import', title: 'Import settings, lists and alerts', group: 'Help',
      run() {
        open();
        importing.ask.focus();
      },
    },
    { id: 'list.csv', title: 'Download the list as CSV', group: 'List', run: exportList },
  );

  return {
    element: root,
    paint({ desk: parts }) {
      if (!parts.has('settings')) return;
      for (const control of Object.values(controls)) control.paint(desk.settings);
      tellPermission();
    },
    destroy() {
      forget();
      root.remove();
    },
  };

  function open() {
    if (root.open) return;
    tellPermission();
    tell('', false);
    root.showModal();
    const first = controls.theme.element.querySelector('input:checked');
    if (first instanceof HTMLElement) first.focus();
  }

  function reset() {
    // What is no setting of this version is a newer one's, and hints that were closed stay closed.
    desk.set({ ...DEFAULT_SETTINGS, dismissed: desk.settings.dismissed }, 'Reset the settings');
  }

  function exportAll() {
    const now = Date.now();
    saveFile(fileName('settings', 'json', now), 'application/json', exportOf(desk, now));
  }

  function exportList() {
    const { store } = terminal;
    const now = Date.now();
    const name = desk.lists.find(({ id }) => id === desk.view.list)?.name ?? desk.view.list;
    saveFile(fileName(name, 'csv', now), 'text/csv', csvOf(rowsInView(desk, store), store.circumstances, now));
  }

  /** @param {string} sentence @param {boolean} undoable */
  function tell(sentence, undoable) {
    setText(status, sentence || NOTE);
    show(undo, undoable);
  }

  function tellPermission() {
    const permission = 'Notification' in window ? Notification.permission : 'none';
    const sentences = {
      none: 'This browser has none for this page.',
      denied: 'Blocked. Allow them in the browser’s settings of this page, beside its address.',
      granted: 'When an alert fires.',
      default: 'When an alert fires. The browser will ask for permission.',
    };
    notify.tell(sentences[permission]);
  }
}

/** Two arrows in the colours that a choice would give. @param {string} up @param {string} down */
function swatch(up, down) {
  return element('span', { class: 'swatch', 'aria-hidden': 'true' }, element('span', { 'data-colour': up }, icon('up')), element('span', { 'data-colour': down }, icon('down')));
}

/** @param {string} [locale] */
function sample(locale) {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 2, numberingSystem: 'latn' }).format(SAMPLE);
}

/** @param {string} locale */
function languageOf(locale) {
  return new Intl.DisplayNames('en', { type: 'language' }).of(locale) ?? locale;
}
