// A line chart with logarithmic axes as SVG, readable on a light and on a dark page.

const WIDTH = 760;
const HEIGHT = 440;
const LEFT = 70;
const RIGHT = 640;
const TOP = 44;
const BOTTOM = 380;

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ name: string, colour: string, dashed: boolean, points: Point[] }} Line
 * @typedef {{ title: string, x: string, y: string, lines: Line[], limit?: { at: number, label: string } }} Chart
 */

/** @param {Chart} chart */
export function chart({ title, x, y, lines, limit }) {
  const points = lines.flatMap((line) => line.points);
  const across = scale(points.map((point) => point.x), LEFT, RIGHT);
  const up = scale([...points.map((point) => point.y), ...(limit ? [limit.at] : [])], BOTTOM, TOP);
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 24, title, 'font-size="16" font-weight="600"'),
    ...across.ticks.map((at) => vertical(across.place(at), short(at))),
    ...up.ticks.map((at) => horizontal(up.place(at), short(at))),
    text((LEFT + RIGHT) / 2, HEIGHT - 16, x, 'text-anchor="middle"'),
    text(18, (TOP + BOTTOM) / 2, y, `text-anchor="middle" transform="rotate(-90 18 ${(TOP + BOTTOM) / 2})"`),
    ...(limit ? [limitLine(up.place(limit.at), limit.label)] : []),
    ...lines.map((line) => drawn(line, across.place, up.place)),
    ...lines.map(({ name, colour }, i) => legend(name, colour, TOP + 10 + i * 22)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#212529">`,
    `<title>${escaped(title)}</title>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** Whole decades that hold all values, and where they are. @param {number[]} values @param {number} from @param {number} to */
function scale(values, from, to) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  const place = (/** @type {number} */ value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)), place };
}

/** @param {Line} line @param {(value: number) => number} across @param {(value: number) => number} up */
function drawn({ colour, dashed, points }, across, up) {
  const places = points.map((point) => [across(point.x).toFixed(1), up(point.y).toFixed(1)]);
  const path = `<polyline points="${places.map((place) => place.join(",")).join(" ")}" fill="none" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ""}/>`;
  return path + places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`).join("");
}

/** @param {string} name @param {string} colour @param {number} y */
function legend(name, colour, y) {
  return `<rect x="${RIGHT + 16}" y="${y - 9}" width="14" height="4" fill="${colour}"/>${text(RIGHT + 36, y - 2, name, "")}`;
}

/** @param {number} x @param {string} label */
function vertical(x, label) {
  return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP}" y2="${BOTTOM}" stroke="#dee2e6"/>${text(x, BOTTOM + 18, label, 'text-anchor="middle"')}`;
}

/** @param {number} y @param {string} label */
function horizontal(y, label) {
  return `<line x1="${LEFT}" x2="${RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#dee2e6"/>${text(LEFT - 8, y + 4, label, 'text-anchor="end"')}`;
}

/** @param {number} y @param {string} label */
function limitLine(y, label) {
  return `<line x1="${LEFT}" x2="${RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#e03131" stroke-dasharray="3 3"/>${text(LEFT + 6, y - 5, label, 'fill="#e03131"')}`;
}

/** @param {number} x @param {number} y @param {string} content @param {string} attributes */
function text(x, y, content, attributes) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

/** @param {number} value */
function short(value) {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1_000 ? `${value / 1_000} k` : String(Number(value.toPrecision(1)));
}

/** @param {string} content */
function escaped(content) {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
