import { INTERVALS } from '../../model/intervals.js';
import { TYPES } from './toolbar.js';

/**
 * The commands of the chart.
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {{ toggleTable(): void, saveCsv(): void, hasBars(): boolean }} chart
 * @returns {() => void} removes them
 */
export function addCommands({ desk, commands }, chart) {
  const group = 'Chart';
  return commands.add(
    {
      id: 'chart.interval', title: 'Show the next interval', group,
      run() {
        const at = INTERVALS.findIndex(({ id }) => id === desk.view.interval);
        const next = INTERVALS[(at + 1) % INTERVALS.length];
        if (next) desk.show({ interval: next.id });
      },
    },
    ...INTERVALS.map(({ id, words }) => ({
      id: `chart.${id}`, title: `Show bars of ${words}`, group, run: () => desk.show({ interval: id }),
    })),
    ...TYPES.map(({ id, title }) => ({
      id: `chart.${id}`, title: `Draw the chart as ${title.charAt(0).toLowerCase()}${title.slice(1)}`, group, run: () => desk.show({ chart: id }),
    })),
    { id: 'chart.table', title: 'Show the bars as a table, or as a chart again', group, isPossible: chart.hasBars, run: chart.toggleTable },
    { id: 'chart.csv', title: 'Download the bars as CSV', group, isPossible: chart.hasBars, run: chart.saveCsv },
  );
}
