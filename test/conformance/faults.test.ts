import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'node:test';
import { ALL_CASES } from '../../conformance/protocol/cases.ts';
import { runCases } from '../../conformance/protocol/runner.ts';
import { FAULTS } from './faults/index.ts';
import { DOCUMENT, withTable } from './faults/table.ts';
import { type Alterations, startTestServer } from './server.ts';

const PORTMAP_PORT = 111;
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

/** Whether a port is to be had at an address of loopback that nobody uses. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host: '127.111.111.111', port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

const all = (ids: Iterable<string>, outcome: string) => Object.fromEntries([...ids].map((id) => [id, outcome]));

// A port mapper that listens at all addresses of this machine has it at the suite's as well.
const uncalled = (await isFree(PORTMAP_PORT))
  ? false
  : `port ${PORTMAP_PORT} is taken by a port mapper of this machine`;

test('the cases that are to catch faults pass on a sound server', { skip }, async () => {
  const tried = FAULTS.filter(({ needsCallbacks }) => !needsCallbacks || uncalled === false);
  const ids = new Set(tried.flatMap(({ caughtBy }) => caughtBy));
  assert.deepEqual(await outcomes(ids), all(ids, 'pass'));
});

test('faults have names of their own', () => {
  assert.equal(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length);
});

test('docs/conformance.md lists the faults (node --import tsx test/conformance/faults/table.ts writes it)', () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  assert.equal(document, withTable(document));
});

for (const { name, breaks, caughtBy, needsCallbacks, ...alterations } of FAULTS) {
  test(`planted fault ${name} (${breaks}) is caught`, { skip: skip || (needsCallbacks && uncalled) }, async () => {
    assert.deepEqual(await outcomes(caughtBy, alterations), all(caughtBy, 'fail'));
  });
}
