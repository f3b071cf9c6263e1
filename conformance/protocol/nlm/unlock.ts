import { type Case, cases, must, should } from '../case.ts';
import { equal } from '../expect.ts';
import { answers, bytes, type Dialect, Locks, locking, newCookie, SHARED } from './locks.ts';
import { waiting } from './waiting.ts';

export function unlockCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (l: Locks) => Promise<void>) => locking(dialect, body);
  return cases({ program, procedure: 'UNLOCK', clause: 'XNFS NLM_UNLOCK' }, [
    must(
      'frees',
      'the lock is free for others',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        answers(await l.unlock(owner, file), 'GRANTED');
        await l.take(l.owner(), file);
      }),
    ),
    must(
      'shared-one-of-two',
      'of two who share, one goes: still no exclusive lock',
      on(async (l) => {
        const file = await l.file();
        const [owner, other] = [l.owner(), l.owner()];
        await l.take(owner, file, SHARED);
        await l.take(other, file, SHARED);
        answers(await l.unlock(owner, file), 'GRANTED');
        await l.isTaken(file);
        answers(await l.unlock(other, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'not-locked',
      'what is not locked: granted',
      on(async (l) => {
        const file = await l.file();
        answers(await l.unlock(l.owner(), file), 'GRANTED');
        answers(await l.unlock(l.owner(), file, bytes(5, 6)), 'GRANTED');
      }),
    ),
    must(
      'somebody-elses',
      "another process's lock stays",
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        await l.unlock(l.owner(), file);
        equal('svid', (await l.isTaken(file)).svid, owner.svid);
      }),
    ),
    must(
      'other-hosts',
      "another host's lock stays, though the process has the same number",
      on(async (l) => {
        const other = await Locks.open(l.t, dialect);
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        await other.unlock({ ...owner, caller_name: other.name }, file);
        await l.isTaken(file);
      }),
    ),
    must(
      'sent-twice',
      'sent again, with its xid and with another: granted',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        const message = l.message('UNLOCK', l.unlockargs(owner, file, {}));
        answers(await l.exchange('UNLOCK', message), 'GRANTED');
        answers(await l.exchange('UNLOCK', message), 'GRANTED');
        answers(await l.unlock(owner, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'cookie',
      'the cookie comes back',
      on(async (l) => {
        const file = await l.file();
        for (const length of [1, 8, 32]) {
          const cookie = newCookie(length);
          equal('cookie', (await l.unlock(l.owner(), file, { cookie })).cookie, cookie);
        }
      }),
    ),
    should('removed-file', 'of a file that was removed meanwhile: granted, or that it is stale', async (t) => {
      await on(async (l) => {
        const file = await l.file('gone');
        const owner = l.owner();
        await l.take(owner, file);
        await t.nfs.REMOVE({ object: { dir: await t.folder(), name: 'gone' } });
        // A version without a status for it has to find another one.
        const stale = dialect.isWide ? ['STALE_FH' as const] : ['DENIED_NOLOCKS' as const];
        answers(await l.unlock(owner, file), 'GRANTED', ...stale);
      })(t);
    }),
  ]);
}

export function cancelCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (l: Locks) => Promise<void>) => locking(dialect, body);
  return cases({ program, procedure: 'CANCEL', clause: 'XNFS NLM_CANCEL' }, [
    must(
      'waiting',
      'a request that waits is taken back: it does not get the lock when that is free',
      on(async (l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(waiter, file);
        answers(await l.cancel(waiter, file), 'GRANTED');
        answers(await l.unlock(holder, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'nothing-waits',
      'where nothing waits: granted or denied, and nothing happens',
      on(async (l) => {
        const file = await l.file();
        answers(await l.cancel(l.owner(), file), 'GRANTED', 'DENIED');
        await l.isFree(file);
      }),
    ),
    must(
      'held-lock-stays',
      'a lock that is held is not taken away by it',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        answers(await l.cancel(owner, file), 'GRANTED', 'DENIED');
        await l.isTaken(file);
      }),
    ),
    must(
      'somebody-elses',
      "another process's request waits on",
      on(async (l) => {
        const file = await l.file();
        const [holder, waiter, stranger] = [l.owner(), l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(waiter, file);
        await l.cancel(stranger, file);
        answers(await l.cancel(waiter, file), 'GRANTED');
        await l.isTaken(file);
      }),
    ),
    should(
      'other-range',
      'with another range, the request waits on: the arguments have to match exactly',
      waiting(dialect, async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file, bytes(0, 10));
        await l.wait(waiter, file, bytes(0, 10));
        await l.cancel(waiter, file, bytes(0, 9));
        await l.unlock(holder, file);
        await w.grant(waiter);
      }),
    ),
    must(
      'cookie',
      'the cookie comes back',
      on(async (l) => {
        const file = await l.file();
        const cookie = newCookie(16);
        equal('cookie', (await l.cancel(l.owner(), file, { cookie })).cookie, cookie);
      }),
    ),
  ]);
}
