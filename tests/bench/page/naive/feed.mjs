/** The feed of the naive pages: the terminal's own reader of `hamster.v1`, without the terminal. */
import { PROTOCOL, Stream } from '../../../../public/app/link/stream.js';

/** @typedef {import('../../../../public/app/link/wire.js').Quote} Quote */

/**
 * Watches these symbols, and calls back for each update.
 * @param {string[]} symbols
 * @param {(quote: Quote) => void} onQuote
 * @param {(state: string) => void} onState
 */
export function watch(symbols, onQuote, onState) {
  const stream = new Stream();
  const socket = new WebSocket(new URL('/ws', location.href).href.replace(/^http/, 'ws'), PROTOCOL);
  socket.onopen = () => socket.send(JSON.stringify({ action: 'subscribe', params: { symbols } }));
  socket.onclose = () => onState('Disconnected');
  socket.onmessage = ({ data }) => {
    for (const message of stream.read(JSON.parse(data), data.length)) {
      if (message.event === 'connected') onState('Connected');
      if (message.event === 'price_update') onQuote(message.quote);
    }
    const due = stream.acknowledgement(performance.now());
    if (due) socket.send(JSON.stringify(due));
  };
}

/** @param {number} value @param {number} decimals */
export const number = (value, decimals) => value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** The symbols that the bench gave to the page. @returns {string[]} */
export const symbols = () => JSON.parse(sessionStorage.getItem('symbols') ?? '[]');
