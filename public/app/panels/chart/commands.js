import { INTERVALS, intervalMeant } from '../../model/intervals.js';
import { TYPES } from './toolbar.js';

/**
 * The commands of the chart. Digits as keys run `chart.interval` with what was typed.
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {{ toggleTable(): void, saveCsv(): void, hasBars(): boolean }} chart
 * @returns {() => void} removes them
 */
export function addCommands({ desk, commands, voice }, chart) {
  const group = 'Chart';
  return commands.add(
    {
      id: 'chart.interval', title: 'Change the interval of the chart', group,
      run(argument) {
        const at = INTERVALS.findIndex(({ id }) => id === desk.view.interval);
        const next = argument === undefined ? INTERVALS[(at + 1) % INTERVALS.length]?.id : intervalMeant(argument);
        if (next) desk.show({ interval: next });
        else voice.toast(`There is no interval ${argument}: use 1m, 5m, 15m, 1h, 4h or 1D`);
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
