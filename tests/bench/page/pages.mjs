/**
 * The pages that are measured: the terminal, and two naive ones that show the same feed. The
 * terminal is bundled here and not by scripts/lib/page.mjs for one reason: the hub serves 200 symbols
 * to a page, and this bench wants 500 rows that move.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { OPTIONS, bundleFirstStyles } from '../../../scripts/lib/page-extras.mjs';
import { ROOT } from '../../../scripts/lib/project.mjs';
import { headersOf, rulesOf } from '../../browser/support/deployed.mjs';

/**
 * `files` by path. `chart`: the paths that only the chart needs. `price`: selects an element that
 * shows a price. `headers`: of every file.
 * @typedef {{ files: Map<string, Uint8Array>, chart: Set<string>, price: string, headers: Record<string, string> }} Built
 */

const FOLDER = 'build/bench-page';
const HOW = /** @type {const} */ ({ ...OPTIONS, format: 'esm', metafile: true, outdir: FOLDER });
const LIMIT = /MOST_SYMBOLS = 200;/;

/** @param {number} rows @returns {Promise<Built>} */
export async function terminal(rows) {
  const { outputFiles, metafile } = await build({
    ...HOW, entryPoints: ['public/app/main.js'], entryNames: 'assets/[name]', chunkNames: 'assets/[name]-[hash]', splitting: true, loader: { '.svg': 'copy' },
    plugins: [{
      name: 'more symbols',
      setup({ onLoad }) {
        onLoad({ filter: /model[\\/]symbols\.js$/ }, async ({ path }) => {
          const source = await readFile(path, 'utf8');
          if (!LIMIT.test(source)) throw new Error('model/symbols.js has its limit elsewhere now: change tests/bench/page/pages.mjs');
          return { contents: source.replace(LIMIT, `MOST_SYMBOLS = ${Math.max(200, rows)};`), loader: 'js' };
        });
      },
    }],
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [path.slice(join(ROOT, FOLDER).length).replaceAll('\\', '/'), contents]));
  // What the entry imports statically comes first; every other script comes with the chart.
  const first = new Set([`${FOLDER}/assets/main.js`]);
  for (const path of first) {
    for (const { path: imported, kind } of metafile.outputs[path]?.imports ?? []) if (kind === 'import-statement') first.add(imported);
  }
  const chart = new Set(Object.keys(metafile.outputs).filter((path) => path.endsWith('.js') && !first.has(path)).map((path) => path.slice(FOLDER.length)));
  const styles = await bundleFirstStyles(FOLDER, 'assets/[name]');
  files.set('/assets/main.css', styles.contents);
  const later = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === 'public/app/later.js')?.cssBundle ?? '';
  const html = (await readFile(join(ROOT, 'public/index.html'), 'utf8')).replaceAll('/app/main.', '/assets/main.').replace('/app/later.css', later.slice(FOLDER.length));
  files.set('/index.html', Buffer.from(html));
  // What runs before the modules is a script of its own.
  for (const [, path = ''] of html.matchAll(/<script src="(\/app\/[\w-]+\.js)"/g)) {
    const { outputFiles: [script] } = await build({ ...HOW, entryPoints: [`public${path}`], format: 'iife' });
    files.set(path, script?.contents ?? new Uint8Array());
  }
  for (const name of ['favicon.svg', 'manifest.webmanifest']) {
    const body = await readFile(join(ROOT, 'public', name)).catch(() => null);
    if (body) files.set(`/${name}`, body);
  }
  // The deployed page's policy, under which it must work.
  const headers = await readFile(join(ROOT, 'public/_headers'), 'utf8');
  return { files, chart, price: '#list [data-symbol] .last', headers: headersOf(rulesOf(headers), '/') };
}

/** @param {'original' | 'table'} name @returns {Promise<Built>} */
export async function naive(name) {
  const { outputFiles } = await build({ ...HOW, entryPoints: [`tests/bench/page/naive/${name}.mjs`] });
  const styles = await readFile(join(ROOT, 'tests/bench/page/naive', `${name}.css`));
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><link rel="stylesheet" href="/page.css"><body><script type="module" src="/page.js"></script></body></html>`;
  const files = new Map(/** @type {[string, Uint8Array][]} */ ([['/index.html', Buffer.from(html)], ['/page.css', styles], ['/page.js', outputFiles[0]?.contents ?? new Uint8Array()]]));
  return { files, chart: new Set(), price: '.price', headers: {} };
}

/** The largest chunk of the chart on the wire, which is its library. @param {Built} page */
export function chartBytes({ files, chart }) {
  return Math.max(0, ...[...chart].map((path) => brotliCompressSync(files.get(path) ?? new Uint8Array()).length));
}
