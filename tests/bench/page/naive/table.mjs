/**
 * The list that a first attempt makes: a `<table>` with every row in the page, every cell written with
 * every update, and an animation that flashes the price.
 */
import { number, symbols, watch } from './feed.mjs';

const HEADS = ['Symbol', 'Name', 'Last', 'Change %', 'Change', 'Bid', 'Ask', 'Spread', 'Open', 'High', 'Low', 'Volume', 'Time'];
const table = document.createElement('table');
const head = table.createTHead().insertRow();
for (const name of HEADS) head.append(Object.assign(document.createElement('th'), { textContent: name }));
const body = table.createTBody();
/** @type {Map<string, HTMLTableCellElement[]>} */
const rows = new Map();
for (const symbol of symbols()) {
  const row = body.insertRow();
  rows.set(symbol, HEADS.map(() => row.insertCell()));
  row.cells[2]?.classList.add('price');
}
document.body.append(table);

watch(symbols(), (quote) => {
  const cells = rows.get(quote.symbol);
  if (!cells) return;
  const decimals = quote.decimals ?? 2;
  const plain = (/** @type {number | null} */ value) => (value === null ? '—' : number(value, decimals));
  const change = quote.previousClose === null ? null : quote.price - quote.previousClose;
  const texts = [
    quote.symbol, quote.name ?? '', plain(quote.price), `${(quote.percentChange ?? 0).toFixed(2)}%`, plain(change), plain(quote.bid), plain(quote.ask),
    plain(quote.bid === null || quote.ask === null ? null : quote.ask - quote.bid), plain(quote.open), plain(quote.high), plain(quote.low),
    quote.dayVolume === null ? '—' : number(quote.dayVolume, 0), new Date(quote.receivedAt).toLocaleTimeString(),
  ];
  for (const [index, cell] of cells.entries()) cell.textContent = texts[index] ?? '';
  const price = cells[2];
  if (!price) return;
  price.className = 'price';
  void price.offsetWidth; // restarts the animation
  price.className = `price ${(quote.percentChange ?? 0) < 0 ? 'down' : 'up'}`;
}, () => {});
