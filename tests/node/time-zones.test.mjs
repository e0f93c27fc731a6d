/** The simulator's time zones in the worker: the platform's own database, read by src/edge/zones.js. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondsAheadOfUtc } from '../../src/edge/zones.js';

const HOUR = 3600;

test('clocks of the world, in winter, in summer and in the past', () => {
  for (const [zone, at, hours] of /** @type {[string, string, number | undefined][]} */ ([
    ['Asia/Tokyo', '2026-01-14', 9],
    ['asia/tokyo', '2026-01-14', 9],
    ['Asia/Kolkata', '2026-07-14', 5.5],
    ['Australia/Lord_Howe', '2026-01-14', 11],
    ['Australia/Lord_Howe', '2026-07-14', 10.5],
    ['America/New_York', '2026-03-08T06:59:59Z', -5],
    ['America/New_York', '2026-03-08T07:00:00Z', -4],
    ['America/St_Johns', '2026-07-14', -2.5],
    ['Europe/London', '2026-01-14', 0],
    ['Etc/UTC', '2026-01-14', 0],
    ['Africa/Monrovia', '1970-06-01', -44.5 / 60],
    ['Asia/Tokio', '2026-01-14', undefined],
    ['', '2026-01-14', undefined],
    // What was asked before does not stick.
    ['Asia/Tokyo', '9999-12-31', 9],
  ])) {
    const seconds = secondsAheadOfUtc(zone, Date.parse(at));
    assert.equal(seconds, hours === undefined ? undefined : hours * HOUR, `${zone} ${at}`);
  }
});
