// A line chart with logarithmic axes as SVG, drawn by ECharts, which needs no browser for it. The
// background is white so that the chart is legible on a dark page too.

import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

const SIZE = { width: 760, height: 440 };
const TEXT = { color: "#212529", fontSize: 13 };

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ name: string, colour: string, dashed: boolean, points: Point[] }} Line
 * @typedef {{
 *   title: string, x: string, y: string, lines: Line[],
 *   limit?: { at: number, label: string }
 * }} Chart
 */

/** @param {Chart} chart */
export function chart({ title, x, y, lines, limit }) {
  const drawn = init(null, null, { renderer: "svg", ssr: true, ...SIZE });
  drawn.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "system-ui, sans-serif" },
    title: { text: title, left: 10, top: 10, textStyle: { ...TEXT, fontSize: 16 } },
    legend: { orient: "vertical", right: 10, top: 60, textStyle: TEXT },
    grid: { left: 75, right: 130, top: 55, bottom: 60 },
    xAxis: { ...axis(x, lines.flatMap(({ points }) => points.map((point) => point.x))), nameGap: 32 },
    yAxis: { ...axis(y, lines.flatMap(({ points }) => points.map((point) => point.y))), nameGap: 50 },
    series: lines.map(({ name, colour, dashed, points }, i) => ({
      type: "line",
      name,
      color: colour,
      symbol: "circle",
      symbolSize: 6,
      lineStyle: { width: 2, type: dashed ? "dashed" : "solid" },
      data: points.map((point) => [point.x, point.y]),
      ...(limit && i === 0 ? { markLine: limitLine(limit) } : {}),
    })),
  });
  const svg = drawn.renderToSVGString();
  drawn.dispose();
  return `${svg}\n`;
}

/** An axis that begins and ends at a power of ten. @param {string} name @param {number[]} values */
function axis(name, values) {
  return {
    type: /** @type {const} */ ("log"),
    name,
    nameLocation: /** @type {const} */ ("middle"),
    nameTextStyle: TEXT,
    min: 10 ** Math.floor(Math.log10(Math.min(...values))),
    max: 10 ** Math.ceil(Math.log10(Math.max(...values))),
    axisLabel: { ...TEXT, formatter: short },
    axisLine: { show: true, lineStyle: { color: "#868e96" } },
    splitLine: { show: true, lineStyle: { color: "#dee2e6" } },
  };
}

/** @param {{ at: number, label: string }} limit */
function limitLine({ at, label }) {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: "#e03131", type: /** @type {const} */ ("dotted") },
    // Keep the label left of where the lines end.
    label: { formatter: label, position: /** @type {const} */ ("insideEndTop"), padding: [0, 90, 0, 0], color: "#e03131", fontSize: 13 },
    data: [{ yAxis: at }],
  };
}

/** @param {number} value */
function short(value) {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1_000 ? `${value / 1_000} k` : String(Number(value.toPrecision(1)));
}
