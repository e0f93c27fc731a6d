/** The drawing: lightweight-charts, with our bars, colours, lines and time zone. */
import {
  BaselineSeries, CandlestickSeries, HistogramSeries, LineSeries, LineStyle, TickMarkType, createChartEx, createTextWatermark,
} from 'lightweight-charts';
import { formatDecimal, formatVolume } from '../../words/format.js';
import { bandsOf, createGapBands } from './gap-bands.js';
import { ZonedScale } from './zoned-scale.js';

/** @typedef {import('../../model/candles.js').Candle} Candle */
/** @typedef {import('../../model/candles.js').Candles} Candles */
/** @typedef {import('./colours.js').Colours} Colours */
/** @typedef {{ price: number, title: string, kind: 'previous-close' | 'alert' }} Line */
/**
 * @typedef {object} Look
 * @property {import('../../model/desk.js').View['chart']} type
 * @property {number} decimals
 * @property {import('../../words/times.js').Times} times
 * @property {boolean} days
 * @property {Colours} colours
 */

const LEAST_BARS = 10;
/** The legend takes at most this share of the height. */
const MOST_TOP = 0.3;
/** Its padding and the room below it, px. */
const LEGEND_ROOM = 14;
/** Bars of room to the right of the newest. */
const RIGHT_OFFSET = 3;
/** Width of the chart in ems of the watermark, whose word is about six ems wide. */
const WATERMARK_EM = 10;

/** @param {HTMLElement} host @param {Look} first */
export function createCanvas(host, first) {
  let look = first;
  const scale = new ZonedScale();
  scale.local = look.times.local;
  const chart = createChartEx(host, scale, chartOptions(look));
  const [pane] = chart.panes();
  if (!pane) throw new Error('a chart without a pane');
  const volumes = chart.addSeries(HistogramSeries, {
    priceScaleId: '', priceFormat: { type: 'custom', formatter: formatVolume, minMove: 1 }, lastValueVisible: false, priceLineVisible: false,
  });
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } });
  const bands = createGapBands(() => chart.timeScale());
  pane.attachPrimitive(bands);
  /** @type {ReturnType<typeof createTextWatermark> | null} */
  let watermark = null;
  let hasVolume = false;
  let legendHeight = 40;
  let series = addSeries();
  /** @type {import('lightweight-charts').IPriceLine[]} */
  let lines = [];
  /** @type {Line[]} */
  let wanted = [];
  /** @type {number | null} */
  let base = null;
  let lastTime = -Infinity;

  const canvas = {
    chart,
    /**
     * Changes how the bars look. They must all be drawn again.
     * @param {Look} next
     */
    restyle(next) {
      const before = look;
      look = next;
      scale.local = look.times.local;
      chart.applyOptions(chartOptions(look));
      if (before.type !== next.type) {
        chart.removeSeries(series);
        series = addSeries();
        lines = [];
      } else series.applyOptions(seriesOptions());
      canvas.showLines(wanted, base, true);
    },
    /**
     * @param {Candles} candles
     * @param {import('../../model/candles.js').Changed} changed
     * @param {number} seconds  length of a bar
     * @param {boolean} isNew  whether the bars are of another symbol or interval
     */
    draw(candles, { whole, times }, seconds, isNew) {
      if (isNew) {
        // A time that both have would keep its old place in the series that is set first.
        volumes.setData([]);
        series.setData([]);
      }
      if (whole) {
        volumes.setData(candles.bars.map(volumeOf));
        series.setData(/** @type {any} */ (candles.bars.map(itemOf)));
        hasVolume = candles.bars.some(({ volume }) => volume !== null && volume > 0);
        applyMargins();
      }
      for (const time of times) {
        const bar = candles.bars[candles.indexOf(time)];
        if (!bar) continue;
        const isLate = time < lastTime;
        volumes.update(volumeOf(bar), isLate);
        series.update(/** @type {any} */ (itemOf(bar)), isLate);
      }
      lastTime = candles.bars.at(-1)?.time ?? -Infinity;
      bands.show(bandsOf(candles, seconds), faint(look.colours.doubt, 0.35));
    },
    /**
     * @param {Line[]} next
     * @param {number | null} nextBase  price from which a baseline chart counts
     * @param {boolean} [anew]
     */
    showLines(next, nextBase, anew = false) {
      if (!anew && nextBase === base && JSON.stringify(next) === JSON.stringify(wanted)) return;
      wanted = next;
      base = nextBase;
      for (const line of lines) series.removePriceLine(line);
      lines = next.map(({ price, title, kind }) => series.createPriceLine({
        price, title, axisLabelVisible: true, lineWidth: 1,
        lineStyle: kind === 'alert' ? LineStyle.Dashed : LineStyle.Dotted,
        color: kind === 'alert' ? look.colours.doubt : look.colours.minor,
        axisLabelColor: look.colours.raised,
        axisLabelTextColor: kind === 'alert' ? look.colours.doubt : look.colours.minor,
      }));
      if (look.type === 'baseline' && base !== null) series.applyOptions(/** @type {any} */ ({ baseValue: { type: 'price', price: base } }));
    },
    /** Keeps bars below the legend. @param {number} px  its height */
    leaveTop(px) {
      if (px === legendHeight) return;
      legendHeight = px;
      applyMargins();
    },
    /** Width of the price scale, px. */
    get axisWidth() {
      return chart.priceScale('right').width();
    },
    /** @param {number} price */
    yOf: (price) => series.priceToCoordinate(price),
    /** The price at a height, as exact as the instrument's prices. @param {number} y */
    priceAt(y) {
      const price = series.coordinateToPrice(y);
      return price === null ? null : Number(price.toFixed(look.decimals));
    },
    /** Back to the newest bars, with a price scale that fits them. */
    reset() {
      series.priceScale().applyOptions({ autoScale: true });
      chart.timeScale().scrollToPosition(RIGHT_OFFSET, false);
    },
    /** @param {boolean} simulated */
    mark(simulated) {
      watermark?.detach();
      watermark = null;
      if (!simulated || !pane) return;
      const fontSize = Math.max(20, Math.min(72, Math.round(host.clientWidth / WATERMARK_EM)));
      watermark = createTextWatermark(pane, {
        horzAlign: 'center', vertAlign: 'center',
        lines: [{ text: 'SIMULATED', color: faint(look.colours['sim-text'], 0.12), fontSize, fontFamily: look.colours.font, fontStyle: 'bold' }],
      });
    },
    /** The bars in sight, as places among all. @param {number} count */
    inSight(count) {
      const range = chart.timeScale().getVisibleLogicalRange();
      if (range === null || count === 0) return null;
      const from = Math.max(0, Math.ceil(range.from));
      const to = Math.min(count - 1, Math.floor(range.to));
      return from <= to ? { from, to } : null;
    },
    /** Marks a bar, and scrolls it into sight. @param {Candle} bar @param {number} place */
    pointAt(bar, place) {
      const range = chart.timeScale().getVisibleLogicalRange();
      if (range !== null && (place < range.from || place > range.to)) {
        const width = range.to - range.from;
        const from = place < range.from ? place - 1 : place - width + 1;
        chart.timeScale().setVisibleLogicalRange({ from, to: from + width });
      }
      chart.setCrosshairPosition(bar.close, /** @type {any} */ (bar.time), series);
    },
    /** Shows fewer bars (below 1) or more (above 1), up to the newest in sight. @param {number} factor */
    zoom(factor) {
      const range = chart.timeScale().getVisibleLogicalRange();
      if (range === null) return;
      const width = Math.max(LEAST_BARS, (range.to - range.from) * factor);
      chart.timeScale().setVisibleLogicalRange({ from: range.to - width, to: range.to });
    },
    remove: () => chart.remove(),
  };
  return canvas;

  function addSeries() {
    if (look.type === 'line') return chart.addSeries(LineSeries, seriesOptions());
    if (look.type === 'baseline') return chart.addSeries(BaselineSeries, seriesOptions());
    return chart.addSeries(CandlestickSeries, seriesOptions());
  }

  function applyMargins() {
    const top = Math.min(MOST_TOP, (legendHeight + LEGEND_ROOM) / Math.max(1, chart.paneSize().height));
    series.priceScale().applyOptions({ scaleMargins: { top, bottom: hasVolume ? 0.24 : 0.08 } });
  }

  /** Options of all three types; each takes its own. */
  function seriesOptions() {
    const { up, down, accent } = look.colours;
    const { decimals } = look;
    return {
      priceFormat: /** @type {const} */ ({ type: 'custom', formatter: (/** @type {number} */ price) => formatDecimal(Number(price.toFixed(decimals)), decimals), minMove: 10 ** -decimals }),
      upColor: up, downColor: down, borderUpColor: up, borderDownColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false,
      color: accent, lineWidth: /** @type {const} */ (2),
      topLineColor: up, topFillColor1: faint(up, 0.24), topFillColor2: faint(up, 0.02),
      bottomLineColor: down, bottomFillColor1: faint(down, 0.02), bottomFillColor2: faint(down, 0.24),
    };
  }

  /** @param {Candle} bar */
  function itemOf({ time, open, high, low, close }) {
    return look.type === 'candles' ? { time: /** @type {any} */ (time), open, high, low, close } : { time: /** @type {any} */ (time), value: close };
  }

  /** @param {Candle} bar */
  function volumeOf({ time, open, close, volume }) {
    const at = { time: /** @type {any} */ (time) };
    return volume === null ? at : { ...at, value: volume, color: faint(close < open ? look.colours.down : look.colours.up, 0.4) };
  }
}

