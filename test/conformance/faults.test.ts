import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { ALL_CASES } from '../../conformance/protocol/cases.ts';
import { runCases } from '../../conformance/protocol/runner.ts';
import { FAULTS } from './faults/index.ts';
import { DOCUMENT, withTable } from './faults/table.ts';
import { type Alterations, startTestServer } from './server.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root, to serve users under their own identities';

/** Outcomes of these cases on a server, by case. */
async function outcomes(ids: Iterable<string>, alterations: Alterations = {}): Promise<{ [id: string]: string }> {
  const wanted = new Set(ids);
  const cases = ALL_CASES.filter(({ id }) => wanted.has(id));
  const { target, housekeeping, close } = await startTestServer(alterations);
  try {
    const results = await runCases(cases, target, housekeeping, { jobs: 1 });
    return Object.fromEntries(results.map(({ id, outcome, detail }) => [id, outcome === 'error' ? detail : outcome]));
  } finally {
    await close();
  }
}

const all = (ids: Iterable<string>, outcome: string) => Object.fromEntries([...ids].map((id) => [id, outcome]));

test('the cases that are to catch faults pass on a sound server', { skip }, async () => {
  const ids = new Set(FAULTS.flatMap(({ caughtBy }) => caughtBy));
  assert.deepEqual(await outcomes(ids), all(ids, 'pass'));
});

test('faults have names of their own', () => {
  assert.equal(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length);
});

test('docs/conformance.md lists the faults (node --import tsx test/conformance/faults/table.ts writes it)', () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  assert.equal(document, withTable(document));
});

for (const { name, breaks, caughtBy, ...alterations } of FAULTS) {
  test(`planted fault ${name} (${breaks}) is caught`, { skip }, async () => {
    assert.deepEqual(await outcomes(caughtBy, alterations), all(caughtBy, 'fail'));
  });
}
