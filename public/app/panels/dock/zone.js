/** The time zone of the log's times, in words. */

/** @type {Map<string, string>} */
const labels = new Map();

/**
 * `UTC+1, this device`: the zone in which formatClock writes. A log tells of all exchanges, so with
 * the exchange's zone it is the device's.
 * @param {import('../../model/desk.js').Settings['zone']} zone
 */
export function zoneLabel(zone) {
  const known = labels.get(zone);
  if (known !== undefined) return known;
  const isDevice = zone === 'device' || zone === 'exchange';
  const names = new Intl.DateTimeFormat('en-US', { timeZone: isDevice ? undefined : zone, timeZoneName: 'shortOffset' });
  const offset = (names.formatToParts(new Date()).find(({ type }) => type === 'timeZoneName')?.value ?? '').replace('GMT', 'UTC').replace('-', '−');
  const place = isDevice ? 'this device' : zone.split('/')[1]?.replace('_', ' ');
  const label = place ? `${offset}, ${place}` : offset;
  labels.set(zone, label);
  return label;
}
