import './panel.css';
import { shownRow } from '../../model/shown.js';
import { truthOf } from '../../model/truth.js';
import { copyText } from '../../ui/copy.js';
import { element } from '../../ui/element.js';
import { icon, setIcon } from '../../ui/icon.js';
import { setAttribute, setForeignText, setText, show } from '../../ui/paint.js';
import { dayRange, factsOf, reasonsOf, yearRange } from '../../words/facts.js';
import { timesIn } from '../../words/times.js';
import { createRange } from './range.js';
import { createEmbed, embedMarkup, linkTo } from './share.js';

const MOST_OF_SENTENCE = 600;

/** In pairs, as they stand beside each other. */
const FACTS = /** @type {const} */ ([
  ['quotes', 'Bid × ask'], ['spread', 'Spread'], ['open', 'Open'], ['previous', 'Previous close'], ['volume', 'Volume'], ['average', 'Average volume'],
  ['session', 'Session'], ['exchange', 'Exchange'], ['timezone', 'Time zone'], ['kind', 'Kind'], ['currency', 'Currency'], ['made', 'Exchange time'],
  ['lag', 'Lag'],
]);

/**
 * Below the chart: what is known of the shown symbol, why its price is what it is, and what can be
 * done with it.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, { store, desk, commands, voice }) {
  const facts = FACTS.map(([id, label]) => {
    const value = element('dd', { dir: 'auto' });
    return { id, value, element: element('div', { class: 'fact', 'data-fact': id }, element('dt', {}, label), value) };
  });
  const day = createRange('Day range');
  const year = createRange('52 weeks');
  const [quotes, spread, ...others] = facts.map((fact) => fact.element);
  const list = element('dl', { class: 'facts' }, ...[quotes, spread, day.element, year.element, ...others].filter((part) => part !== undefined));

  const sign = icon('dots');
  const word = element('span', { class: 'word' });
  const age = element('span', { class: 'age' });
  const truth = element('p', { class: 'truth' }, sign, word, age);
  const sentence = element('p', { class: 'sentence', dir: 'auto' });
  const reasons = element('dl', { class: 'reasons' });
  let painted = '';

  const alert = element('button', { type: 'button', class: 'solid' }, icon('bell'), 'Set alert');
  const copy = element('button', { type: 'button', class: 'solid' }, icon('link'), 'Copy link');
  const embedButton = element('button', { type: 'button', class: 'solid', 'aria-expanded': 'false' }, 'Embed');
  const embed = createEmbed(voice);
  const root = element(
    'section', { class: 'detail', 'aria-label': 'Details' },
    element('div', { class: 'why' }, element('h3', { class: 'unseen' }, 'Why this price'), element('div', { class: 'standing' }, truth, reasons), sentence),
    list,
    element('div', { class: 'actions' }, alert, copy, embedButton),
    embed.element,
  );
  host.append(root);
  const name = () => shownRow(store, desk)?.name;
  alert.addEventListener('click', () => commands.run('alerts.new', name()));
  copy.addEventListener('click', () => void copyText(linkTo(location.origin, name() ?? ''), 'Link copied', voice));
  embedButton.addEventListener('click', () => {
    const open = embed.element.hidden !== false;
    show(embed.element, open);
    setAttribute(embedButton, 'aria-expanded', String(open));
    if (open) embed.focus();
  });

  return {
    element: root,
    paint({ changes: { topics, rows }, desk: parts, now, second }) {
      const row = shownRow(store, desk);
      if (!second && parts.size === 0 && !['link', 'feed', 'rows'].some((topic) => topics.has(/** @type {any} */ (topic))) && (row === null || !rows.has(row.key))) return;
      show(root, row !== null);
      if (row === null) return;
      const quote = row.quote;
      const times = timesIn(desk.settings, quote?.timezone ?? null);
      const told = factsOf(quote, { times, offset: store.offset, now, lag: store.lagFromHub.mean });
      for (const { id, value } of facts) {
        const fact = told[id];
        if (!fact) continue;
        setText(value, fact.text);
        setAttribute(value, 'title', fact.title);
      }
      day.paint(dayRange(quote));
      year.paint(yearRange(quote));
      paintWhy(row, now);
      embed.write(embedMarkup(location.origin, row.name));
    },
    destroy: () => root.remove(),
  };

  /** @param {import('../../model/quotes.js').Row} row @param {number} now */
  function paintWhy(row, now) {
    const told = truthOf(row, store.circumstances, now);
    setIcon(sign, told.sign);
    setAttribute(truth, 'data-tone', told.tone);
    setText(word, told.word);
    setText(age, told.age);
    setForeignText(sentence, told.sentence, MOST_OF_SENTENCE);
    const next = reasonsOf(row, store.offset, now);
    const key = next.map(({ label }) => label).join();
    if (key !== painted) {
      painted = key;
      reasons.replaceChildren(...next.map(({ label }) => element('div', { 'data-reason': label }, element('dt', {}, label), element('dd', { dir: 'auto' }))));
    }
    next.forEach(({ text }, at) => {
      const held = reasons.children[at]?.lastElementChild;
      if (held) setText(held, text);
    });
  }
}
