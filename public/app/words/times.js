/**
 * How times are written in the zone that the user chose. A day's bar has a date and no time, so it
 * is the same day in every zone.
 */
import { offsetIn } from '../model/zones.js';

/** @typedef {import('../model/desk.js').Settings} Settings */

/** @type {Record<string, string>} */
const NAMES = { UTC: 'UTC', 'America/New_York': 'New York', 'Europe/London': 'London', 'Asia/Tokyo': 'Tokyo' };

/**
 * @typedef {object} Times
 * @property {string | undefined} timezone  IANA; undefined: this device's
 * @property {string} name  for people: `New York time`
 * @property {(second: number) => string} short  `EST`, `GMT+9`: as the zone is called at that time
 * @property {(second: number) => string} clock  `14:35`
 * @property {(second: number) => string} minute  `Nov 27, 14:35`
 * @property {(second: number) => string} exact  `Nov 27, 14:35:12`
 * @property {(second: number) => string} weekday  `Fri 14:35`
 * @property {(second: number) => string} date  `Nov 27, 2026`
 * @property {(second: number) => string} dayOfMonth  `27 Nov` or `Nov 27`, as the locale has it
 * @property {(second: number) => string} month  `Nov`
 * @property {(second: number) => string} year
 * @property {(second: number) => number} local  s since 1970 as the zone's clocks show them
 */

/** @type {Map<string, Times>} */
const made = new Map();

/**
 * @param {Pick<Settings, 'zone' | 'locale'>} settings
 * @param {string | null} exchange  zone of the exchange, IANA; null: not known
 * @param {boolean} [days]  whether the times are days, which are dates at midnight UTC
 * @returns {Times}
 */
export function timesIn({ zone, locale }, exchange, days = false) {
  const key = `${zone} ${locale} ${exchange} ${days}`;
  let times = made.get(key);
  if (!times) {
    const wanted = days ? 'UTC' : zone === 'device' ? undefined : zone === 'exchange' ? (exchange ?? 'UTC') : zone;
    times = make(isZone(wanted) ? wanted : 'UTC', localeOf(locale));
    if (days) Object.assign(times, { name: 'dates of the exchange', short: () => 'dates' });
    made.set(key, times);
  }
  return times;
}

/** @param {string | undefined} timezone @param {string | undefined} locale @returns {Times} */
function make(timezone, locale) {
  /**
   * Made when it is used: a zone has ten formats, and few places use more than two.
   * @param {Intl.DateTimeFormatOptions} options
   */
  const lazily = (options) => {
    /** @type {Intl.DateTimeFormat | undefined} */
    let made;
    return () => (made ??= new Intl.DateTimeFormat(locale, { timeZone: timezone, ...options }));
  };
  /** @param {Intl.DateTimeFormatOptions} options */
  const format = (options) => {
    const made = lazily({ hourCycle: 'h23', ...options });
    return (/** @type {number} */ second) => made().format(second * 1_000);
  };
  const zoneName = lazily({ timeZoneName: 'short' });
  const hour = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit' });
  return {
    timezone,
    name: nameOf(timezone),
    short: (second) => zoneName().formatToParts(second * 1_000).find(({ type }) => type === 'timeZoneName')?.value ?? '',
    clock: format(hour),
    minute: format({ month: 'short', day: 'numeric', ...hour }),
    exact: format({ month: 'short', day: 'numeric', ...hour, second: '2-digit' }),
    weekday: format({ weekday: 'short', ...hour }),
    date: format({ year: 'numeric', month: 'short', day: 'numeric' }),
    dayOfMonth: format({ month: 'short', day: 'numeric' }),
    month: format({ month: 'short' }),
    year: format({ year: 'numeric' }),
    local: (second) => second + offsetIn(timezone, second),
  };
}

/** @param {string | undefined} timezone */
function nameOf(timezone) {
  if (timezone === undefined) return 'this device’s time';
  return timezone === 'UTC' ? 'UTC' : `${NAMES[timezone] ?? timezone.split('/').at(-1)?.replaceAll('_', ' ')} time`;
}

/** The locale if the browser knows it, else the browser's own. @param {string} locale */
function localeOf(locale) {
  try {
    return locale === '' ? undefined : Intl.getCanonicalLocales(locale)[0];
  } catch {
    return undefined;
  }
}

/** @param {string | undefined} timezone */
function isZone(timezone) {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}
