import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CALLS = 15_000;
const RUN_MILLISECONDS = 300_000;
const RUN = fileURLToPath(new URL('run.ts', import.meta.url));
const seed = process.env.FUZZ_SEED ?? '1813';

test(`${CALLS} damaged calls of every program: each batch is answered, nothing crashes, grows or fails inside`, async () => {
  const args = ['--import', 'tsx', RUN, `${CALLS}`, seed];
  const options = { timeout: RUN_MILLISECONDS, maxBuffer: 16 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  assert.match(stdout, /"systemErrors":0,/);
});
