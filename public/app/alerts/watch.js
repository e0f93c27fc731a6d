/**
 * Watches the market for the user's alerts: looks when a message arrives, also while the page is
 * hidden and paints nothing, and tells what fired. Timers of hidden pages are slow, so they only
 * end snoozes and look at what no message tells, such as that nothing comes.
 */
import { alertLine } from '../model/activity.js';
import { advanced, armedBySymbol, evaluate, isAlert, isMemoryOf, mayHaveBeenMet, withFiring } from '../model/alerts.js';
import { truthOf } from '../model/truth.js';
import { askPermission, permission, permissionAdvice, playSound, prepareSound, showNotification } from '../ui/notify.js';
import { conditionOf, firingBody, firingSentence, subjectOf } from '../words/alerts.js';
import { formatClock } from '../words/format.js';
import { showAlerts } from './clicks.js';
import { SAME_MS, Speaker } from './speaker.js';

/** @typedef {import('../model/alerts.js').Alert} Alert */

const LOOK_MS = 1_000;
/** Timers of a hidden page run at least once a minute, unless the page sleeps. */
const SLEPT_MS = 90_000;

/**
 * @param {import('../terminal.js').Terminal} terminal
 * @returns {() => void} stops it
 */
export function startAlertWatch({ store, desk, commands, voice }) {
  /** @type {Map<string, import('../model/alerts.js').Memory>} */
  const memories = new Map();
  /** Armed alerts by the key of their symbol; '' for the feed. @type {Map<string, Alert[]>} */
  let armed = new Map();
  /** What fired or is in doubt and waits for the end of the message. @type {Map<string, () => void>} */
  const pending = new Map();
  /**
   * When each alert fired last, as far as this page told it, ms since 1970.
   * @type {Map<string, number>}
   */
  const told = new Map();
  /** Alerts that the page slept through, with when that was. @type {Map<string, string>} */
  const sleptThrough = new Map();
  /** When this page last did anything, page's clock, ms. */
  let aliveAt = Date.now();
  /** When the browser put the page to sleep, if it said so. @type {number | null} */
  let asleepSince = null;

  /** @param {string | null} symbol */
  const open = (symbol) => showAlerts(desk, symbol);
  const speaker = new Speaker(({ notify, sound, ...notice }) => {
    if (notify) void showNotification(notice, open);
    if (sound) playSound();
  });

  const wellFormed = Array.isArray(desk.alerts) ? desk.alerts.filter(isAlert) : [];
  if (wellFormed.length !== desk.alerts.length) desk.change({ alerts: wellFormed });
  for (const { id, fired } of wellFormed) if (fired) told.set(id, fired.at);
  index();

  const stopListening = desk.listen((parts) => {
    if (!parts.has('alerts')) return;
    tellOfOthers(Date.now());
    index();
  });
  store.watcher = {
    quote(row, now) {
      alive(now);
      const alerts = armed.get(row.key);
      if (alerts) look(alerts, row, now);
    },
    feed(now) {
      const alerts = armed.get('');
      if (alerts) look(alerts, undefined, now);
    },
  };
  const timer = setInterval(() => {
    const now = Date.now();
    alive(now);
    if (desk.alerts.length === 0) return;
    advance(now);
    for (const [key, alerts] of armed) if (alerts.some(({ kind }) => kind === 'stale')) look(alerts, store.rows.get(key), now);
  }, LOOK_MS);

  const sleep = () => {
    asleepSince = Date.now();
  };
  const wake = () => {
    const now = Date.now();
    if (asleepSince !== null) woke(asleepSince, now);
    asleepSince = null;
    aliveAt = now;
  };
  // A page that holds a lock would be kept out of the back/forward cache.
  const putAway = () => {
    sleep();
    speaker.stop();
  };
  /** @param {PageTransitionEvent} event */
  const takenOut = ({ persisted }) => {
    if (!persisted) return;
    wake();
    speaker.hold(armed.size > 0);
  };
  const gesture = () => {
    if (desk.settings.sound) void prepareSound();
  };
  document.addEventListener('freeze', sleep);
  document.addEventListener('resume', wake);
  addEventListener('pagehide', putAway);
  addEventListener('pageshow', takenOut);
  addEventListener('pointerdown', gesture, { capture: true });
  addEventListener('keydown', gesture, { capture: true });

  const forget = commands.add(
    {
      id: 'alerts.permission', title: 'Let alerts show system notifications', group: 'Alerts',
      isPossible: () => !desk.settings.notify || permission() !== 'granted',
      run: () => void turnOnNotifications(),
    },
    { id: 'alerts.test', title: 'Test the alert’s notification and sound', group: 'Alerts', run: () => void test() },
  );

  return () => {
    store.watcher = null;
    clearInterval(timer);
    stopListening();
    forget();
    speaker.stop();
    document.removeEventListener('freeze', sleep);
    document.removeEventListener('resume', wake);
    removeEventListener('pagehide', putAway);
    removeEventListener('pageshow', takenOut);
    removeEventListener('pointerdown', gesture, { capture: true });
    removeEventListener('keydown', gesture, { capture: true });
  };

  function index() {
    armed = armedBySymbol(desk.alerts);
    const ids = new Set(desk.alerts.map(({ id }) => id));
    for (const held of [memories, told]) for (const id of held.keys()) if (!ids.has(id)) held.delete(id);
    speaker.hold(armed.size > 0);
    // What is on the screen already may have set off a new alert.
    const now = Date.now();
    for (const [key, alerts] of armed) {
      const unseen = alerts.filter((alert) => !isMemoryOf(memories.get(alert.id), alert));
      if (unseen.length > 0) look(unseen, store.rows.get(key), now);
    }
  }

  /**
   * @param {Alert[]} alerts  of one symbol
   * @param {import('../model/quotes.js').Row | undefined} row  of that symbol
   * @param {number} now
   */
  function look(alerts, row, now) {
    const { circumstances, epoch } = store;
    const truth = row ? truthOf(row, circumstances, now) : null;
    for (const alert of alerts) {
      const held = memories.get(alert.id);
      const slept = sleptThrough.get(alert.id);
      const missed = slept !== undefined && truth?.mayAlert === true && row?.quote && mayHaveBeenMet(alert, held, row.quote);
      if (slept !== undefined && truth?.mayAlert) sleptThrough.delete(alert.id);
      const { memory, firing } = evaluate(alert, held, { row, truth, circumstances, epoch }, now);
      memories.set(alert.id, memory);
      if (firing) later(alert.id, () => fire(alert.id, row, firing, truth, now));
      else if (missed) later(alert.id, () => doubt(alert.id, row, slept, now));
    }
  }

  /** The desk must not change in the midst of a message. @param {string} id @param {() => void} what */
  function later(id, what) {
    if (!pending.has(id)) pending.set(id, what);
    if (pending.size > 1) return;
    queueMicrotask(() => {
      const all = [...pending.values()];
      pending.clear();
      for (const one of all) one();
    });
  }

  /**
   * @param {string} id
   * @param {import('../model/quotes.js').Row | undefined} row
   * @param {import('../model/alerts.js').Firing} firing
   * @param {import('../model/truth.js').Truth | null} truth
   * @param {number} now
   */
  function fire(id, row, { price, already }, truth, now) {
    const alert = desk.alerts.find((one) => one.id === id);
    if (alert?.state !== 'armed') return;
    const quote = row?.quote ?? null;
    const sentence = firingSentence(alert, quote, already);
    const fired = { at: now, price, sentence, simulated: quote?.simulated === true };
    const { notify, sound } = desk.settings;
    speaker.tell({ id, title: sentence, body: firingBody(alert, truth, now), symbol: alert.symbol, notify, sound }, now);
    told.set(id, now);
    replace(withFiring(alert, fired));
    tell(sentence, now);
  }

  /**
   * What fired in another tab is shown in this one too, also if its storage was faster than the price.
   * @param {number} now
   */
  function tellOfOthers(now) {
    for (const { id, fired } of desk.alerts) {
      if (!fired) continue;
      const known = told.get(id) ?? 0;
      told.set(id, Math.max(known, fired.at));
      if (fired.at - known >= SAME_MS && now - fired.at < SAME_MS) tell(fired.sentence, now);
    }
  }

  /**
   * @param {string} id
   * @param {import('../model/quotes.js').Row | undefined} row
   * @param {string} slept
   * @param {number} now
   */
  function doubt(id, row, slept, now) {
    const alert = desk.alerts.find((one) => one.id === id);
    if (!alert) return;
    const sentence = `May have been crossed while this page slept, ${slept}`;
    replace({ ...alert, doubt: sentence });
    tell(`${subjectOf(alert)} ${conditionOf(alert, row?.quote)}: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`, now);
  }

  /** @param {Alert} alert */
  function replace(alert) {
    desk.change({ alerts: desk.alerts.map((one) => (one.id === alert.id ? alert : one)) });
  }

  /** @param {string} sentence @param {number} now */
  function tell(sentence, now) {
    store.logAlert(alertLine(sentence), now);
    voice.toast(sentence);
  }

  /** Ends snoozes and cool-downs, and lets alerts expire. @param {number} now */
  function advance(now) {
    const alerts = desk.alerts.map((alert) => advanced(alert, now));
    if (alerts.some((alert, at) => alert !== desk.alerts[at])) desk.change({ alerts });
  }

  /** The page does something. If it did nothing for long, it slept without a word. @param {number} now */
  function alive(now) {
    if (asleepSince === null && now - aliveAt >= SLEPT_MS) woke(aliveAt, now);
    aliveAt = now;
  }

  /** @param {number} from @param {number} now */
  function woke(from, now) {
    const watched = [...armed.values()].flat();
    if (watched.length === 0) return;
    const when = `from ${formatClock(from)} to ${formatClock(now)}`;
    for (const { id } of watched) sleptThrough.set(id, when);
    tell(`This page slept ${when}; alerts were not watched`, now);
  }

  async function turnOnNotifications() {
    await askPermission();
    desk.set({ notify: permission() === 'granted' });
    const advice = permissionAdvice();
    if (advice !== null) voice.toast(advice);
  }

  async function test() {
    await prepareSound();
    const sounded = playSound();
    const shown = await showNotification({ id: 'test', title: 'Test of Hamster’s alerts', body: 'This is how an alert is shown.', symbol: null }, open);
    const parts = [shown ? 'A notification was shown' : `No notification: ${permission() === 'default' ? 'they are off' : 'the browser does not allow it'}`, sounded ? 'the sound was played' : 'this browser does not let the page sound'];
    voice.toast(parts.join('; '));
  }
}
