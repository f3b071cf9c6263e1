import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { type Difference, differences, explain, idsOf, type Verdict } from '../../conformance/compare/differences.ts';
import { judge } from '../../conformance/compare/judge.ts';
import { DOCUMENT, differenceTable, withVerdicts } from '../../conformance/compare/table.ts';
import { VERDICTS } from '../../conformance/compare/verdicts.ts';
import { labMissing } from '../../conformance/lab/lab.ts';
import { ALL_CASES } from '../../conformance/protocol/cases.ts';
import type { Outcome, Result } from '../../conformance/protocol/runner.ts';

const skip = labMissing('ganesha.nfsd') ?? false;
const SOME = ['NFSv3/REMOVE', 'NFSv3/READDIR', 'NFSv3/COMMIT', 'NLMv4/FREE_ALL'];

const result = (id: string, outcome: Outcome, detail = ''): Result => ({
  ...{ id, group: 'NFSv3', procedure: 'READ', title: id, clause: 'RFC 1813', class: 'MUST' },
  ...{ outcome, detail, milliseconds: 1 },
});
const verdict = (cases: readonly [string, ...string[]], theirs: Outcome, more: Partial<Verdict> = {}): Verdict => ({
  ...{ cases, theirs, does: 'something else', right: 'The case' },
  ...more,
});
const difference = (id: string, ours: Outcome, theirs: Outcome): Difference => ({ id, ours, theirs, detail: 'a | b' });

test('a difference is a case that both servers had, and that ended otherwise', () => {
  const ours = [
    result('a', 'pass'),
    result('b', 'pass'),
    result('c', 'not applicable', 'no quotas'),
    result('d', 'pass'),
  ];
  const theirs = [result('a', 'pass'), result('b', 'fail', 'came STALE'), result('c', 'pass')];
  assert.deepEqual(differences(ours, theirs), [
    { id: 'b', ours: 'pass', theirs: 'fail', detail: 'came STALE' },
    { id: 'c', ours: 'not applicable', theirs: 'pass', detail: 'no quotas' },
  ]);
});

test('a verdict explains its cases with its outcomes and no others; one that explains nothing is outdated', () => {
  const caseOf = (pattern: RegExp) => ALL_CASES.find(({ id }) => pattern.test(id))?.id ?? '';
  const [reading, writing] = [caseOf(/^NFSv3\/READ\//), caseOf(/^NFSv3\/WRITE\//)];
  const read = verdict(['NFSv3/READ'], 'fail');
  const write = verdict(['NFSv3/WRITE'], 'fail');
  const absent = verdict(['NFSv2'], 'not applicable');
  const [explained, other, worse] = [
    difference(reading, 'pass', 'fail'),
    difference(reading, 'pass', 'not applicable'),
    difference(writing, 'fail', 'pass'),
  ] as const;
  const said = explain([explained, other, worse], [read, write, absent]);
  assert.deepEqual(
    said.explained.map(({ difference, verdict }) => [difference, verdict]),
    [[explained, read]],
  );
  assert.deepEqual(said.unexplained, [other, worse]);
  assert.deepEqual(said.outdated, [write, absent]);
});

test('what nobody has explained comes first in the table, and bars do not break it', () => {
  const unexplained = [difference('NFSv3/READ/eof', 'pass', 'fail')];
  const table = differenceTable({ explained: [], unexplained, outdated: [] });
  assert.match(table, /\| `NFSv3\/READ\/eof` \| pass \| fail \| a \\\| b \| \*\*Nobody has said yet\*\* \|/);
});

test('every verdict is about cases that there are', () => {
  for (const each of VERDICTS) for (const one of each.cases) assert.ok(idsOf({ ...each, cases: [one] }).size > 0, one);
});

test('docs/conformance.md has the verdicts (npm run conformance:compare -- --write-docs writes them)', () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  assert.equal(document, withVerdicts(document, VERDICTS));
});

test('side by side, over restarts and a crash of the peer: no difference without a verdict', { skip }, async () => {
  const [ours, theirs] = [await judge('steadfs', { only: SOME }), await judge('ganesha', { only: SOME })];
  assert.deepEqual(ours.crashes, []);
  assert.equal(theirs.results.length, ours.results.length);
  const { explained, unexplained } = explain(differences(ours.results, theirs.results), VERDICTS);
  assert.deepEqual(unexplained, []);
  assert.ok(explained.length > 0);
});
