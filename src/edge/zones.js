// Time zones: the platform has the IANA database, which would be large in WebAssembly.

// The zone asked for last. One is kept, because the names come from requests.
let last = { zone: undefined, format: undefined };

// How far a zone is ahead of UTC at a time, in seconds; undefined for a zone that does not exist.
// `at` is in milliseconds since 1970.
export function utcOffset(zone, at) {
  try {
    if (last.zone !== zone) {
      const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
      last = { zone, format };
    }
    // For example "1/19/2026, GMT-05:00", and "GMT" alone for UTC.
    const parts = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(last.format.format(at));
    if (!parts) return undefined;
    const [, sign, hours = "0", minutes = "0", seconds = "0"] = parts;
    const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return sign === "-" ? -offset : offset;
  } catch {
    return undefined;
  }
}
