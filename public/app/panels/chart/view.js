/**
 * The chart, loaded after the first prices: bars of the shown symbol, drawn at most four times a
 * second and only while they can be seen. It asks for bars while the library is still on its way.
 */
import { rowKey } from '../../model/quotes.js';
import { interval as intervalNamed } from '../../model/intervals.js';
import { element } from '../../ui/element.js';
import { setAttribute, setText, show } from '../../ui/paint.js';
import { offerUndo } from '../../ui/undo.js';
import { barsAsCsv } from '../../words/bars.js';
import { decimalsOf, formatDecimal } from '../../words/format.js';
import { quoted } from '../../words/text.js';
import { timesIn } from '../../words/times.js';
import { createAlertDrag } from './alert-drag.js';
import { createBarTable } from './bar-table.js';
import { readColours } from './colours.js';
import { createCursor } from './cursor.js';
import { createLegend } from './legend.js';
import { emptyWords, statusWords } from './sentences.js';
import { BarSession } from './session.js';
import { barSentence, chartLabel } from './spoken.js';

/** @typedef {import('../../model/quotes.js').Row} Row */

/** Four repaints a second: 60 would cost a fifth of a core, and nobody sees the difference. */
const REPAINT_MS = 250;
/** Older bars are asked for when fewer than this are left of the view. */
const NEAR_BARS = 20;
const MOST_OF_NAME = 40;
const ALERT_TITLES = /** @type {Record<string, string>} */ ({ above: 'Alert ≥', below: 'Alert ≤', crosses: 'Alert at' });

/**
 * @param {object} parts
 * @param {HTMLElement} parts.stage
 * @param {HTMLElement} parts.message  stands in place of bars
 * @param {HTMLElement} parts.sentence  in the message
 * @param {HTMLButtonElement} parts.retry  in the message
 * @param {HTMLElement} parts.status  above the time axis, over the bars
 * @param {HTMLElement} parts.zone  names the time zone
 * @param {string} parts.keys  id of the element that explains the keys
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {() => void} onChange  whether there are bars, or a table, has changed
 */
