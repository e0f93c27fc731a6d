/** The intervals of bars: their names, lengths and words. */

/** @typedef {import('./desk.js').Interval} Interval */

/**
 * From short to long. `id` is the hub's name, `label` the button's, `words` the sentence's.
 * @type {readonly { id: Interval, label: string, words: string, seconds: number }[]}
 */
export const INTERVALS = [
  { id: '1min', label: '1m', words: '1 minute', seconds: 60 },
  { id: '5min', label: '5m', words: '5 minutes', seconds: 300 },
  { id: '15min', label: '15m', words: '15 minutes', seconds: 900 },
  { id: '1h', label: '1h', words: '1 hour', seconds: 3_600 },
  { id: '4h', label: '4h', words: '4 hours', seconds: 14_400 },
  { id: '1day', label: '1D', words: '1 day', seconds: 86_400 },
];

/** What people type for an interval; whole numbers come first, the small ones before. @type {Record<string, Interval>} */
const TYPED = {
  1: '1min', 5: '5min', 15: '15min', 60: '1h', 240: '4h', '1min': '1min', '5min': '5min', '15min': '15min', '1m': '1min', '5m': '5min',
  '15m': '15min', '1h': '1h', '4h': '4h', '1d': '1day', d: '1day', '1day': '1day',
};

/** @param {Interval} id */
export function interval(id) {
  const found = INTERVALS.find((one) => one.id === id);
  if (!found) throw new Error(`no interval ${id}`);
  return found;
}

/**
 * The intervals that a text means, and then those that it may become: `1` is one minute, and may
 * become 15 minutes, an hour or a day.
 * @param {string} text  `5`, `5m`, `5min`, `1D`
 */
export function intervalsMeant(text) {
  const typed = text.trim().toLowerCase();
  // What begins with a letter must be the whole.
  const isMeant = (/** @type {string} */ name) => (/^\d/.test(typed) ? name.startsWith(typed) : name === typed);
  return [...new Set(Object.entries(TYPED).filter(([name]) => isMeant(name)).map(([, id]) => id))];
}
