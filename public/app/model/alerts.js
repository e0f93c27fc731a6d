/**
 * Alerts: what is watched for, and their life. An alert is armed, fires, and is armed again,
 * snoozed or deleted.
 */

/** @typedef {'above' | 'below' | 'crosses' | 'day-move' | 'quick-move' | 'stale' | 'mute' | 'live-again'} AlertKind */

/**
 * @typedef {object} Alert
 * @property {string} id
 * @property {AlertKind} kind
 * @property {string | null} symbol  null: of the feed
 * @property {number | null} level  a price, percent, or seconds, by kind
 * @property {number | null} within  minutes, of a quick move
 * @property {string} note
 * @property {boolean} repeats
 * @property {number | null} expires  ms since 1970
 * @property {'armed' | 'fired' | 'snoozed' | 'off'} state
 * @property {number | null} until  end of the snooze or of the cool-down, ms since 1970
 * @property {Fired | null} fired  the last time
 */
/** @typedef {{ at: number, price: number | null, sentence: string, simulated: boolean }} Fired */

export {};
