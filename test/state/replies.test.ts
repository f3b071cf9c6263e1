import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { KeptCall } from '../../src/common/reply-journal.ts';
import { StateError } from '../../src/state/index.ts';
import { RepliesJournal } from '../../src/state/repliesjournal.ts';
import fc from '../properties.ts';
import { scratchDirectory } from './scratch.ts';

const report = (error: unknown) => assert.fail(String(error));
const open = (path: string, fileBytes = 1 << 16) => RepliesJournal.open(path, { fileBytes, report });
const bytes = (text: string) => Buffer.from(text);
const told = (found: readonly KeptCall[]) => found.map((call) => `${call.kind} ${call.key} ${call.bytes}`);

test('replies: an intent is found until its result or its end is written, over any number of crashes', async () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom('intent', 'result'), key, value: fc.string({ maxLength: 40 }) }),
    fc.record({ what: fc.constant('aborted'), key, value: fc.constant('') }),
    fc.record({ what: fc.constant('crash'), key: fc.constant(''), value: fc.constant('') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const path = `${scratchDirectory()}/r`;
      const expected = new Map<string, string>();
      let journal = open(path);
      for (const { what, key: name, value } of steps) {
        if (what === 'crash') {
          // Nothing is closed in order: the next one reads what was written.
          journal = open(path);
          continue;
        }
        if (what === 'intent') journal.intent(name, bytes(value));
        else if (what === 'result') journal.result(name, bytes(value));
        else journal.aborted(name);
        // An end without an intent says nothing: the cache asks for none.
        if (what === 'aborted' && !expected.get(name)?.startsWith('intent')) continue;
        expected.delete(name);
        if (what !== 'aborted') expected.set(name, `${what} ${name} ${Buffer.from(value)}`);
      }
      await journal.close();
      const again = open(path);
      assert.deepEqual(new Set(told(again.found)), new Set(expected.values()));
      await again.close();
    }),
    { numRuns: 60 },
  );
});

test('replies: the files stay as large as they were made, and hold the latest results', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path, 8192);
  for (let i = 0; i < 1000; i++) {
    journal.intent(`call ${i}`, Buffer.alloc(50));
    journal.result(`call ${i}`, Buffer.alloc(50));
  }
  await journal.close();
  assert.deepEqual([statSync(`${path}.0`).size, statSync(`${path}.1`).size], [8192, 8192]);
  const again = open(path, 8192);
  const keys = again.found.map((call) => call.key);
  assert.ok(keys.length > 20 && keys.length < 200, String(keys.length));
  assert.deepEqual(
    keys,
    keys.map((_, i) => `call ${1000 - keys.length + i}`),
  );
  await again.close();
});

test('replies: an intent stays as long as its call runs, however many others come and go', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path, 8192);
  journal.intent('slow', bytes('what it found'));
  for (let i = 0; i < 1000; i++) journal.result(`call ${i}`, Buffer.alloc(100));
  const crashed = open(path, 8192);
  assert.ok(told(crashed.found).includes('intent slow what it found'));
  await crashed.close();
  await journal.close();
});

test('replies: servers that crash one after the other, before a client comes back, lose nothing', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path);
  journal.intent('in doubt', bytes('i'));
  journal.result('done', bytes('r'));
  await journal.close();
  for (let crash = 0; crash < 5; crash++) await open(path).close();
  const last = open(path);
  assert.deepEqual(told(last.found).sort(), ['intent in doubt i', 'result done r']);
  await last.close();
});

test('replies: a record torn at any byte is passed over, and those before it are whole', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path, 4096);
  journal.result('first', bytes('kept'));
  const whole = readFileSync(`${path}.0`);
  journal.result('second', bytes('torn'));
  await journal.close();
  const both = readFileSync(`${path}.0`);
  const end = both.findLastIndex((byte) => byte !== 0) + 1;
  const start = whole.findLastIndex((byte) => byte !== 0) + 1;
  assert.ok(end - start > 20, 'there are two records');
  for (let cut = start; cut < end; cut++) {
    const torn = Buffer.from(both).fill(0, cut);
    writeFileSync(`${path}.0`, torn);
    writeFileSync(`${path}.1`, Buffer.alloc(4096));
    const again = open(path, 4096);
    assert.deepEqual(told(again.found), ['result first kept'], `cut at ${cut}`);
    await again.close();
  }
});

