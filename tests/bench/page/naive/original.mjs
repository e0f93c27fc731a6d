/**
 * The original's dashboard as a naive page: a card for each symbol, rewritten as markup with every
 * update; the connection's state, the counters, and a log of the last hundred events.
 */
import { number, symbols, watch } from './feed.mjs';

const LINES = 100;
document.body.insertAdjacentHTML('afterbegin', `
  <header><h1>Terminal</h1><span id="state">Connecting</span><span id="updates">0</span> updates <span id="lag">0</span> ms</header>
  <div id="cards"></div><ol id="log"></ol>`);
const cards = /** @type {HTMLElement} */ (document.getElementById('cards'));
const log = /** @type {HTMLElement} */ (document.getElementById('log'));
cards.innerHTML = symbols().map((symbol) => `<div class="card" id="card-${symbol}"></div>`).join('');
let updates = 0;

watch(symbols(), (quote) => {
  updates += 1;
  const card = document.getElementById(`card-${quote.symbol}`);
  if (!card) return;
  const percent = quote.percentChange ?? 0;
  card.innerHTML = `
    <div class="symbol">${quote.symbol}</div>
    <div class="price">${number(quote.price, quote.decimals ?? 2)}</div>
    <div class="change ${percent < 0 ? 'negative' : 'positive'}">${percent.toFixed(2)}%</div>
    <div class="time">${new Date(quote.receivedAt).toLocaleTimeString()}</div>`;
  card.classList.remove('flash');
  void card.offsetWidth; // restarts the animation
  card.classList.add('flash');
  const line = document.createElement('li');
  line.textContent = `[${new Date().toLocaleTimeString()}] ${quote.symbol}: $${number(quote.price, 2)} (${percent.toFixed(2)}%)`;
  log.prepend(line);
  if (log.children.length > LINES) log.lastElementChild?.remove();
  write('updates', updates);
  write('lag', Date.now() - quote.receivedAt);
}, (state) => write('state', state));

/** @param {string} id @param {string | number} text */
function write(id, text) {
  const element = document.getElementById(id);
  if (element) element.textContent = String(text);
}
