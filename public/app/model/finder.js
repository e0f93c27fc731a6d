/**
 * What the search offers for a typed text: symbols of the user's lists, other symbols, commands,
 * the text itself as a symbol, and the nearest where nothing fits.
 */
import { intervalsMeant } from './intervals.js';
import { itemsInView, itemsOf, symbolsOf } from './lists.js';
import { rowKey } from './quotes.js';
import { EXACT, WORDS, nearest, queryOf, rank } from './ranking.js';

/** @typedef {import('../commands.js').Command} Command */
/** @typedef {import('../link/search.js').Found} Found */

/**
 * A symbol that can be shown or added. `symbol` is what is subscribed.
 * @typedef {object} Entry
 * @property {string} symbol
 * @property {string} name
 * @property {string | null} exchange
 * @property {string | null} micCode
 * @property {string | null} currency
 * @property {Found['serves'] | 'sim'} serves  `sim`: the simulator makes its prices
 * @property {string | null} plan
 */

/**
 * @typedef {(
 *   | { kind: 'symbol', id: string, entry: Entry, score: number }
 *   | { kind: 'typed', id: string, entry: Entry, score: number }
 *   | { kind: 'command', id: string, command: Command, score: number }
 * )} Option
 */
/** @typedef {{ title: string, options: Option[] }} Group */

/**
 * `answer`: what the hub found for this text, in its order. `known`: everything that it ever found.
 * @typedef {object} Sources
 * @property {Pick<import('./desk.js').Desk, 'lists' | 'view'>} desk
 * @property {Pick<import('./store.js').Store, 'rows' | 'hubs'>} store
 * @property {Command[]} commands
 * @property {Map<string, Found>} known
 * @property {Found[]} answer
 * @property {string[]} recent  symbols that were chosen before, newest first
 */

