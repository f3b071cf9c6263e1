import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileLocator } from '../../src/exports/index.ts';
import { AdminRefusal } from '../../src/server/admin.ts';
import { LockAdmin } from '../../src/server/lock-admin.ts';
import type { Locking } from '../../src/server/locking.ts';
import { FsError } from '../../src/vfs/index.ts';
import { Subject } from '../nlm/fakes.ts';
import { callRow } from '../rpc/row.ts';

const COOKIE = Buffer.alloc(4);
const FROM = { address: '192.0.2.9' };

function place(who: string, fh = 'open') {
  return { caller_name: Buffer.from(who), fh: Buffer.from(fh), oh: Buffer.from(who) };
}

function lock({ programs }: Subject, who: string, block = false) {
  const alock = { ...place(who), svid: 1, l_offset: 0n, l_len: 10n };
  const args = { cookie: COOKIE, block, exclusive: true, alock, reclaim: false, state: 3 };
  return callRow(programs, 4, 'NLM_LOCK', args, FROM);
}

function share({ programs }: Subject, who: string) {
  const args = { cookie: COOKIE, share: { ...place(who), mode: 2, access: 1 }, reclaim: false };
  return callRow(programs, 4, 'NLM_SHARE', args, FROM);
}

function adminOf({ manager, grace, fileSystem }: Subject): LockAdmin {
  const locate = async () => ({ fileSystem, inode: fileSystem.root });
  const locking: Partial<Locking> = { manager, grace };
  return new LockAdmin(locking as Locking, { locate } as Partial<FileLocator> as FileLocator);
}

test('locks: what is held, waited for and shared is listed, and released by owner or client', async (t) => {
  const subject = new Subject();
  t.after(() => subject.manager.close());
  await lock(subject, 'one');
  await lock(subject, 'two', true);
  await share(subject, 'three');
  const admin = adminOf(subject);
  const { locks } = await admin.report();
  assert.deepEqual(
    locks.map(({ kind, client, access, denies }) => [kind, client, access, denies]),
    [
      ['held', 'one', undefined, undefined],
      ['waits', 'two', undefined, undefined],
      ['share', 'three', 1, 2],
    ],
  );
  const owner = locks.find(({ kind }) => kind === 'share')?.owner;
  assert.deepEqual(await admin.release({ owner }), { released: 1 });
  await assert.rejects(admin.release({ owner }), AdminRefusal);
  await share(subject, 'three');
  assert.deepEqual(await admin.release({ client: 'three' }), { released: 1 });
  assert.deepEqual(await admin.release({ client: 'one' }), { released: 1 });
});

test('locks: of an export that is not there now they are listed, and can be released', async (t) => {
  const subject = new Subject();
  t.after(() => subject.manager.close());
  await lock(subject, 'one');
  await share(subject, 'two');
  await subject.manager.close();
  subject.restart();
  const lookup = t.mock.method(subject.fileSystem, 'lookup', () => {
    throw new FsError('STALE', 'handle');
  });
  await subject.manager.load();
  lookup.mock.restore();
  const admin = adminOf(subject);
  const { locks } = await admin.report();
  assert.deepEqual(
    locks.map(({ kind, client, start, end }) => [kind, client, start, end]),
    [
      ['held', 'one', '0', '10'],
      ['share', 'two', '0', undefined],
    ],
  );
  assert.deepEqual(await admin.release({ owner: locks[0]?.owner }), { released: 1 });
  assert.deepEqual(await admin.release({ client: 'two' }), { released: 1 });
  assert.deepEqual(subject.store.load(), []);
});
