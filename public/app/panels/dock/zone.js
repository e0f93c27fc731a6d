/** The times of the log, in the time zone of the settings. */

/**
 * `label` names the zone: `UTC+1, this device`.
 * @typedef {{ format: (at: number) => string, label: string }} ZoneClock
 */

const LOCALE = 'en-US';
/** @type {Map<string, ZoneClock>} */
const clocks = new Map();

/**
 * A log tells of all exchanges, so with the exchange's zone it uses the device's.
 * @param {import('../../model/desk.js').Settings['zone']} zone
 * @returns {ZoneClock}
 */
export function clockOf(zone) {
  const known = clocks.get(zone);
  if (known) return known;
  const isDevice = zone === 'device' || zone === 'exchange';
  const timeZone = isDevice ? undefined : zone;
  const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone });
  const names = new Intl.DateTimeFormat(LOCALE, { timeZone, timeZoneName: 'shortOffset' });
  const offset = (names.formatToParts(new Date()).find(({ type }) => type === 'timeZoneName')?.value ?? '').replace('GMT', 'UTC').replace('-', '−');
  const place = isDevice ? 'this device' : zone.split('/')[1]?.replace('_', ' ');
  const made = { format: (/** @type {number} */ at) => clock.format(at), label: place ? `${offset}, ${place}` : offset };
  clocks.set(zone, made);
  return made;
}