test('replies: what an earlier round left behind the end is not taken for records', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path, 4096);
  // All of one length: those of a round lie where those of the round before last were.
  for (let i = 0; i < 200; i++) {
    journal.result(`${1000 + i}`, Buffer.alloc(90));
    const found = keysIn(path);
    assert.deepEqual(
      found,
      Array.from(found, (_, at) => `${1000 + i + 1 - found.length + at}`),
    );
  }
  await journal.close();
});

test('replies: what a power loss left behind a lost record does not follow upon a new one', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path, 4096);
  for (const key of ['a', 'b', 'c', 'd']) journal.result(key, bytes('x'));
  await journal.close();
  const file = readFileSync(`${path}.0`);
  const [b, c] = [file.indexOf('bx'), file.indexOf('cx')];
  writeFileSync(`${path}.0`, file.fill(0, b - 12, c - 12));
  const after = open(path, 4096);
  assert.deepEqual(told(after.found), ['result a x']);
  after.result('e', bytes('x'));
  await after.close();
  assert.deepEqual(keysIn(path), ['a', 'e']);
});

/** What a server would find that opened a copy of the files. */
function keysIn(path: string): string[] {
  const copy = `${scratchDirectory()}/r`;
  for (const file of ['0', '1']) copyFileSync(`${path}.${file}`, `${copy}.${file}`);
  const journal = open(copy, 4096);
  void journal.close();
  return journal.found.map(({ key }) => key);
}

test('replies: files that an earlier version made larger are read to their end', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path, 16_384);
  for (let i = 0; i < 100; i++) journal.result(`call ${i}`, Buffer.alloc(50));
  await journal.close();
  const smaller = open(path, 4096);
  assert.equal(smaller.found.length, 100);
  smaller.result('call 100', Buffer.alloc(50));
  await smaller.close();
  const again = open(path, 4096);
  assert.ok(again.found.some(({ key }) => key === 'call 100'));
  await again.close();
});

test('replies: a copy made while nobody writes is as good as the files themselves', async () => {
  const [from, to] = [`${scratchDirectory()}/r`, `${scratchDirectory()}/r`];
  const journal = open(from);
  journal.intent('one', bytes('1'));
  for (const file of ['0', '1']) copyFileSync(`${from}.${file}`, `${to}.${file}`);
  const copy = open(to);
  assert.deepEqual(told(copy.found), ['intent one 1']);
  await copy.close();
  await journal.close();
});

test('replies: concurrent flushes end, and so does one that begins while another runs', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path);
  const flushes: Promise<void>[] = [];
  for (let i = 0; i < 10; i++) {
    journal.intent(`${i}`, bytes('x'));
    flushes.push(journal.flush());
  }
  await Promise.all(flushes);
  await journal.flush();
  await journal.close();
});

test('replies: a call too large for a record goes without one', async () => {
  const path = `${scratchDirectory()}/r`;
  const journal = open(path, 1 << 18);
  journal.intent('large', Buffer.alloc(1 << 17));
  journal.result('large', Buffer.alloc(1 << 17));
  journal.result('small', bytes('s'));
  await journal.close();
  const again = open(path, 1 << 18);
  assert.deepEqual(told(again.found), ['result small s']);
  await again.close();
});

test('replies: a file of something else is refused by name and left alone', () => {
  const path = `${scratchDirectory()}/r`;
  writeFileSync(`${path}.1`, 'a letter that somebody wrote to his aunt'.repeat(2000));
  assert.throws(
    () => open(path),
    (error) => error instanceof StateError && error.message.includes(`${path}.1 is not a reply journal`),
  );
  assert.ok(readFileSync(`${path}.1`, 'utf8').startsWith('a letter'));
});

test('replies: a write that fails is reported, and calls go on', async () => {
  const path = `${scratchDirectory()}/r`;
  const reported: unknown[] = [];
  const journal = RepliesJournal.open(path, { fileBytes: 4096, report: (error) => reported.push(error) });
  await journal.close();
  journal.intent('key', bytes('i'));
  journal.result('key', bytes('r'));
  await journal.flush();
  assert.ok(reported.length >= 2);
});
