/**
 * docs/grafana.json against the hub's own /metrics: Prometheus' parser reads every query, and every
 * series and label that a query names is one that the hub tells.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/lib/project.mjs';
import { promtoolPath } from '../../scripts/lib/promtool.mjs';
import { Server, isReference } from './support/server.mjs';

/** @typedef {{ expr: string, legendFormat?: string }} Target */
/** @typedef {{ title: string, targets: Target[], gridPos: { x: number, y: number, w: number, h: number } }} Panel */

/** @type {{ panels: Panel[], annotations: { list: Target[] } }} */
const dashboard = JSON.parse(readFileSync(join(ROOT, 'docs', 'grafana.json'), 'utf8'));
const targets = [...dashboard.panels.flatMap((panel) => panel.targets), ...dashboard.annotations.list];
/** As Grafana hands them to Prometheus. */
const queries = targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '127.0.0.1:8787'));

test('Prometheus reads every query of the Grafana dashboard', (context) => {
  const promtool = process.env['PROMTOOL_PATH'] || promtoolPath();
  assert.ok(promtool, 'promtool is set up by npm test');
  const scratch = mkdtempSync(join(tmpdir(), 'hamster-grafana-'));
  context.after(() => rmSync(scratch, { recursive: true, force: true }));
  const rules = queries.map((expr, number) => ({ record: `query_${number}`, expr }));
  const file = join(scratch, 'rules.json');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'rules', file], { encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, new RegExp(`${queries.length} rules found`));
});

test('the Grafana dashboard asks for what the hub tells', { timeout: 60_000, skip: isReference }, async (context) => {
  const server = await Server.start();
  context.after(() => server.stop());
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  /** The labels of each series. @type {Map<string, Set<string>>} */
  const told = new Map();
  for (const [, name, labels] of metrics.matchAll(/^(hamster_\w+)(?:\{(.*)\})? /gm)) {
    const known = told.get(String(name)) ?? new Set(['instance']);
    for (const [, label] of (labels ?? '').matchAll(/(\w+)="/g)) known.add(String(label));
    told.set(String(name), known);
  }
  for (const [number, query] of queries.entries()) {
    const names = [...query.matchAll(/hamster_\w+/g)].map(([name]) => name);
    assert.ok(names.length > 0, query);
    const labels = new Set(names.flatMap((name) => {
      const known = told.get(name);
      assert.ok(known, `${name} is not in /metrics: ${query}`);
      return [...known];
    }));
    const by = [...query.matchAll(/by \((\w+)\)/g), ...(targets[number]?.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)];
    for (const [, label] of by) assert.ok(labels.has(String(label)), `${names.join(', ')} has no label ${label}: ${query}`);
  }
});

test('the panels of the Grafana dashboard do not overlap', () => {
  /** @type {Set<string>} */
  const taken = new Set();
  for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
    assert.ok(x + w <= 24, `${title} leaves the grid`);
    for (let column = x; column < x + w; column += 1) {
      for (let row = y; row < y + h; row += 1) {
        assert.ok(!taken.has(`${column} ${row}`), `${title} covers another panel`);
        taken.add(`${column} ${row}`);
      }
    }
  }
});
