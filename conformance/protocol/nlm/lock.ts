import { type Case, cases, must, should } from '../case.ts';
import { check, equal } from '../expect.ts';
import { GARBAGE_HANDLE, newFolder } from '../nfs3/tools.ts';
import { BOB } from '../target.ts';
import { answers, type Dialect, Locks, locking, newCookie, SHARED } from './locks.ts';

export function lockCases(dialect: Dialect): Case[] {
  const { program, isWide } = dialect;
  const on = (body: (l: Locks) => Promise<void>) => locking(dialect, body);
  return cases({ program, procedure: 'LOCK', clause: 'XNFS NLM_LOCK' }, [
    must(
      'exclusive',
      'an exclusive lock: granted, and nobody else gets one',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file);
        answers(await l.lock(l.owner(), file), 'DENIED');
        answers(await l.lock(l.owner(), file, SHARED), 'DENIED');
      }),
    ),
    must(
      'shared',
      'shared locks: granted to many, and none of them lets an exclusive one in',
      on(async (l) => {
        const file = await l.file();
        for (let index = 0; index < 3; index++) await l.take(l.owner(), file, SHARED);
        answers(await l.lock(l.owner(), file), 'DENIED');
      }),
    ),
    must(
      'denied-leaves-all',
      'what is denied leaves the lock in its way alone, and takes no part of its range',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, { l_offset: 10n, l_len: 10n });
        answers(await l.lock(l.owner(), file, { l_len: 15n }), 'DENIED');
        await l.isFree(file, { l_len: 10n });
        const { svid } = await l.isTaken(file, { l_offset: 10n, l_len: 1n });
        equal('svid', svid, owner.svid);
      }),
    ),
    must(
      'same-again',
      'the same owner again: granted, and one UNLOCK releases it',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        for (let index = 0; index < 3; index++) await l.take(owner, file);
        answers(await l.unlock(owner, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'sent-twice',
      'a call that is sent again, with its xid: granted again',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        const message = l.message('LOCK', l.lockargs(owner, file, {}));
        answers(await l.exchange('LOCK', message), 'GRANTED');
        answers(await l.exchange('LOCK', message), 'GRANTED');
        answers(await l.unlock(owner, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    should(
      'late-copy',
      'a copy of a LOCK that comes after the UNLOCK takes nothing',
      { clause: 'RFC 1813 §4.5' },
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        const message = l.message('LOCK', l.lockargs(owner, file, {}));
        answers(await l.exchange('LOCK', message), 'GRANTED');
        answers(await l.unlock(owner, file), 'GRANTED');
        await l.exchange('LOCK', message);
        await l.isFree(file);
      }),
    ),
    must(
      'other-svid',
      'another process of the host is another owner',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner({ svid: 1 });
        await l.take(owner, file);
        answers(await l.lock({ ...owner, svid: 2, oh: Buffer.from('2') }, file), 'DENIED');
      }),
    ),
    must(
      'other-caller-name',
      'the same process number on another host is another owner',
      on(async (l) => {
        const other = await Locks.open(l.t, dialect);
        try {
          const file = await l.file();
          const owner = l.owner();
          await l.take(owner, file);
          answers(await other.lock({ ...owner, caller_name: other.name }, file), 'DENIED');
        } finally {
          await other.release();
        }
      }),
    ),
    should(
      'other-oh',
      'the same process number with another oh is another owner',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        answers(await l.lock({ ...owner, oh: Buffer.from('another') }, file), 'DENIED');
      }),
    ),
    must(
      'upgrade',
      'a shared lock becomes exclusive where nobody shares it',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, SHARED);
        await l.take(owner, file);
        equal('exclusive', (await l.isTaken(file, SHARED)).exclusive, true);
      }),
    ),
    must(
      'upgrade-denied',
      'where somebody shares it, it does not, and stays shared',
      on(async (l) => {
        const file = await l.file();
        const [owner, other] = [l.owner(), l.owner()];
        await l.take(owner, file, SHARED);
        await l.take(other, file, SHARED);
        answers(await l.lock(owner, file), 'DENIED');
        await l.unlock(other, file);
        equal('exclusive', (await l.isTaken(file)).exclusive, false);
      }),
    ),
    must(
      'downgrade',
      'an exclusive lock becomes shared, and lets others share',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        await l.take(owner, file, SHARED);
        await l.take(l.owner(), file, SHARED);
        answers(await l.lock(l.owner(), file), 'DENIED');
      }),
    ),
    must(
      'blocked',
      'with block, one that has to wait: blocked, and asked again, still blocked',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(l.owner(), file);
        await l.wait(owner, file);
        await l.wait(owner, file);
      }),
    ),
    must(
      'block-granted-at-once',
      'with block, one that is free: granted',
      on(async (l) => {
        const file = await l.file();
        answers(await l.lock(l.owner(), file, { block: true }), 'GRANTED');
        await l.isTaken(file);
      }),
    ),
    must(
      'waiting-takes-nothing',
      'a request that waits keeps nobody out',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, { ...SHARED, l_len: 10n });
        await l.wait(l.owner(), file, { l_len: 20n });
        await l.isFree(file, { l_offset: 10n, l_len: 10n });
      }),
    ),
    must(
      'cookie',
      'the cookie comes back, of up to 32 bytes, whatever the answer',
      on(async (l) => {
        const file = await l.file();
        for (const length of [1, 4, 8, 32]) {
          const cookie = newCookie(length);
          equal('cookie', (await l.lock(l.owner(), file, { cookie })).cookie, cookie);
        }
      }),
    ),
    must(
      'cookie-longest',
      'a cookie of 1024 bytes, and one of none, come back',
      on(async (l) => {
        const file = await l.file();
        for (const length of [1024, 0]) {
          const cookie = newCookie(length);
          equal('cookie', (await l.lock(l.owner(), file, { cookie })).cookie, cookie);
        }
      }),
    ),
    must(
      'longest-oh',
      'an oh of 1024 bytes is told apart by its last byte',
      on(async (l) => {
        const file = await l.file();
        const [oh, other] = [Buffer.alloc(1024, 'o'), Buffer.alloc(1024, 'o')];
        other.writeUInt8(0, 1023);
        await l.take(l.owner({ oh, svid: 1 }), file);
        answers(await l.lock(l.owner({ oh: other, svid: 2 }), file), 'DENIED');
        answers(await l.unlock(l.owner({ oh: other, svid: 2 }), file), 'GRANTED');
        await l.isTaken(file);
      }),
    ),
    must(
      'udp',
      'it does the same by UDP',
      { needs: ['udp'] },
      locking(
        dialect,
        async (l) => {
          const file = await l.file();
          const owner = l.owner();
          await l.take(owner, file);
          answers(await l.lock(l.owner(), file), 'DENIED');
          answers(await l.unlock(owner, file), 'GRANTED');
          await l.take(l.owner(), file);
        },
        { kind: 'udp' },
      ),
    ),
    must('stale', `a removed file: ${isWide ? 'NLM4_STALE_FH' : 'a failure'}`, async (t) => {
      await on(async (l) => {
        const file = await l.file('gone');
        await t.nfs.REMOVE({ object: { dir: await t.folder(), name: 'gone' } });
        const { stat } = await l.lock(l.owner(), file);
        const isFine = isWide ? stat === 'STALE_FH' : stat !== 'GRANTED' && stat !== 'BLOCKED';
        check(isFine, isWide ? 'STALE_FH' : 'a failure', stat);
      })(t);
    }),
    must(
      'garbage-handle',
      'a handle of no server: a failure',
      on(async (l) => {
        const { stat } = await l.lock(l.owner(), GARBAGE_HANDLE);
        const failures = isWide ? ['STALE_FH', 'FAILED'] : ['DENIED', 'DENIED_NOLOCKS'];
        check(failures.includes(stat), failures.join(' or '), stat);
      }),
    ),
    should('directory', 'a directory: a failure', async (t) => {
      await on(async (l) => {
        const folder = await newFolder(t, 'folder');
        const { stat } = await l.lock(l.owner(), isWide ? folder : await l.narrowHandle('folder'));
        check(stat !== 'GRANTED' && stat !== 'BLOCKED', 'a failure', stat);
      })(t);
    }),
    should(
      'no-permission',
      "a file that the caller may not read: a failure, and the owner's lock is not in its way",
      { needs: ['users'] },
      async (t) => {
        const bob = await Locks.open(t, dialect, { user: BOB });
        try {
          const file = await bob.file('private', { mode: 0o600 });
          for (const how of [{}, SHARED]) {
            const { stat } = await bob.lock(bob.owner(), file, how);
            check(stat !== 'GRANTED' && stat !== 'BLOCKED', 'a failure', stat);
          }
          await on((l) => l.take(l.owner(), file))(t);
        } finally {
          await bob.release();
        }
      },
    ),
    should(
      'read-permission',
      'a shared lock by the right to read: granted',
      { needs: ['users'] },
      locking(
        dialect,
        async (l) => {
          await l.take(l.owner(), await l.file('public', { mode: 0o644 }), SHARED);
        },
        { user: BOB },
      ),
    ),
    should(
      'reclaim-without-a-loss',
      'a reclaim of what nobody lost, over a lock of somebody else: a denial',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file);
        answers(await l.lock(l.owner(), file, { reclaim: true }), 'DENIED', 'DENIED_GRACE_PERIOD');
      }),
    ),
    must(
      'many',
      'a hundred locks of one owner on one file, and each byte between them is free',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        const at = Array.from({ length: 100 }, (_, index) => index * 2);
        await Promise.all(at.map((from) => l.take(owner, file, { l_offset: BigInt(from), l_len: 1n })));
        for (const from of [0, 98, 198]) {
          await l.isTaken(file, { l_offset: BigInt(from), l_len: 1n });
          await l.isFree(file, { l_offset: BigInt(from + 1), l_len: 1n });
        }
        answers(await l.unlock(owner, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
  ]);
}
