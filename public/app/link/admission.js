/** Asks the hub who may use it, and whether it accepts a token: GET /api/access. */
import { quoted } from '../words/text.js';
import { MODES, oneOf, problemOf, record, text } from './wire.js';

/**
 * What the hub says of a token, or of a page without one. `principal`: the name behind the token;
 * null: the hub is open to anyone. `reason` is a sentence; '' where no token was sent.
 * `retryAfter`: s. `unknown`: no answer, or not one of a hub that knows tokens.
 * @typedef {(
 *   | { kind: 'admitted', principal: string | null }
 *   | { kind: 'refused', reason: string }
 *   | { kind: 'busy', retryAfter: number }
 *   | { kind: 'unknown' }
 * )} Verdict
 */

/** The page waits for the answer before it tries its socket again. */
const PATIENCE_MS = 5_000;
const MOST_OF_REASON = 300;
/** A hub that asks for patience without saying for how long. */
const RETRY_AFTER_S = 10;
const LONGEST_RETRY_AFTER_S = 600;

/**
 * @param {AbortSignal} signal
 * @param {string | null} token  null: what goes without one
 * @returns {Promise<Verdict>}
 */
export async function askAccess(signal, token) {
  try {
    const response = await fetch('/api/access', { headers: headersWith(token), signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]), cache: 'no-store' });
    const body = /** @type {unknown} */ (await response.json().catch(() => null));
    return verdictOf(response, body, token);
  } catch {
    return { kind: 'unknown' };
  }
}

/**
 * @param {Response} response
 * @param {unknown} body
 * @param {string | null} token
 * @returns {Verdict}
 */
function verdictOf(response, body, token) {
  if (response.status === 429) {
    const seconds = Number(response.headers.get('retry-after')) || RETRY_AFTER_S;
    return { kind: 'busy', retryAfter: Math.min(seconds, LONGEST_RETRY_AFTER_S) };
  }
  if (response.status === 401) {
    const reason = token === null ? '' : problemOf(body, response.status);
    // A hub does not repeat a token, but nothing that it says may show one.
    return { kind: 'refused', reason: token !== null && reason.includes(token) ? 'The hub does not accept this token.' : quoted(reason, MOST_OF_REASON) };
  }
  if (!response.ok) return { kind: 'unknown' };
  const { access, principal } = record(body, 'the answer');
  const mode = oneOf(MODES, access, null);
  if (mode === null) return { kind: 'unknown' };
  if (mode === 'required' && text(principal) === null) return { kind: 'refused', reason: token === null ? '' : 'The hub does not accept this token.' };
  return { kind: 'admitted', principal: text(principal) };
}

/**
 * The headers of a request to the hub.
 * @param {string | null} token
 * @returns {Record<string, string>}
 */
export function headersWith(token) {
  return { accept: 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
}
