/**
 * What every panel gets: the market's state, the user's, and what can be done. There is one per
 * page.
 *
 * @typedef {object} Terminal
 * @property {import('./model/store.js').Store} store
 * @property {import('./model/desk.js').Desk} desk
 * @property {import('./commands.js').Commands} commands
 * @property {import('./link/connection.js').Connection} connection
 * @property {import('./link/access.js').Access} access
 * @property {import('./ui/voice.js').Voice} voice  tells: to eyes in a toast, to ears in a live region
 */

export {};
