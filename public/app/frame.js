/**
 * The page's frame around the panels: theme, density, colours, which regions are open and how large
 * they are. It writes attributes of `<html>` and `<body>`; the style sheets do the rest.
 */
import { nextChoice } from './model/kept.js';
import { applyAppearance } from './ui/appearance.js';
import { separator } from './ui/separator.js';
import { setAttribute } from './ui/paint.js';

const LEAST_SIDE = 320;
const LEAST_LIST = 320;
const LEAST_DOCK = 96;

/**
 * @param {import('./terminal.js').Terminal} terminal
 * @returns {import('./ui/screen.js').Panel}
 */
export function createFrame({ desk, commands }) {
  const { body } = document;
  const side = region('side');
  const dock = region('dock');
  side.prepend(separator({
    label: 'Width of the chart',
    orientation: 'vertical',
    measure: () => ({ size: side.offsetWidth, least: LEAST_SIDE, most: Math.max(LEAST_SIDE, innerWidth - LEAST_LIST) }),
    resize: (sideWidth) => desk.set({ sideWidth }),
  }));
  dock.prepend(separator({
    label: 'Height of the dock',
    orientation: 'horizontal',
    measure: () => ({ size: dock.offsetHeight, least: LEAST_DOCK, most: Math.round(innerHeight * 0.6) }),
    resize: (dockHeight) => desk.set({ dockHeight }),
  }));

  const forget = commands.add(
    {
      id: 'view.fill', title: 'Fill the screen with this part, or show all parts again', group: 'View', keys: ['*'],
      run: (part) => {
        const focused = document.activeElement?.closest('#side') ? 'chart' : 'list';
        const wanted = part === 'list' || part === 'chart' ? part : focused;
        desk.show({ filled: desk.view.filled === null ? wanted : null });
      },
    },
    { id: 'view.side', title: 'Show or hide the chart', group: 'View', run: () => desk.set({ side: !desk.settings.side }) },
    { id: 'view.dock', title: 'Show or hide the dock', group: 'View', run: () => desk.set({ dock: !desk.settings.dock }) },
    {
      id: 'view.density', title: 'Change the height of the rows', group: 'View', keys: ['.'],
      run: () => desk.set({ density: nextChoice('density', desk.settings) }),
    },
    {
      id: 'view.theme', title: 'Change between dark, light and the system’s theme', group: 'View',
      run: () => desk.set({ theme: nextChoice('theme', desk.settings) }),
    },
    { id: 'view.undo', title: 'Undo the last change', group: 'View', keys: ['Mod+Z'], isPossible: () => desk.undoable !== null, run: () => void desk.undo() },
    { id: 'view.next-part', title: 'Go to the next part of the page', group: 'View', keys: ['F6'], run: () => step(1) },
    { id: 'view.previous-part', title: 'Go to the previous part of the page', group: 'View', keys: ['Shift+F6'], run: () => step(-1) },
  );

  return {
    element: body,
    paint({ desk: parts }) {
      if (parts.has('settings')) applyAppearance(document, desk.settings);
      if (parts.has('view')) {
        setAttribute(body, 'data-filled', desk.view.filled);
        setAttribute(body, 'data-sheet', desk.view.sheet);
      }
    },
    destroy: forget,
  };
}

/** @param {string} id */
function region(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no region ${id}`);
  return found;
}

/** Moves focus to the next visible region. @param {1 | -1} by */
function step(by) {
  const visible = ['header', 'list', 'side', 'dock', 'bottom'].map(region).filter((one) => one.offsetParent !== null || one.getClientRects().length > 0);
  const at = visible.findIndex((one) => one.contains(document.activeElement));
  const target = visible[(at + by + visible.length) % visible.length];
  const stops = target?.querySelectorAll('[tabindex="0"]:not(.separator), button:not(:disabled), input, select, a[href]') ?? [];
  const first = [...stops].find((stop) => stop.checkVisibility());
  if (first instanceof HTMLElement) first.focus();
}
