/**
 * Keys that belong to a widget and are no commands: nobody changes them, because screen readers and
 * browsers rely on them.
 * @type {{ group: string, keys: string[], title: string }[]}
 */
export const FIXED = [
  { group: 'Anywhere', keys: ['A–Z'], title: 'Search for a symbol that begins with this letter' },
  { group: 'Anywhere', keys: ['0–9'], title: 'Interval of the chart' },
  { group: 'Anywhere', keys: ['Tab'], title: 'To the next control' },
  { group: 'In the list', keys: ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'], title: 'Move from cell to cell' },
  { group: 'In the list', keys: ['Home', 'End'], title: 'First and last cell of the row' },
  { group: 'In the list', keys: ['Mod+Home', 'Mod+End'], title: 'First and last row' },
  { group: 'In the list', keys: ['PageUp', 'PageDown'], title: 'A screen up and down' },
  { group: 'In the chart', keys: ['ArrowLeft', 'ArrowRight'], title: 'Bar by bar' },
  { group: 'In the chart', keys: ['+', '-'], title: 'Closer and farther' },
  { group: 'On a divider', keys: ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'], title: 'Change the size of the parts' },
];
