import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { StateError } from '../../src/state/index.ts';
import { Journal } from '../../src/state/journal.ts';
import fc from '../properties.ts';
import { scratchDirectory } from './scratch.ts';

const record = fc.uint8Array({ minLength: 1, maxLength: 300 });

test('journal: what was appended and not forgotten is found again, in order, over any number of turns', () => {
  const steps = fc.array(fc.oneof(fc.array(record, { minLength: 1, maxLength: 4 }), fc.constant('turn' as const)), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(steps, (made) => {
      const path = `${scratchDirectory()}/j`;
      const journal = Journal.open(path);
      let settling: Uint8Array[] = [];
      let latest: Uint8Array[] = [];
      let forget = () => {};
      for (const step of made) {
        if (step !== 'turn') {
          journal.append(step);
          latest.push(...step);
          continue;
        }
        forget();
        forget = journal.turn();
        settling = latest;
        latest = [];
      }
      journal.close();
      const again = Journal.open(path);
      again.close();
      assert.deepEqual(
        again.found,
        [...settling, ...latest].map((bytes) => Buffer.from(bytes)),
      );
    }),
    { numRuns: 50 },
  );
});

test('journal: a file cut anywhere gives its whole records, and takes new ones', () => {
  const path = `${scratchDirectory()}/j`;
  const records = [Buffer.from('one'), Buffer.from('two two'), Buffer.from('three')];
  const journal = Journal.open(path);
  journal.append(records);
  journal.close();
  const whole = readFileSync(`${path}.0`);
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(`${path}.0`, whole.subarray(0, length));
    const cut = Journal.open(path);
    assert.deepEqual(cut.found, records.slice(0, cut.found.length));
    assert.equal(cut.found.length === records.length, length === whole.length);
    cut.close();
  }
});

test('journal: zeros or rubbish behind the records, as a power loss leaves them, are passed over', () => {
  for (const rubbish of [Buffer.alloc(50), Buffer.alloc(50, 0xff), Buffer.from('0500000012345678', 'hex')]) {
    const path = `${scratchDirectory()}/j`;
    const journal = Journal.open(path);
    journal.append([Buffer.from('kept')]);
    journal.close();
    appendFileSync(`${path}.0`, rubbish);
    const again = Journal.open(path);
    assert.deepEqual(again.found, [Buffer.from('kept')]);
    again.close();
  }
  const path = `${scratchDirectory()}/j`;
  writeFileSync(`${path}.0`, Buffer.alloc(4096));
  const zeros = Journal.open(path);
  assert.deepEqual(zeros.found, []);
  zeros.close();
});

test('journal: a file of something else is refused by name and left alone', () => {
  const path = `${scratchDirectory()}/j`;
  writeFileSync(`${path}.1`, 'a letter that somebody wrote to his aunt');
  assert.throws(
    () => Journal.open(path),
    (error) => error instanceof StateError && error.message.includes(`${path}.1 is not a journal`),
  );
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'a letter that somebody wrote to his aunt');
});

test('journal: forgetting what was settled leaves what came after the turn', () => {
  const path = `${scratchDirectory()}/j`;
  const journal = Journal.open(path);
  journal.append([Buffer.from('settled')]);
  const forget = journal.turn();
  journal.append([Buffer.from('later')]);
  forget();
  assert.equal(statSync(`${path}.0`).size, 0);
  journal.close();
  const again = Journal.open(path);
  assert.deepEqual(again.found, [Buffer.from('later')]);
  again.clear();
  again.append([Buffer.from('new')]);
  again.close();
  truncateSync(`${path}.1`, 0);
  const last = Journal.open(path);
  assert.deepEqual(last.found, [Buffer.from('new')]);
  last.close();
});
