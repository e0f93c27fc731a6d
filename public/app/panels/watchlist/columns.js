/** The columns of the list, and which of them fit. Header and rows share one set of widths. */

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} title  as in the head
 * @property {string} name   as in menus and for screen readers
 * @property {number} width  the least, px
 * @property {number} goes   rank in leaving a narrow list: the highest goes first; 0: never
 * @property {'start' | 'end'} align
 */

/** @type {(id: string, title: string, width: number, goes: number, align: Column['align'], name?: string) => Column} */
const column = (id, title, width, goes, align, name = title) => ({ id, title, name, width, goes, align });

/** @type {Column[]} */
export const COLUMNS = [
  column('symbol', 'Symbol', 92, 0, 'start'),
  column('last', 'Last', 96, 0, 'end', 'Last price'),
  column('pct', 'Chg %', 84, 0, 'end', 'Change in percent'),
  column('change', 'Chg', 80, 700, 'end', 'Change'),
  column('spark', '1 h', 56, 560, 'start', 'Last hour'),
  column('bid', 'Bid', 84, 860, 'end'),
  column('ask', 'Ask', 84, 860, 'end'),
  column('range', 'Day range', 132, 960, 'start'),
  column('volume', 'Volume', 76, 1_040, 'end', 'Volume of the day'),
  column('spread', 'Spread', 72, 1_100, 'end'),
  column('bp', 'Spread bp', 80, 1_100, 'end', 'Spread in basis points'),
  column('open', 'Open', 84, 1_140, 'end'),
  column('previous', 'Prev. close', 88, 1_130, 'end', 'Previous close'),
  column('year', '52 weeks', 132, 1_180, 'start', 'Range of 52 weeks'),
  column('average', 'Avg vol.', 76, 1_200, 'end', 'Average volume of a day'),
  column('relative', 'Rel. vol.', 72, 1_190, 'end', 'Volume against the average'),
  column('time', 'Time', 72, 1_220, 'end', 'Exchange time'),
  column('lag', 'Hub lag', 72, 1_230, 'end', 'From the exchange to the hub'),
  column('name', 'Name', 140, 1_210, 'start'),
  column('currency', 'Cur.', 52, 1_240, 'start', 'Currency'),
  column('alerts', 'Alerts', 80, 1_150, 'end', 'Nearest alert'),
  column('source', 'Source', 132, 0, 'start'),
];

export const DEFAULT_COLUMNS = ['symbol', 'last', 'pct', 'change', 'spark', 'bid', 'ask', 'range', 'volume', 'source'];
/** Before the first and behind the last column: the grip, and the button of the row's menu. */
export const GRIP_WIDTH = 24;
export const ACTIONS_WIDTH = 28;

const BY_ID = new Map(COLUMNS.map((one) => [one.id, one]));
/** Columns that a row cannot do without. @type {Set<string>} */
export const ALWAYS = new Set(COLUMNS.filter(({ goes }) => goes === 0).map(({ id }) => id));

/** @param {string} id */
export function columnNamed(id) {
  return BY_ID.get(id);
}

/**
 * The chosen columns in order. What storage holds may be anything: unknown ones are dropped, and
 * those that a row cannot do without are put back.
 * @param {string[] | null} chosen
 * @returns {string[]}
 */
export function chosenColumns(chosen) {
  if (!Array.isArray(chosen)) return DEFAULT_COLUMNS;
  const known = new Set(chosen.filter((id) => BY_ID.has(id) && id !== 'symbol'));
  for (const id of ALWAYS) if (id !== 'symbol') known.add(id);
  return ['symbol', ...known];
}

/** @param {string[]} chosen @param {string} id @returns {string[]} */
export function withColumnToggled(chosen, id) {
  if (ALWAYS.has(id)) return chosen;
  if (chosen.includes(id)) return chosen.filter((one) => one !== id);
  // A column appears where it is by default, beside its neighbour in the full order.
  const order = COLUMNS.map((one) => one.id);
  const at = chosen.findIndex((one) => one !== 'symbol' && order.indexOf(one) > order.indexOf(id));
  return chosen.toSpliced(at < 0 ? chosen.length : at, 0, id);
}

/** @param {string[]} chosen @param {string} id @param {-1 | 1} by @returns {string[]} */
export function withColumnMoved(chosen, id, by) {
  const at = chosen.indexOf(id);
  const to = at + by;
  // The symbol is always the first.
  if (at < 1 || to < 1 || to >= chosen.length) return chosen;
  return chosen.toSpliced(at, 1).toSpliced(to, 0, id);
}

/**
 * The columns that fit and their widths; null if not even those that never go do, so the row needs
 * two lines.
 * @param {string[]} chosen
 * @param {number} width  of the list, px
 * @param {(id: string) => number} needed  the width of a column's longest text, px
 * @returns {{ columns: Column[], widths: number[] } | null}
 */
export function fit(chosen, width, needed) {
  const room = width - GRIP_WIDTH - ACTIONS_WIDTH;
  let columns = chosen.map((id) => BY_ID.get(id)).filter((one) => one !== undefined);
  const widthOf = (/** @type {Column} */ { id, width: least }) => Math.max(least, Math.ceil(needed(id)));
  const sum = () => columns.reduce((total, one) => total + widthOf(one), 0);
  while (sum() > room) {
    const first = Math.max(...columns.map(({ goes }) => goes));
    if (first === 0) return null;
    columns = columns.filter(({ goes }) => goes !== first);
  }
  return { columns, widths: shared(columns, columns.map(widthOf), room - sum()) };
}

/** The symbol takes a third of what is left, up to its bound. */
const MOST_FOR_SYMBOL = 120;
/** The others share by their widths; what is drawn is the better for more. */
const DRAWN = 3;

/** @param {Column[]} columns @param {number[]} widths @param {number} left */
function shared(columns, widths, left) {
  const forSymbol = Math.min(MOST_FOR_SYMBOL, Math.floor(left / 3));
  const shares = widths.map((width, index) => (index === 0 ? 0 : width * (columns[index]?.id === 'spark' ? DRAWN : 1)));
  const total = shares.reduce((sum, share) => sum + share, 0) || 1;
  return widths.map((width, index) => width + (index === 0 ? forSymbol : Math.floor(((left - forSymbol) * (shares[index] ?? 0)) / total)));
}