const MOST_LISTED = 8;
const MOST_SYMBOLS = 20;
const MOST_COMMANDS = 8;
/** Of a share at an exchange of the United States. */
const LONGEST_TICKER = 5;
/** Commands are in this order until something is typed. */
const GROUPS = ['View', 'Chart', 'Alerts', 'List', 'Log', 'Connection', 'Help'];
/** As docs/protocol.md has it, in upper case. */
const SYMBOL = /^[A-Z0-9^][A-Z0-9./_\-&+^='*#@$]{0,31}(?::[^:]{1,40})?$/;

/**
 * @param {string} text
 * @param {'symbols' | 'commands'} first  what is asked for in the first place
 * @param {Sources} sources
 * @returns {Group[]}  none is empty
 */
export function find(text, first, sources) {
  const query = queryOf(text);
  const { listed, others } = entriesOf(sources);
  const symbols = (/** @type {Entry[]} */ entries, /** @type {number} */ most) => rank(query, entries, most).map(({ found, score }) => symbolOption(found, score));
  const inLists = symbols(listed, query.text === '' ? MOST_LISTED + 4 : MOST_LISTED);
  const ranked = symbols(others, MOST_SYMBOLS);
  const elsewhere = [...ranked, ...unranked(sources.answer, [...inLists, ...ranked])].slice(0, MOST_SYMBOLS);
  const possible = sources.commands.filter(({ id, isPossible }) => !id.startsWith('palette.') && isPossible?.() !== false);
  const commands = rankCommands(query, possible);

  const typed = typedSymbol(query.text, [...inLists, ...elsewhere]);
  if (typed && query.text !== '') elsewhere.push(typed);
  const symbolGroups = [{ title: 'In your lists', options: inLists }, { title: 'Symbols', options: elsewhere }];
  const groups = first === 'symbols' ? [...symbolGroups, { title: 'Commands', options: commands }] : [{ title: 'Commands', options: commands }, ...symbolGroups];
  const fitting = [...inLists, ...elsewhere, ...commands].filter(({ kind }) => kind !== 'typed');
  if (fitting.length === 0) groups.unshift({ title: 'Did you mean', options: near(query, [...listed, ...others], possible) });
  return groups.filter(({ options }) => options.length > 0);
}

/**
 * The place of the option that Enter takes at first: the exact symbol, else the first; of a word too
 * long for a ticker, which only the user calls a symbol, the command that has it.
 * @param {Group[]} groups
 */
export function bestOf(groups) {
  const options = groups.flatMap((group) => group.options);
  const exact = options.findIndex(({ score }) => score === EXACT);
  const [first] = options;
  if (exact >= 0 || first?.kind !== 'typed' || first.entry.symbol.length <= LONGEST_TICKER) return Math.max(0, exact);
  return Math.max(0, options.findIndex(({ kind, score }) => kind === 'command' && score <= WORDS));
}

/**
 * The symbols of the user's lists, those of the list in view first, and all others.
 * @param {Sources} sources
 */
function entriesOf({ desk, store, known, answer, recent }) {
  const inLists = symbolsOf([...itemsInView(desk, store), ...desk.lists.flatMap((list) => itemsOf(list, store.hubs))]);
  const held = new Set(inLists.map(rowKey));
  const names = [...recent, ...store.hubs, ...[...store.rows.values()].map(({ name }) => name), ...answer.map(({ subscribe }) => subscribe), ...[...known.values()].map(({ subscribe }) => subscribe)];
  const others = symbolsOf(names.map((symbol) => ({ symbol }))).filter((symbol) => !held.has(rowKey(symbol)));
  const answered = new Map(answer.map((found) => [rowKey(found.subscribe), found]));
  const entry = (/** @type {string} */ symbol) => entryOf(symbol, store.rows.get(rowKey(symbol)), answered.get(rowKey(symbol)) ?? known.get(rowKey(symbol)));
  return { listed: inLists.map(entry), others: others.map(entry) };
}

/**
 * @param {string} symbol
 * @param {import('./quotes.js').Row} [row]
 * @param {Found} [found]
 * @returns {Entry}
 */
function entryOf(symbol, row, found) {
  const quote = row?.quote;
  return {
    symbol,
    name: quote?.name ?? found?.name ?? '',
    exchange: quote?.exchange ?? found?.exchange ?? null,
    micCode: quote?.micCode ?? found?.micCode ?? null,
    currency: quote?.currency ?? found?.currency ?? null,
    serves: servesOf(row) ?? found?.serves ?? 'unknown',
    plan: row?.needsPlan ?? found?.plan ?? null,
  };
}

/** How the hub gets its prices, as far as it has told. @param {import('./quotes.js').Row} [row] @returns {Entry['serves'] | null} */
function servesOf(row) {
  if (!row) return null;
  if (row.state === 'unavailable' || row.state === 'rejected') return 'no';
  if (row.quote?.simulated) return 'sim';
  if (row.state === 'streaming') return 'stream';
  return row.state === 'polled' ? 'poll' : null;
}

/** @param {Entry} entry @param {number} score @returns {Option} */
function symbolOption(entry, score) {
  return { kind: 'symbol', id: `symbol ${rowKey(entry.symbol)}`, entry, score };
}

/** What the hub found by other means than ours, such as another spelling of the name. @param {Found[]} answer @param {Option[]} there @returns {Option[]} */
function unranked(answer, there) {
  const ids = new Set(there.map(({ id }) => id));
  return answer.map((found) => symbolOption(entryOf(found.subscribe, undefined, found), EXACT + 9)).filter(({ id }) => !ids.has(id));
}

/** @param {import('./ranking.js').Query} query @param {Command[]} commands @returns {Option[]} */
function rankCommands(query, commands) {
  const findable = commands.map((command) => ({ symbol: '', name: `${command.title} ${command.group}`, exchange: null, micCode: null, command }));
  if (query.text === '') findable.sort((one, other) => placeOf(one.command) - placeOf(other.command));
  const ranked = rank(query, findable, query.text === '' ? Infinity : MOST_COMMANDS).map(({ found, score }) => commandOption(found.command, score));
  const intervals = intervalsMeant(query.text).flatMap((meant) => commands.find(({ id }) => id === `chart.${meant}`) ?? []);
  const meant = intervals.map((command) => commandOption(command, EXACT));
  return [...meant, ...ranked.filter(({ id }) => !meant.some((one) => one.id === id))].slice(0, MOST_COMMANDS);
}

/** The place of its group where all are shown. @param {Command} command */
function placeOf({ group }) {
  const place = GROUPS.indexOf(group);
  return place < 0 ? GROUPS.length : place;
}

/** @param {Command} command @param {number} score @returns {Option} */
function commandOption(command, score) {
  return { kind: 'command', id: command.id, command, score };
}

/** The text itself, which may be a symbol that no search finds. @param {string} text @param {Option[]} there @returns {Option | null} */
function typedSymbol(text, there) {
  if (!SYMBOL.test(text) || there.some(({ score }) => score === EXACT)) return null;
  const entry = { symbol: text, name: '', exchange: null, micCode: null, currency: null, serves: /** @type {const} */ ('unknown'), plan: null };
  return { kind: 'typed', id: `typed ${text}`, entry, score: EXACT + 10 };
}

/** @param {import('./ranking.js').Query} query @param {Entry[]} entries @param {Command[]} commands @returns {Option[]} */
function near(query, entries, commands) {
  const all = [
    ...entries.map((entry) => ({ ...entry, option: symbolOption(entry, EXACT + 9) })),
    ...commands.map((command) => ({ symbol: '', name: command.title, exchange: null, micCode: null, option: commandOption(command, EXACT + 9) })),
  ];
  return nearest(query, all).map(({ option }) => option);
}
