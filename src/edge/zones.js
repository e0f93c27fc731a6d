// The time zones of the IANA database, which the platform has built in.

// The zone asked for last. A series asks for one zone once for each candle, and to look a zone up
// takes far longer than to use it.
/** @type {string | undefined} */
let name;
/** @type {Intl.DateTimeFormat} */
let format;

/**
 * Seconds that the clocks of a zone are ahead of UTC at a moment in milliseconds since the epoch; undefined if there is no such zone.
 * @param {string} zone
 * @param {number} at
 */
export function secondsAheadOfUtc(zone, at) {
  if (zone !== name) {
    try {
      format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
      name = zone;
    } catch {
      return undefined;
    }
  }
  // Such as "1/14/2026, GMT+10:30"; UTC itself is plain "GMT".
  const offset = /GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(format.format(at));
  if (!offset) return 0;
  const [, sign, hours, minutes, seconds] = offset;
  const length = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0);
  return sign === "-" ? -length : length;
}