/** @param {Look} look */
function chartOptions({ colours, times, days }) {
  /** @param {number} second @param {TickMarkType} type */
  const mark = (second, type) => {
    if (type === TickMarkType.Year) return times.year(second);
    if (type === TickMarkType.Month) return times.month(second);
    return type === TickMarkType.DayOfMonth ? times.dayOfMonth(second) : times.clock(second);
  };
  const crosshair = { color: colours.control, labelBackgroundColor: colours.control };
  return /** @type {any} */ ({
    autoSize: true,
    layout: {
      background: { type: 'solid', color: colours.panel }, textColor: colours.minor, fontFamily: colours.font, fontSize: 11,
      attributionLogo: false,
    },
    grid: { vertLines: { color: colours['edge-faint'] }, horzLines: { color: colours['edge-faint'] } },
    crosshair: { vertLine: crosshair, horzLine: crosshair },
    rightPriceScale: { borderColor: colours.edge },
    timeScale: { borderColor: colours.edge, timeVisible: !days, secondsVisible: false, rightOffset: RIGHT_OFFSET, tickMarkFormatter: mark },
    localization: { dateFormat: 'yyyy-MM-dd', timeFormatter: days ? times.date : times.minute },
    handleScroll: { vertTouchDrag: false },
    kineticScroll: { touch: !matchMedia('(prefers-reduced-motion: reduce)').matches, mouse: false },
  });
}

/** `rgb(1, 2, 3)` with an opacity from 0 to 1. @param {string} colour @param {number} opacity */
function faint(colour, opacity) {
  const [red, green, blue] = colour.match(/[\d.]+/g) ?? [];
  return `rgba(${red ?? 0}, ${green ?? 0}, ${blue ?? 0}, ${opacity})`;
}
