/** What a quote may leave out. */
export const UNKNOWN = {
  name: null, type: null, kind: null, currency: null, micCode: null, timezone: null, decimals: null, open: null, high: null, low: null,
  yearLow: null, yearHigh: null, averageVolume: null, opensAt: null, closesAt: null,
};