export function createView({ stage, message, sentence, retry, status, zone, keys }, terminal, onChange) {
  const { store, desk, voice, access } = terminal;
  const host = element('div', { class: 'canvas', role: 'img', tabindex: '0', 'aria-roledescription': 'chart', 'aria-describedby': keys });
  const legend = createLegend();
  const table = createBarTable();
  stage.append(host, legend.element, table.element);
  const media = ['(prefers-color-scheme: dark)', '(prefers-contrast: more)'].map((query) => matchMedia(query));
  let colours = readColours(stage);
  /** @type {Row | null} */
  let row = null;
  let opened = '';
  let openedState = '';
  /** The row's `backfills` when its closes were last looked at; -1: not yet. */
  let backfills = 0;
  /** @type {BarSession | null} */
  let session = null;
  /** @typedef {typeof import('./canvas.js').createCanvas} CreateCanvas */
  /** The library comes later than this module. @type {CreateCanvas | null} */
  let createCanvas = null;
  /** @type {ReturnType<CreateCanvas> | null} */
  let canvas = null;
  /** @type {import('./canvas.js').Look | null} */
  let look = null;
  let isNew = true;
  let isSeen = false;
  /** Since when the link was up that was seen last, page's clock, ms. */
  let connectedSince = 0;
  let hadBars = false;
  let asTable = false;
  let mark = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let drawnAt = 0;

  const cursor = createCursor(host, {
    bars: () => session?.candles.bars ?? [],
    placeOf: (start) => session?.candles.indexOf(start) ?? -1,
    canvas: () => canvas,
    moved: () => schedule(),
    settled: (bar) => voice.say(bar === null ? label() : barSentence(bar, look, nameOf())),
  });
  /** Where an alert is while it is dragged. @type {{ id: string, price: number } | null} */
  let dragged = null;
  const drag = createAlertDrag(host, {
    handles: () => alertsNow().map(({ id, level }) => ({ id, price: Number(level) })),
    yOf: (price) => canvas?.yOf(price) ?? null,
    priceAt: (y) => canvas?.priceAt(y) ?? null,
    move(id, price) {
      dragged = { id, price };
      canvas?.showLines(linesNow(), baseNow());
    },
    drop(id, price) {
      dragged = null;
      schedule();
      if (price === null) return;
      const sentence = `Moved the alert of ${nameOf()} to ${formatDecimal(price, lookNow().decimals)}`;
      desk.change({ alerts: desk.alerts.map((alert) => (alert.id === id ? { ...alert, level: price } : alert)) }, sentence);
      offerUndo(terminal, sentence);
    },
  });
  const sight = new IntersectionObserver((changes) => {
    // A busy browser tells of several changes at once, the newest last.
    isSeen = changes.at(-1)?.isIntersecting === true;
    if (isSeen) schedule();
  });
  sight.observe(stage);
  let legendHeight = 0;
  const legendSize = new ResizeObserver(([entry]) => {
    const height = entry?.contentRect.height ?? 0;
    if (height > 0) legendHeight = height;
    schedule();
  });
  legendSize.observe(legend.element);
  const recolour = () => {
    colours = readColours(stage);
    schedule();
  };
  for (const query of media) query.addEventListener('change', recolour);
  host.addEventListener('focus', () => setAttribute(host, 'aria-label', label()));
  const tryNow = () => session?.refresh(Date.now());
  retry.addEventListener('click', tryNow);

  return {
    /** @param {import('../../ui/screen.js').Frame} frame @param {Row | null} shown */
    paint({ changes: { topics, rows }, desk: parts, now, second }, shown) {
      row = shown;
      if (parts.has('settings')) recolour();
      open(now);
      if (topics.has('link')) {
        const { state, since } = store.link;
        // Of a hidden page neither the loss nor the return is painted.
        if (state === 'connected' && since !== connectedSince) {
          if (!isNew) session?.refresh(now);
          connectedSince = since;
        }
      }
      if (row !== null && rows.has(row.key)) feed();
      if (session && row?.spark && row.backfills !== backfills && session.backfilled(row.spark, now)) backfills = row.backfills;
      if (second && isSeen) session?.beat(now);
      if (second && asTable) paintTable();
      if (second) paintWords(now);
      // Each second too, because a hidden page leaves changes undrawn. Without any nothing is repainted.
      if (second || parts.size > 0 || (row !== null && rows.has(row.key))) schedule();
    },
    /** The library is here. @param {CreateCanvas} create */
    begin(create) {
      createCanvas = create;
      schedule();
    },
    get asTable() {
      return asTable;
    },
    get hasBars() {
      return hadBars;
    },
    toggleTable() {
      asTable = !asTable;
      setAttribute(stage, 'data-table', asTable ? '' : null);
      show(table.element, asTable);
      if (asTable) {
        paintTable();
        table.element.focus();
      }
      onChange();
    },
    saveCsv() {
      if (!session || !row) return;
      const text = barsAsCsv(session.candles.bars, session.candles.simulated === true, intervalNamed(desk.view.interval).seconds);
      const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
      const name = `${row.name.replace(/[^\w.-]+/g, '-')}-${desk.view.interval}.csv`;
      element('a', { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      voice.toast(`Saved ${session.candles.bars.length} bars as ${name}`);
    },
    destroy() {
      clearTimeout(timer);
      sight.disconnect();
      legendSize.disconnect();
      cursor.destroy();
      drag.destroy();
      session?.close();
      for (const query of media) query.removeEventListener('change', recolour);
      retry.removeEventListener('click', tryNow);
      canvas?.remove();
      for (const part of [host, legend.element, table.element]) part.remove();
    },
  };

  /** Begins with another symbol or interval if one is shown now. @param {number} now */
  function open(now) {
    const { interval } = desk.view;
    const key = row === null ? '' : `${row.key} ${interval}`;
    const mayNow = session?.state === 'refused' && row?.state !== openedState && row?.state !== 'pending';
    if (key === opened && !mayNow) return;
    opened = key;
    openedState = row?.state ?? '';
    // The browser's copy of an answer may be older than what is known.
    backfills = -1;
    session?.close();
    session = null;
    isNew = true;
    cursor.clear();
    if (row !== null) {
      session = new BarSession({ symbol: row.name, interval }, access.ask, store, () => {
        feed();
        schedule();
      });
      session.refresh(now);
    }
    drawnAt = 0;
    schedule();
  }

  /** The newest price and minute into the bars. */
  function feed() {
    if (!session || !row || session.state === 'loading' || session.state === 'refused') return;
    if (row.bar !== null) session.candles.takeMinute(row.bar);
    if (row.quote !== null && !row.kept) session.candles.takePrice(row.quote);
  }

  function schedule() {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
    }, Math.max(0, REPAINT_MS - (Date.now() - drawnAt)));
  }

  function draw() {
    if (document.hidden || !isSeen) return;
    const now = Date.now();
    drawnAt = now;
    const candles = session?.candles;
    const bars = candles?.bars ?? [];
    if (bars.length !== 0 !== hadBars) {
      hadBars = bars.length !== 0;
      onChange();
    }
    show(host, bars.length > 0 && createCanvas !== null);
    if (!candles || bars.length === 0 || !createCanvas) {
      legend.paint(undefined, /** @type {any} */ ({}));
      paintWords(now);
      return;
    }
    const next = lookNow();
    const changed = candles.takeChanges();
    const isRestyled = look !== null && Object.entries(next).some(([name, value]) => look?.[/** @type {keyof typeof next} */ (name)] !== value);
    look = next;
    const isWhole = isNew || isRestyled || changed.whole;
    if (canvas === null) {
      canvas = createCanvas(host, look);
      canvas.chart.timeScale().subscribeVisibleLogicalRangeChange(nearLeft);
      canvas.chart.timeScale().subscribeSizeChange(() => (mark = ''));
      cursor.follow(canvas.chart);
    } else if (isRestyled) canvas.restyle(look);
    canvas.draw(candles, isNew || isRestyled ? { whole: true, times: [] } : changed, intervalNamed(desk.view.interval).seconds, isNew);
    if (isNew) canvas.reset();
    if (changed.whole) cursor.repoint();
    isNew = false;
    canvas.showLines(linesNow(), baseNow());
    const wanted = `${candles.simulated === true || row?.quote?.simulated === true} ${host.clientWidth} ${look.colours['sim-text']}`;
    if (mark !== wanted) {
      mark = wanted;
      canvas.mark(wanted.startsWith('true'));
    }
    const bar = cursor.bar ?? bars.at(-1);
    if (legendHeight > 0) canvas.leaveTop(legendHeight);
    const room = `calc(100% - ${canvas.axisWidth}px)`;
    if (legend.element.style.maxWidth !== room) {
      legend.element.style.maxWidth = room;
      zone.style.width = `${canvas.axisWidth}px`;
    }
    legend.paint(bar, { decimals: look.decimals, times: look.times, days: look.days, gap: gapAt(bar) });
    if (isWhole) setAttribute(host, 'aria-label', label());
    if (asTable && isWhole) paintTable();
    paintWords(now);
    nearLeft();
  }

  /** @returns {import('./canvas.js').Look} */
  function lookNow() {
    const days = desk.view.interval === '1day';
    const quote = row?.quote ?? null;
    return {
      type: desk.view.chart,
      decimals: Math.max(quote === null ? 2 : decimalsOf(quote), session?.decimals ?? 0),
      times: timesIn(desk.settings, session?.candles.timezone ?? null, days),
      days,
      colours,
    };
  }

  /** The armed price alerts of the shown symbol. */
  function alertsNow() {
    return desk.alerts.filter(({ state, symbol, kind, level }) => state === 'armed' && symbol !== null && level !== null && kind in ALERT_TITLES && rowKey(symbol) === row?.key);
  }

  /** @returns {import('./canvas.js').Line[]} */
  function linesNow() {
    const alerts = alertsNow().map(({ id, kind, level }) => ({
      price: dragged?.id === id ? dragged.price : Number(level), title: ALERT_TITLES[kind] ?? '', kind: /** @type {const} */ ('alert'),
    }));
    const previousClose = row?.quote?.previousClose ?? null;
    return previousClose === null ? alerts : [{ price: previousClose, title: 'Prev. close', kind: 'previous-close' }, ...alerts];
  }

  /** From where a baseline chart counts. */
  function baseNow() {
    return row?.quote?.previousClose ?? session?.candles.bars[0]?.open ?? null;
  }

  /** The gap that a bar touches, or that ends where it begins. @param {import('../../model/candles.js').Candle | undefined} bar */
  function gapAt(bar) {
    if (bar === undefined || !session) return undefined;
    const { bars, gaps } = session.candles;
    const before = bars[session.candles.indexOf(bar.time) - 1]?.time ?? bar.time;
    const { seconds } = intervalNamed(desk.view.interval);
    return gaps.find(({ from, to }) => from < bar.time + seconds && to > before + seconds);
  }

  function nearLeft() {
    const range = canvas?.chart.timeScale().getVisibleLogicalRange();
    if (range && range.from < NEAR_BARS && isSeen) void session?.older(Date.now());
  }

  /** @param {number} now */
  function paintWords(now) {
    const empty = session === null ? { sentence: 'Choose a symbol to see its chart.', canRetry: false } : emptyWords(session, nameOf(), navigator.onLine, now)
      ?? (isNew ? { sentence: `Loading the chart of ${quoted(nameOf(), MOST_OF_NAME)}…`, canRetry: false } : null);
    setAttribute(stage, 'data-state', stateNow(empty !== null));
    show(message, empty !== null);
    setText(sentence, empty?.sentence ?? '');
    show(retry, empty?.canRetry === true);
    const times = lookNow().times;
    const text = session === null ? '' : statusWords(session, desk.view.interval === '1day' ? times.date : times.minute, now);
    setText(status, text);
    setAttribute(status, 'title', text === '' ? null : text);
    setText(zone, empty === null ? times.short(now / 1_000) : '');
    setAttribute(zone, 'title', `Times: ${times.name}`);
  }

  /** @param {boolean} isEmpty  whether a sentence stands in place of bars */
  function stateNow(isEmpty) {
    if (session === null) return 'none';
    if (!isEmpty) return 'ready';
    return session.candles.bars.length > 0 || session.state === 'loading' ? 'loading' : 'empty';
  }

  function paintTable() {
    const bars = session?.candles.bars ?? [];
    const inSight = canvas?.inSight(bars.length);
    if (!inSight || look === null) return;
    const simulated = session?.candles.simulated === true ? ', SIMULATED' : '';
    table.paint(bars.slice(inSight.from, inSight.to + 1), {
      title: `${nameOf()}, ${intervalNamed(desk.view.interval).words}${simulated}`, decimals: look.decimals, minute: look.days ? look.times.date : look.times.minute,
    });
  }

  function label() {
    const bars = session?.candles.bars ?? [];
    const inSight = canvas?.inSight(bars.length);
    if (!inSight || look === null) return `Chart of ${nameOf()}: no bars`;
    return chartLabel(bars.slice(inSight.from, inSight.to + 1), look, { name: nameOf(), words: intervalNamed(desk.view.interval).words, simulated: session?.candles.simulated === true });
  }

  function nameOf() {
    return row?.name ?? '';
  }
}
