import { keysOf, shownKey } from '../../model/keys.js';
import { rowKey } from '../../model/quotes.js';
import { element, uniqueId } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { MAC } from '../../ui/keys.js';
import { setForeignText } from '../../ui/paint.js';
import { short } from '../../words/text.js';

/** @typedef {import('../../model/finder.js').Option} Option */
/** @typedef {import('../../model/finder.js').Entry} Entry */
/**
 * `held`: keys of the symbols in the list for adding; `keys`: the user's own keys.
 * @typedef {{ held: Set<string>, listName: string, keys: Record<string, string[]> }} Context
 */

const MOST_OF_SYMBOL = 40;
const MOST_OF_NAME = 80;
const MOST_OF_VENUE = 30;
const MOST_OF_PLAN = 24;

/** @type {Record<Entry['serves'], { sign: string, word: string, tone: string, title: string }>} */
const SERVES = {
  stream: { sign: 'disc', word: 'Streams', tone: 'live', title: 'The hub streams it.' },
  poll: { sign: 'circling', word: 'Polled', tone: 'rest', title: 'The hub asks for it by REST as its credits allow.' },
  no: { sign: 'crossed', word: 'Not served', tone: 'bad', title: 'The hub gets no prices of it.' },
  sim: { sign: 'diamond', word: 'Simulated', tone: 'sim', title: 'Made by the simulator. No market is behind it.' },
  unknown: { sign: 'dots', word: 'Not tried', tone: 'minor', title: 'Nobody has asked this hub for it yet.' },
};

/**
 * @param {import('../../model/finder.js').Group} group
 * @param {Context} context
 * @returns {HTMLElement}
 */
export function groupElement({ title, options }, context) {
  const heading = element('div', { class: 'title', id: uniqueId('group'), role: 'presentation' }, title);
  return element('div', { role: 'group', 'aria-labelledby': heading.id }, heading, ...options.map((option) => optionElement(option, context)));
}

/**
 * @param {Option} option
 * @param {Context} context
 */
function optionElement(option, context) {
  const root = element('div', { role: 'option', id: uniqueId('option'), 'aria-selected': 'false', 'data-option': option.id, 'data-kind': option.kind });
  if (option.kind === 'command') root.append(...commandCells(option.command, context.keys));
  else root.append(...symbolCells(option, context));
  return root;
}

/** @param {import('../../commands.js').Command} command @param {Record<string, string[]>} own */
function commandCells(command, own) {
  const [key] = keysOf(command, own);
  const keys = key === undefined ? [] : shownKey(key, MAC).map((part) => element('kbd', {}, part));
  return [
    element('span', { class: 'name' }, command.title),
    element('span', { class: 'venue' }, command.group),
    element('span', { class: 'strokes' }, ...keys),
  ];
}

/**
 * @param {Extract<Option, { entry: Entry }>} option
 * @param {Context} context
 */
function symbolCells({ kind, entry }, { held, listName }) {
  const isHeld = held.has(rowKey(entry.symbol));
  const symbol = element('bdi', { class: 'symbol' });
  setForeignText(symbol, entry.symbol, MOST_OF_SYMBOL);
  const name = element('bdi', { class: 'name' });
  setForeignText(name, kind === 'typed' ? 'Use it as typed; the hub says whether it exists' : entry.name, MOST_OF_NAME);
  const venue = element('bdi', { class: 'venue' });
  setForeignText(venue, entry.exchange ?? '', MOST_OF_VENUE);
  const currency = element('bdi', { class: 'currency' });
  setForeignText(currency, entry.currency ?? '', 6);
  // A pointer's way of Ctrl+Enter. An option has no parts for a screen reader.
  const add = element('span', { class: 'add', 'data-add': isHeld ? 'done' : '', 'aria-hidden': 'true', title: isHeld ? `In ${listName}` : `Add to ${listName} (${MAC ? '⌘' : 'Ctrl'}+Enter)` }, icon(isHeld ? 'check' : 'plus'));
  return [symbol, name, venue, currency, kind === 'typed' ? element('span', { class: 'serves' }) : servesElement(entry), add];
}

/** @param {Entry} entry */
function servesElement({ serves, plan }) {
  const needsPlan = plan !== null && plan !== '' && (serves === 'no' || serves === 'unknown');
  const { sign, word, tone, title } = needsPlan
    ? { sign: 'crossed', word: `${short(plan, MOST_OF_PLAN)} plan`, tone: 'bad', title: `The provider serves it from the ${short(plan, 200)} plan.` }
    : SERVES[serves];
  return element('span', { class: 'serves', title }, element('span', { class: 'sign', 'data-tone': tone }, icon(sign)), word);
}
