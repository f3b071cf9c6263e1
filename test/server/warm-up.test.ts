import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { warmUp } from '../../src/server/warm-up.ts';

test('an activation is practised without a trace, twice as well as once', async (t) => {
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-practice-'));
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(folder, { recursive: true });
  });
  process.env.TMPDIR = folder;
  await warmUp();
  await warmUp();
  assert.deepEqual(readdirSync(folder), []);
});
