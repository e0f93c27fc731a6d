import { show } from './paint.js';

/** Says that no market is behind the numbers, for as long as a single one of them is simulated. */
export class SimulationBanner extends HTMLElement {
  /** @param {import('../main.js').Frame} frame */
  paint({ store, changes }) {
    if (!changes.topics.has('feed') && !changes.topics.has('rows')) return;
    show(this, store.showsSimulation);
  }
}
