/** Puts panels into the regions of the page. */

/**
 * In display order within each region. Dialogs have no region of their own.
 * @typedef {{ createPanel: import('./screen.js').CreatePanel, region: string }[]} Layout
 */

/**
 * Builds the panels of a layout.
 * @param {Layout} layout
 * @param {ParentNode} page  contains the regions
 * @param {import('../terminal.js').Terminal} terminal
 * @param {import('./screen.js').Screen} screen  paints the panels from now on
 * @returns {{ destroy(): void }}
 */
export function placePanels(layout, page, terminal, screen) {
  const panels = layout.map(({ createPanel, region }) => {
    const host = page.querySelector(`#${region}`);
    if (!(host instanceof HTMLElement)) throw new Error(`the page has no region ${region}`);
    const panel = createPanel(host, terminal);
    screen.add(panel);
    return panel;
  });
  return {
    destroy() {
      for (const panel of panels) {
        screen.remove(panel);
        panel.destroy();
      }
    },
  };
}
