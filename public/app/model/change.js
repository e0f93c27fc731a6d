/**
 * One change upon another: what somebody else changed meanwhile stays. Undoing is the change from
 * after to before; a tab that hears of another one puts its own change upon the other's state.
 */
import { rowKey } from './quotes.js';

/**
 * Puts the change from one value to another upon a third one. Arrays of lists, alerts and rows are
 * told apart by their ids, objects by their fields; anything else is replaced as a whole.
 * @template T
 * @param {T} onto
 * @param {T} from
 * @param {T} to
 * @returns {T}  `to` itself if nothing else was changed, `onto` itself if this changes nothing
 */
export function withChange(onto, from, to) {
  if (isSame(from, to)) return onto;
  if (onto === from || isSame(onto, from)) return to;
  const [now, before, after] = [onto, from, to].map(fieldsOf);
  if (!now || !before || !after) return to;
  const changed = new Map(now);
  for (const [key, value] of after) {
    const was = before.get(key);
    if (isSame(was, value)) continue;
    // What the other side removed stays away, unless this change is what brings it.
    if (changed.has(key)) changed.set(key, was === undefined ? value : withChange(changed.get(key), was, value));
    else if (was === undefined) changed.set(key, value);
  }
  for (const key of before.keys()) if (!after.has(key)) changed.delete(key);
  const made = Array.isArray(to) ? ordered(changed, [...now.keys()], [...before.keys()], [...after.keys()]) : Object.fromEntries(changed);
  return /** @type {T} */ (made);
}

/** Whether two values of JSON are the same. @param {unknown} one @param {unknown} other @returns {boolean} */
export function isSame(one, other) {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const [mine, others] = [Object.entries(one), new Map(Object.entries(other))];
  return mine.length === others.size && mine.every(([key, value]) => others.has(key) && isSame(value, others.get(key)));
}

/**
 * The parts of a value by their names.
 * @param {unknown} value
 * @returns {Map<string, unknown> | null}  null: its parts have no names of their own
 */
function fieldsOf(value) {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const fields = new Map(value.map((one) => [idOf(one), one]));
  return fields.has('') || fields.size !== value.length ? null : fields;
}

/** @param {any} one @returns {string}  '': it has none */
function idOf(one) {
  if (typeof one?.id === 'string') return one.id;
  if (typeof one?.symbol === 'string') return rowKey(one.symbol);
  return typeof one?.section === 'string' ? `section ${one.section}` : '';
}

/**
 * In the order of now, unless the change was one of order; what the change brings is put behind the
 * one that it followed.
 * @param {Map<string, unknown>} parts
 * @param {string[]} now
 * @param {string[]} before
 * @param {string[]} after
 */
function ordered(parts, now, before, after) {
  const stays = (/** @type {string} */ key) => after.includes(key) && before.includes(key);
  const moved = before.filter(stays).join('\n') !== after.filter(stays).join('\n');
  const order = (moved ? after : now).filter((key) => parts.has(key));
  for (const keys of [after, now]) {
    for (const [place, key] of keys.entries()) {
      if (!parts.has(key) || order.includes(key)) continue;
      const leader = keys.slice(0, place).findLast((one) => order.includes(one));
      order.splice(leader === undefined ? 0 : order.indexOf(leader) + 1, 0, key);
    }
  }
  return order.map((key) => parts.get(key));
}
