import { KINDS, asJson, asText } from '../../../model/activity.js';
import { element } from '../../../ui/element.js';
import { icon, setIcon } from '../../../ui/icon.js';
import { setAttribute, setText, show } from '../../../ui/paint.js';
import { fileName, saveFile } from '../../../ui/save-file.js';
import { formatClock } from '../../../words/format.js';
import { zoneLabel } from '../zone.js';
import { LinesView } from './lines.js';

/** A line is a reading matter, not a price: four paints a second are enough. */
const PAINT_MS = 250;

/** @type {Record<import('../../../model/activity.js').Kind, string>} */
const KIND_NAMES = { price: 'Prices', connection: 'Connection', feed: 'Feed', alert: 'Alerts', error: 'Errors' };

/**
 * The last hundred events, oldest first. It is frozen while it is paused or scrolled back, and then
 * counts what is new.
 * @param {import('../../../terminal.js').Terminal} terminal
 * @returns {import('../index.js').Tab}
 */
export function createActivity({ store: { log }, desk, commands, voice }) {
  const kinds = new Set(KINDS);
  let paused = false;
  /** What is shown while the log is frozen. @type {import('../../../model/activity.js').Line[] | null} */
  let frozen = null;
  let dirty = true;
  let paintedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** Of the times on the screen. */
  let writtenZone = desk.settings.zone;

  const view = new LinesView({
    movedBack: (isBack) => {
      if (paused) return;
      freeze(isBack);
      repaint();
    },
    wantsMore: () => repaint(),
  });
  const fresh = element('button', { type: 'button', class: 'fresh solid', hidden: '' });
  const all = element('button', { type: 'button', class: 'solid' }, 'Show all kinds');
  const nothing = element('span');
  const empty = element('p', { class: 'empty', hidden: '' }, nothing, all);
  const root = element('div', { class: 'activity' }, view.element, fresh, empty);

  const toggles = KINDS.map((kind) => {
    const button = element('button', { type: 'button', 'data-kind': kind, 'aria-pressed': 'true' }, KIND_NAMES[kind]);
    button.addEventListener('click', () => {
      if (!kinds.delete(kind)) kinds.add(kind);
      filtered();
    });
    return { kind, button };
  });
  const pauseSign = icon('pause');
  const pauseWord = element('span', {}, 'Pause');
  const pause = element('button', { type: 'button', class: 'pause', 'aria-pressed': 'false', 'aria-keyshortcuts': 'Alt+P' }, pauseSign, pauseWord);
  const zone = element('span', { class: 'zone minor', title: 'Time zone of the log' });
  const asTextFile = element('button', { type: 'button', 'aria-label': 'Save the log as text' }, icon('download'), 'Text');
  const asJsonFile = element('button', { type: 'button', 'aria-label': 'Save the log as JSON' }, icon('download'), 'JSON');
  const tools = element(
    'div', { class: 'tools' },
    element('div', { class: 'kinds', role: 'group', 'aria-label': 'Kinds of events' }, ...toggles.map(({ button }) => button)),
    zone,
    element('div', { class: 'acts' }, pause, asTextFile, asJsonFile),
  );

  all.addEventListener('click', () => {
    for (const kind of KINDS) kinds.add(kind);
    filtered();
  });
  pause.addEventListener('click', () => commands.run('log.pause'));
  fresh.addEventListener('click', () => {
    setPaused(false);
    view.element.focus();
  });
  asTextFile.addEventListener('click', () => saveFile(fileName('log', 'txt', Date.now()), 'text/plain', asText(lines(), formatClock)));
  asJsonFile.addEventListener('click', () => saveFile(fileName('log', 'json', Date.now()), 'application/json', asJson(lines())));
  const forget = commands.add({
    id: 'log.pause', title: 'Pause or resume the activity log', group: 'View', keys: ['Alt+P'],
    run: () => {
      setPaused(!paused);
      voice.say(paused ? 'The log is paused' : 'The log goes on');
    },
  });

  return {
    element: root,
    tools,
    count: () => String(Math.min(100, log.serial)),
    paint({ changes: { topics }, desk: parts, now }, appears) {
      if (appears || topics.has('log') || parts.has('settings')) dirty = true;
      if (!dirty) return;
      const wait = PAINT_MS - Math.abs(now - paintedAt);
      if (appears || wait <= 0) repaint();
      // No other frame may come after the last change.
      else timer ??= setTimeout(() => requestAnimationFrame(repaint), wait);
    },
    destroy() {
      clearTimeout(timer);
      forget();
      view.destroy();
      root.remove();
      tools.remove();
    },
  };

  function lines() {
    return frozen ?? log.last(kinds);
  }

  /** @param {boolean} isFrozen */
  function freeze(isFrozen) {
    frozen = isFrozen ? (frozen ?? log.last(kinds)) : null;
  }

  /** @param {boolean} isPaused */
  function setPaused(isPaused) {
    paused = isPaused;
    freeze(isPaused);
    if (!isPaused) view.toEnd();
    repaint();
  }

  function filtered() {
    frozen = frozen === null ? null : log.last(kinds);
    view.clear();
    repaint();
  }

  function repaint() {
    clearTimeout(timer);
    timer = undefined;
    dirty = false;
    paintedAt = Date.now();
    if (writtenZone !== desk.settings.zone) view.clear();
    writtenZone = desk.settings.zone;
    setText(zone, zoneLabel(writtenZone));
    const shown = lines();
    view.paint(shown);
    const newest = frozen?.at(-1)?.serial ?? 0;
    const unseen = frozen === null ? 0 : log.last(kinds).filter(({ serial }) => serial > newest).length;
    setText(fresh, `+${unseen}${unseen === 100 ? ' or more' : ''} new`);
    show(fresh, unseen > 0);
    for (const { kind, button } of toggles) setAttribute(button, 'aria-pressed', String(kinds.has(kind)));
    setAttribute(pause, 'aria-pressed', String(paused));
    setText(pauseWord, paused ? 'Resume' : 'Pause');
    setIcon(pauseSign, paused ? 'play' : 'pause');
    show(empty, shown.length === 0);
    setText(nothing, kinds.size === KINDS.length ? 'Nothing has happened yet.' : 'No event of these kinds yet.');
    show(all, kinds.size < KINDS.length);
  }
}
