/** The embed's only panel: one price with everything that may be said of it. */
import { truthOf } from '../model/truth.js';
import { element } from '../ui/element.js';
import { icon, setIcon } from '../ui/icon.js';
import { setAttribute, setForeignText, setText, show } from '../ui/paint.js';
import { decimalsOf, denomination, formatChange, formatPercent, formatPrice, onScreen, signOf } from '../words/format.js';
import { MOST_IN_TITLE, quoted, short } from '../words/text.js';
import { BOX, curveOf } from './curve.js';

const SVG = 'http://www.w3.org/2000/svg';
const MOST_OF_SYMBOL = 24;
const MOST_OF_NAME = 60;
const MOST_OF_SENTENCE = 300;
/** A longer difference would take the price's room; the percent says enough. */
const MOST_OF_DIFFERENCE = 10;

/**
 * @param {HTMLElement} host
 * @param {string} symbol
 */
export function createCard(host, symbol) {
  const title = element('h1');
  const name = element('p', { class: 'name' });
  const price = element('p', { class: 'price' });
  const unit = element('span', { class: 'unit' });
  const arrow = icon('flat');
  const percent = element('span');
  const difference = element('span', { class: 'difference' });
  const change = element('p', { class: 'change' }, difference, element('span', { class: 'percent' }, arrow, percent));
  const figures = element('div', { class: 'figures' }, price, unit, change);
  const sentence = element('p', { class: 'sentence', dir: 'auto' });
  const curve = createCurve();
  const tape = element('p', { class: 'tape' }, element('strong', {}, 'SIMULATED'), element('span', {}, 'no market is behind it'));
  const sign = icon('dots');
  const word = element('span', { class: 'word' });
  const age = element('span', { class: 'age' });
  const truth = element('p', { class: 'truth' }, sign, word, age);
  const link = element('a', { href: `/?${new URLSearchParams({ s: symbol })}`, target: '_blank', rel: 'noopener' }, 'Hamster');
  setAttribute(link, 'title', `${short(symbol, MOST_OF_SYMBOL)} in Hamster Terminal`);
  const root = element('main', { class: 'card' }, tape, element('header', {}, title, name), curve.element, figures, sentence, element('footer', {}, truth, link));
  setForeignText(title, symbol === '' ? 'Hamster' : symbol, MOST_OF_SYMBOL);
  show(tape, false);
  host.append(root);

  /** Shows a sentence where the price would be. @param {string} text '': the price is shown */
  const tell = (text) => {
    show(sentence, text !== '');
    show(figures, text === '');
    setText(sentence, quoted(text, MOST_OF_SENTENCE));
    setAttribute(sentence, 'title', text === '' ? null : short(text, MOST_IN_TITLE));
  };

  return {
    /** Nothing will come. @param {string} text */
    refuse(text) {
      tell(text);
      show(truth, false);
      setAttribute(link, 'href', '/');
    },

    /**
     * @param {import('../model/quotes.js').Row} row
     * @param {import('../model/truth.js').Circumstances} circumstances
     * @param {(number | null)[]} closes  of the chart; none: no chart
     * @param {number} now  page's clock, ms
     */
    paint(row, circumstances, closes, now) {
      const needsSignIn = circumstances.link.signIn !== null;
      const quote = needsSignIn ? null : row.quote;
      const said = truthOf(row, circumstances, now);
      show(truth, !needsSignIn);
      setText(link, needsSignIn ? 'Open the terminal' : 'Hamster');
      setAttribute(root, 'data-level', said.level);
      setIcon(sign, said.sign);
      setAttribute(truth, 'data-tone', said.tone);
      setAttribute(truth, 'title', short(said.sentence, MOST_IN_TITLE));
      setText(word, said.word);
      setText(age, said.age);
      show(tape, said.simulated);
      tell(sentenceFor(row, said, circumstances));
      const shown = `${short(row.name, MOST_OF_SYMBOL)}${quote === null ? '' : ` ${formatPrice(quote)}`}`;
      if (document.title !== shown) document.title = shown;
      if (quote === null) return curve.paint(null, null);
      setForeignText(name, quote.name ?? quote.exchange ?? '', MOST_OF_NAME);
      const text = onScreen(formatPrice(quote));
      const { unit: unitText, unitName } = denomination(quote);
      setText(price, text);
      setAttribute(price, 'title', String(quote.price));
      figures.style.setProperty('--characters', String(text.length + unitText.length));
      setText(unit, unitText);
      show(unit, unitText !== '');
      setAttribute(unit, 'title', unitName === '' ? null : unitName);
      const direction = quote.percentChange === null ? null : signOf(quote.percentChange);
      setAttribute(change, 'class', `change ${direction ?? ''}`);
      show(change, direction !== null);
      setIcon(arrow, direction ?? 'flat');
      setText(percent, quote.percentChange === null ? '' : onScreen(formatPercent(quote.percentChange)));
      const moved = quote.previousClose === null ? null : quote.price - quote.previousClose;
      const movedText = moved === null ? '' : formatChange(moved, decimalsOf(quote));
      setText(difference, movedText);
      show(difference, movedText.length <= MOST_OF_DIFFERENCE);
      setAttribute(change, 'title', movedText);
      curve.paint(curveOf(closes, quote.previousClose), direction);
    },
  };
}

/**
 * What is said in place of the price; '': the price is shown.
 * @param {import('../model/quotes.js').Row} row
 * @param {import('../model/truth.js').Truth} truth
 * @param {import('../model/truth.js').Circumstances} circumstances
 */
function sentenceFor({ quote }, { level, sentence }, { link }) {
  if (link.signIn !== null) return 'This terminal needs a sign-in, so its prices are not shown here.';
  if (level === 'not-accepted') return sentence;
  if (quote !== null) return '';
  if (level === 'unavailable') return sentence;
  return link.state === 'disconnected' ? 'The hub cannot be reached; this tries again by itself.' : sentence;
}

/** Decoration: the figures beside it say the same. */
function createCurve() {
  const svg = document.createElementNS(SVG, 'svg');
  const base = document.createElementNS(SVG, 'path');
  const line = document.createElementNS(SVG, 'path');
  for (const [attribute, value] of [['class', 'curve'], ['viewBox', `0 0 ${BOX} ${BOX}`], ['preserveAspectRatio', 'none'], ['aria-hidden', 'true'], ['hidden', '']]) {
    svg.setAttribute(String(attribute), String(value));
  }
  base.setAttribute('class', 'base');
  line.setAttribute('class', 'line');
  svg.append(base, line);
  return {
    element: svg,
    /** @param {ReturnType<typeof curveOf>} curve @param {string | null} direction */
    paint(curve, direction) {
      setAttribute(svg, 'hidden', curve === null ? '' : null);
      if (curve === null) return;
      setAttribute(svg, 'class', `curve ${direction ?? ''}`);
      setAttribute(line, 'd', curve.d);
      setAttribute(base, 'd', curve.base === null ? '' : `M0 ${curve.base}H${BOX}`);
    },
  };
}
