/**
 * Schemathesis makes requests from /openapi.json, right and wrong ones, and judges the answers of
 * the running worker. The same seed makes the same requests.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PYTHON } from '../../scripts/lib/clients.mjs';
import { ROOT } from '../../scripts/lib/project.mjs';
import { Server, isReference } from './support/server.mjs';

const HERE = join(ROOT, 'tests', 'clients', 'schemathesis');
/** Some 1,800 requests, which take 30 s on two quiet cores. */
const LIMIT_MS = 600_000;

test('schemathesis finds no fault', { timeout: LIMIT_MS, skip: isReference && 'only the hub has this document' }, async (context) => {
  const server = await Server.start();
  // It keeps what it found in the folder where it runs.
  const folder = mkdtempSync(join(tmpdir(), 'hamster-contract-'));
  context.after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const words = ['-B', '-m', 'schemathesis.cli', '--config-file', join(HERE, 'schemathesis.toml'), 'run', `${server.url}/openapi.json`, '--no-color'];
  const env = { ...process.env, SCHEMATHESIS_HOOKS: join(HERE, 'contract.py'), PYTHONUTF8: '1' };
  const child = spawn(PYTHON, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], signal: context.signal });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  assert.equal(code, 0, printed);
  const [, requests] = /(\d+) generated, \1 passed/.exec(printed) ?? [];
  assert.ok(Number(requests) > 1_000, printed);
});
