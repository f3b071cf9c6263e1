import { type Case, cases, must, should } from '../case.ts';
import { check, equal } from '../expect.ts';
import { answers, bytes, type Dialect, type Locks, locking, newCookie, SHARED } from './locks.ts';

export function testCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (l: Locks) => Promise<void>) => locking(dialect, body);
  return cases({ program, procedure: 'TEST', clause: 'XNFS NLM_TEST' }, [
    must(
      'free',
      'a file without locks: granted',
      on(async (l) => {
        const file = await l.file();
        await l.isFree(file);
        await l.isFree(file, SHARED);
      }),
    ),
    must(
      'takes-nothing',
      'it takes no lock',
      on(async (l) => {
        const file = await l.file();
        await l.isFree(file);
        await l.take(l.owner(), file);
      }),
    ),
    must(
      'holder-exclusive',
      'an exclusive lock in the way: denied, with where it is and that it is exclusive',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, bytes(100, 200));
        for (const how of [{}, SHARED]) {
          const { exclusive, l_offset, l_len } = await l.isTaken(file, how);
          equal('holder', { exclusive, l_offset, l_len }, { exclusive: true, ...bytes(100, 200) });
        }
      }),
    ),
    must(
      'holder-shared',
      'a shared lock in the way of an exclusive one: denied, with where it is and that it is shared',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, { ...SHARED, ...bytes(7, 8) });
        const { exclusive, l_offset, l_len } = await l.isTaken(file);
        equal('holder', { exclusive, l_offset, l_len }, { exclusive: false, ...bytes(7, 8) });
        await l.isFree(file, SHARED);
      }),
    ),
    must(
      'holder-svid',
      "the holder's svid is told, also a negative one",
      on(async (l) => {
        const file = await l.file();
        for (const svid of [12_345, -2]) {
          const owner = l.owner({ svid });
          await l.take(owner, file);
          equal('svid', (await l.isTaken(file)).svid, svid);
          await l.unlock(owner, file);
        }
      }),
    ),
    should(
      'holder-oh',
      "the holder's oh is told",
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        equal('oh', (await l.isTaken(file)).oh, owner.oh);
      }),
    ),
    must(
      'holder-to-the-end',
      'a lock to the end of the file: told with length 0',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, { l_offset: 50n });
        const { l_offset, l_len } = await l.isTaken(file);
        equal('holder', { l_offset, l_len }, { l_offset: 50n, l_len: 0n });
      }),
    ),
    must(
      'holder-is-in-the-way',
      'of several locks, one is told that is in the way',
      on(async (l) => {
        const file = await l.file();
        for (const from of [0, 20, 40]) await l.take(l.owner({ svid: from + 1 }), file, bytes(from, from + 10));
        const { svid, l_offset } = await l.isTaken(file, bytes(25, 35));
        equal('holder', { svid, l_offset }, { svid: 21, l_offset: 20n });
      }),
    ),
    must(
      'own-lock',
      'the same owner: granted, its own lock is not in its way',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        answers(await l.test(owner, file), 'GRANTED');
        answers(await l.test(owner, file, SHARED), 'GRANTED');
      }),
    ),
    must(
      'borders',
      'ranges that touch do not overlap; one byte in common does',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, bytes(10, 20));
        await l.isFree(file, bytes(0, 10));
        await l.isFree(file, bytes(20, 30));
        await l.isTaken(file, bytes(0, 11));
        await l.isTaken(file, bytes(19, 30));
        await l.isTaken(file, bytes(12, 13));
        await l.isTaken(file, { l_offset: 19n });
        await l.isFree(file, { l_offset: 20n });
      }),
    ),
    must(
      'cookie',
      'the cookie comes back, of up to 32 bytes',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file);
        for (const length of [1, 4, 8, 32]) {
          const cookie = newCookie(length);
          equal('cookie', (await l.test(l.owner(), file, { cookie })).cookie, cookie);
        }
      }),
    ),
    must('other-file', "another file's locks are not in the way", async (t) => {
      await on(async (l) => {
        await l.take(l.owner(), await l.file('one'));
        await l.isFree(await l.file('two'));
      })(t);
    }),
    must(
      'udp',
      'it answers the same by UDP',
      { needs: ['udp'] },
      locking(
        dialect,
        async (l) => {
          const file = await l.file();
          await l.take(l.owner(), file, bytes(3, 5));
          const { l_offset, l_len } = await l.isTaken(file);
          equal('holder', { l_offset, l_len }, bytes(3, 5));
          await l.isFree(file, bytes(5, 9));
        },
        { kind: 'udp' },
      ),
    ),
    must('stale', 'a removed file: a status of failure, and no grant', async (t) => {
      await on(async (l) => {
        const file = await l.file('gone');
        await t.nfs.REMOVE({ object: { dir: await t.folder(), name: 'gone' } });
        const { stat } = await l.test(l.owner(), file);
        const fine = dialect.isWide ? stat === 'STALE_FH' : stat !== 'GRANTED';
        check(fine, dialect.isWide ? 'STALE_FH' : 'a failure', stat);
      })(t);
    }),
  ]);
}
