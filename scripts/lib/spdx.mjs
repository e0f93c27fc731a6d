// SPDX licence expressions, such as "(MIT OR Apache-2.0) AND Unicode-3.0". Crates of before SPDX
// write a slash for OR.

import { Failure } from "./failure.mjs";

/**
 * A licence, with its exception if there is one; all of several; or any of several.
 * @typedef {{ id: string } | { all: Expression[] } | { any: Expression[] }} Expression
 */

/** @param {string} text @returns {Expression} */
export function parseExpression(text) {
  const words = text.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  const expression = anyOf();
  if (words.length > 0) wrong();
  return expression;

  /** @returns {Expression} */
  function anyOf() {
    const parts = [allOf()];
    while (take("OR")) parts.push(allOf());
    return parts.length === 1 && parts[0] ? parts[0] : { any: parts };
  }

  /** @returns {Expression} */
  function allOf() {
    const parts = [one()];
    while (take("AND")) parts.push(one());
    return parts.length === 1 && parts[0] ? parts[0] : { all: parts };
  }

  /** @returns {Expression} */
  function one() {
    if (take("(")) {
      const inner = anyOf();
      return take(")") ? inner : wrong();
    }
    const id = name();
    return { id: take("WITH") ? `${id} WITH ${name()}` : id };
  }

  /** @returns {string} */
  function name() {
    const word = words.shift();
    return word && /^[\w.+-]+$/.test(word) && !["AND", "OR", "WITH"].includes(word) ? word : wrong();
  }

  /** Takes a word if it comes next. @param {string} word */
  function take(word) {
    if (words[0] !== word) return false;
    words.shift();
    return true;
  }

  /** @returns {never} */
  function wrong() {
    throw new Failure(`"${text}" is no SPDX expression.`);
  }
}

/** An expression as SPDX spells it now. @param {string} text */
export function spelled(text) {
  return text.replace(/\s*\/\s*/g, " OR ").trim();
}

/**
 * The licences to keep to: of alternatives the one that comes first in `allowed`. Undefined if what
 * is allowed does not suffice.
 * @param {string} text
 * @param {readonly string[]} allowed
 * @returns {string[] | undefined}
 */
export function chosenLicences(text, allowed) {
  const rank = (/** @type {string[]} */ ids) => Math.max(...ids.map((id) => allowed.indexOf(id)));
  return choose(parseExpression(text));

  /** @param {Expression} expression @returns {string[] | undefined} */
  function choose(expression) {
    if ("id" in expression) return allowed.includes(expression.id) ? [expression.id] : undefined;
    if ("any" in expression) {
      const choices = expression.any.map(choose).filter((ids) => ids !== undefined);
      return choices.sort((one, other) => rank(one) - rank(other))[0];
    }
    const parts = expression.all.map(choose);
    return parts.every((ids) => ids !== undefined) ? [...new Set(parts.flat())] : undefined;
  }
}
