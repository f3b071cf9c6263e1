import assert from 'node:assert/strict';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Caller } from '../../../src/vfs/index.ts';
import { become, becomeServer, canSwitchUser } from '../../../src/vfs/local/identity.ts';
import { asServer } from '../../../src/vfs/local/index.ts';
import { inPool, setfsgid, setfsuid } from '../../../src/vfs/local/libc.ts';
import { ALICE, BOB, bytes, contentOf, failsWith, file } from '../support.ts';
import { withLocal } from './fixture.ts';

const skip = canSwitchUser() ? false : 'needs root to act as several users';
/** An id that changes nothing: the answer is the one in force. */
const ASK = 0xffff_ffff;
const inForce = () => [setfsuid(ASK), setfsgid(ASK)];

test('a caller is acted for until the turn ends, then the server is itself again', { skip }, async () => {
  become(ALICE);
  assert.deepEqual(inForce(), [ALICE.uid, ALICE.gid]);
  become(BOB);
  assert.deepEqual(inForce(), [BOB.uid, BOB.gid]);
  await Promise.resolve();
  assert.deepEqual(inForce(), [0, 0]);
});

test('asServer runs with the identity of the server, whoever was acted for', { skip }, () => {
  become(ALICE);
  assert.deepEqual(asServer(inForce), [0, 0]);
});

test('the thread pool stays the server while this thread is a caller', { skip }, async () => {
  become(ALICE);
  // More than run at once: the rest waits its turn.
  const answers = Array.from({ length: 200 }, () => inPool(setfsuid, ASK));
  for (const uid of await Promise.all(answers)) assert.equal(uid, 0);
});

test('an identity that the kernel does not take is refused, and not run as the server', { skip }, async () => {
  const nobody = [
    { ...ALICE, uid: ASK },
    { ...ALICE, gid: ASK },
    { ...ALICE, groups: [ASK] },
  ];
  for (const caller of nobody) {
    await failsWith('ACCES', () => become(caller));
    assert.deepEqual(inForce(), [0, 0]);
  }
});

test('supplementary groups follow the caller, also from one caller to the next', { skip }, async () => {
  await withLocal({}, async ({ fs, path }) => {
    writeFileSync(join(path, 'shared'), 'group', { mode: 0o640 });
    chownSync(join(path, 'shared'), 0, 7777);
    const member: Caller = { ...BOB, groups: [1, 2, 7777] };
    const { inode } = await fs.lookup(BOB, fs.root, bytes('shared'));
    const readers = [member, BOB, member, ALICE, { ...member }, BOB].map((caller) =>
      caller.groups.includes(7777)
        ? contentOf(fs, caller, inode).then((data) => assert.equal(String(data), 'group'))
        : failsWith('ACCES', () => fs.read(caller, inode, 0, 10)),
    );
    await Promise.all(readers);
  });
});

test('what callers make in one turn is each their own', { skip }, async () => {
  await withLocal({}, async ({ fs }) => {
    const made = await Promise.all(
      [ALICE, BOB, ALICE, { ...BOB, sync: false }].map((caller, at) => file(fs, caller, fs.root, `f${at}`)),
    );
    assert.deepEqual(
      made.map(({ attributes }) => attributes.uid),
      [ALICE.uid, BOB.uid, ALICE.uid, BOB.uid],
    );
    becomeServer();
  });
});
