/**
 * Layout faults of the page as it is: what sticks out, what is clipped, what overlaps. Runs in the
 * page, so it uses nothing from here.
 * @returns {Promise<string[]>}
 */
export async function faults() {
  // The list lays its columns when it hears of its new size, which is in the next frame.
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  /** @type {string[]} */
  const found = [];
  const excess = document.documentElement.scrollWidth - innerWidth;
  if (excess > 0) found.push(`the page is ${excess} px too wide`);
  const shown = (/** @type {Element} */ part) => part instanceof HTMLElement && part.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  for (const region of document.querySelectorAll('#header, #notice, #list, #side, #dock, #bottom')) {
    if (!shown(region)) continue;
    const inside = region.getBoundingClientRect();
    for (const part of region.querySelectorAll('button, h1, h2, h3, p, dt, dd, input, select, [role="tab"]')) {
      if (!shown(part) || part.closest('[data-symbol], .unseen, [role="log"]')) continue;
      // What scrolls sideways may reach beyond its region.
      const scrolls = [...ancestors(part)].some((one) => one !== region && /auto|scroll|hidden/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth);
      const { left, right, width } = part.getBoundingClientRect();
      if (!scrolls && width > 0 && (right > inside.right + 0.5 || left < inside.left - 0.5)) found.push(`${region.id}: ${part.localName}.${part.className} sticks out`);
    }
  }
  const list = document.querySelector('#list');
  const edge = list && shown(list) ? list.getBoundingClientRect() : null;
  for (const row of edge ? document.querySelectorAll('#list [data-symbol]') : []) {
    const symbol = (row.getAttribute('data-symbol') ?? '').slice(0, 12);
    const parts = ['.last', '.change', '.source'].flatMap((name) => [...row.querySelectorAll(name)].filter(shown).map((part) => ({ name, part })));
    for (const { name, part } of parts) {
      const box = part.getBoundingClientRect();
      const digits = name !== '.source';
      if (digits && part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0) found.push(`${symbol}: ${name} ${part.textContent} is clipped`);
      if (edge && (box.right > edge.right + 0.5 || box.left < edge.left - 0.5)) found.push(`${symbol}: ${name} leaves the list`);
    }
    for (const [index, one] of parts.entries()) {
      for (const other of parts.slice(index + 1)) {
        if (one.part.contains(other.part) || other.part.contains(one.part)) continue;
        const [a, b] = [one.part.getBoundingClientRect(), other.part.getBoundingClientRect()];
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 4) found.push(`${symbol}: ${one.name} and ${other.name} overlap by ${across} x ${down} px`);
      }
    }
  }
  return found;

  /** @param {Element} part */
  function* ancestors(part) {
    for (let one = part.parentElement; one; one = one.parentElement) yield one;
  }
}
