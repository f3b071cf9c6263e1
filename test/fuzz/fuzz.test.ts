import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzzer.ts';
import { withFuzzTarget } from './server.ts';

const CASES = 20_000;

test(`${CASES} damaged calls: every batch is answered, nothing crashes, fails inside or leaves the export`, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
  await withFuzzTarget(async (target) => {
    const result = await fuzz({ port: target.port, targets: target.targets, cases: CASES, seed });
    target.check();
    assert.equal(result.systemErrors, 0, `FUZZ_SEED=${seed}: ${target.log().slice(-3000)}`);
    assert.ok(result.replies > CASES / 2, `FUZZ_SEED=${seed}: most calls get a reply: ${result.replies}`);
  });
});
