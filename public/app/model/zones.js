/** What the clocks of a time zone show. The chart's library knows UTC only. */

const DAY = 86_400;

/**
 * Midnight UTC of the date that an exchange has at this time.
 * @param {number} second  s since 1970
 * @param {string} timezone
 */
export function dayOf(second, timezone) {
  const local = second + offsetIn(timezone, second);
  return local - (((local % DAY) + DAY) % DAY);
}

/** @type {Map<string, Intl.DateTimeFormat | null>} */
const formats = new Map();
/** @type {Map<string, number>} */
const offsets = new Map();
const QUARTER_HOUR = 900;

/**
 * How far the clocks of a zone are ahead of UTC, s. Clocks are changed at full quarters of an hour.
 * A zone that does not exist is UTC.
 * @param {string | undefined} timezone  undefined: this device's
 * @param {number} second  s since 1970
 */
export function offsetIn(timezone, second) {
  if (timezone === 'UTC') return 0;
  const quarter = Math.floor(second / QUARTER_HOUR) * QUARTER_HOUR;
  const key = `${timezone} ${quarter}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size > 20_000) offsets.clear();
    offset = measureOffset(timezone, quarter);
    offsets.set(key, offset);
  }
  return offset;
}

/** @param {string | undefined} timezone @param {number} second */
function measureOffset(timezone, second) {
  const name = timezone ?? '';
  let format = formats.get(name);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: timezone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
      });
    } catch {
      format = null;
    }
    formats.set(name, format);
  }
  if (format === null) return 0;
  /** @type {Record<string, number>} */
  const parts = {};
  for (const { type, value } of format.formatToParts(second * 1_000)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second: seconds = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, seconds) / 1_000 - second;
}
