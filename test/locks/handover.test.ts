import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LockedFiles } from '../../src/locks/files.ts';
import { Handover } from '../../src/locks/handover.ts';
import type { HeldLock } from '../../src/locks/records.ts';
import type { HostLocks } from '../../src/vfs/index.ts';
import { MemoryFileSystem } from '../../src/vfs/memory/index.ts';
import { RememberingLog } from '../mount/fakes.ts';

/** A file with locks of clients, on a host where somebody else has them too, for a while. */
async function handover(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  let isFree = false;
  const taken: string[] = [];
  const locks: HostLocks = {
    take: (exclusive, start, end) => {
      if (isFree) taken.push(`${exclusive ? 'exclusive' : 'shared'} ${start}-${end}`);
      return isFree;
    },
    release: () => {},
    test: () => undefined,
    close: () => {},
  };
  const fileSystem = Object.assign(new MemoryFileSystem(), { openLocks: () => locks });
  const log = new RememberingLog();
  const files = new LockedFiles(log);
  const file = await files.hold({ fileSystem, inode: fileSystem.root });
  const held = [
    { exclusive: true, start: 0n, end: 10n },
    { exclusive: false, start: 20n, end: 30n },
  ] as HeldLock[];
  const subject = new Handover({ files, held: () => held, log, now: () => now });
  t.after(() => subject.close());
  return {
    ...{ subject, file, log, held, taken },
    letGo: () => {
      isFree = true;
    },
    pass: (milliseconds: number) => {
      for (let passed = 0; passed < milliseconds; passed += 50) {
        now += 50;
        t.mock.timers.tick(50);
      }
    },
  };
}

test('locks that the server before holds on are taken once it lets go, without a word', async (t) => {
  const { subject, file, log, taken, letGo, pass } = await handover(t);
  subject.wait(file);
  pass(5000);
  assert.deepEqual(taken, []);
  letGo();
  pass(50);
  assert.deepEqual(taken, ['exclusive 0-10', 'shared 20-30']);
  pass(20_000);
  assert.equal(taken.length, 2);
  assert.deepEqual(log.lines, []);
});

test('what a client has given up meanwhile is not taken any more', async (t) => {
  const { subject, file, held, taken, letGo, pass } = await handover(t);
  subject.wait(file);
  pass(100);
  held.shift();
  letGo();
  pass(50);
  assert.deepEqual(taken, ['shared 20-30']);
});

test('somebody who does not let go is a program of the host, and that is said once', async (t) => {
  const { subject, file, log, pass } = await handover(t);
  subject.wait(file);
  pass(30_000);
  assert.deepEqual(
    log.lines.map(({ message }) => message),
    ['a program of this host has taken a lock that a client still has'],
  );
});
