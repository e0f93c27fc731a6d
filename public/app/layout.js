/**
 * The panels that a first price needs. A new panel is a folder below panels/ and a line here, or in
 * later.js if it can wait until prices are shown. `region` is an element of index.html.
 */
import { createPanel as header } from './panels/header/index.js';
import { createPanel as notice } from './panels/notice/index.js';
import { createPanel as phoneBar } from './panels/phone-bar/index.js';
import { createPanel as watchlist } from './panels/watchlist/index.js';

/** @type {import('./ui/place.js').Layout} */
export const FIRST = [
  { createPanel: header, region: 'header' },
  { createPanel: notice, region: 'notice' },
  { createPanel: watchlist, region: 'list' },
  { createPanel: phoneBar, region: 'bottom' },
];
