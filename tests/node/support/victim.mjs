/**
 * An honest plain-JSON client in its own process, so that an attack cannot slow its event loop.
 * Prices are the milliseconds since `began`, so each reveals its age. siege.mjs starts this; it
 * reports what it saw when asked.
 *
 * @typedef {{ longestGap: number, oldest: number, updates: number, closed: number | null }} Seen
 */
const [url, began] = [String(process.argv[2]), Number(process.argv[3])];

/** @type {Seen} */
let seen;
let last = Date.now();
function forget() {
  seen = { longestGap: 0, oldest: 0, updates: 0, closed: seen?.closed ?? null };
  last = Date.now();
}
forget();

const socket = new WebSocket(url);
socket.addEventListener('open', () => socket.send(JSON.stringify({ action: 'subscribe', params: { symbols: 'AAPL' } })));
socket.addEventListener('close', ({ code }) => void (seen.closed = code));
socket.addEventListener('message', ({ data }) => {
  const message = JSON.parse(data);
  if (message.event === 'ack-request') socket.send(JSON.stringify({ action: 'ack', id: message.id }));
  const price = message.quote?.price ?? message.price;
  if (message.event !== 'price_update' || typeof price !== 'number') return;
  const now = Date.now();
  if (seen.updates === 0 && seen.longestGap === 0) process.send?.({ hears: true });
  seen.longestGap = Math.max(seen.longestGap, now - last);
  seen.oldest = Math.max(seen.oldest, now - began - price);
  seen.updates += 1;
  last = now;
});

process.on('message', (/** @type {string} */ wish) => {
  if (wish === 'forget') return forget();
  // A gap that is still open counts too.
  process.send?.({ ...seen, longestGap: Math.max(seen.longestGap, Date.now() - last) });
});
process.on('disconnect', () => process.exit());
