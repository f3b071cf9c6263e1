import { type Case, cases, must, should } from '../case.ts';
import { check, equal } from '../expect.ts';
import { SILENCE } from '../rpc/listener.ts';
import { answers, bytes, type Dialect, type Locks, SHARED } from './locks.ts';
import { type Waiting, waiting } from './waiting.ts';

/** Whoever waited is told, by NLM_GRANTED or by NLM_GRANTED_MSG: servers use the one or the other. */
export function grantedCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (w: Waiting, l: Locks) => Promise<void>) => waiting(dialect, body);
  return cases({ program, procedure: 'GRANTED', clause: 'XNFS NLM_LOCK, NLM_GRANTED' }, [
    must(
      'told',
      'whoever waits is told once the lock is free: which file, which bytes, and for whom',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file, bytes(0, 50));
        await l.wait(waiter, file, bytes(20, 40));
        check(!w.hasGrant(waiter), 'no grant while the lock is held', 'NLM_GRANTED');
        await l.unlock(holder, file, bytes(0, 50));
        const { exclusive, alock } = await w.grant(waiter);
        const { caller_name: _, ...rest } = alock;
        const { svid, oh } = waiter;
        equal('grant', { exclusive, ...rest }, { exclusive: true, svid, oh, fh: file, ...bytes(20, 40) });
      }),
    ),
    must(
      'is-held',
      'what was granted is held, until its owner releases it',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(waiter, file);
        await l.unlock(holder, file);
        await w.grant(waiter);
        equal('svid', (await l.isTaken(file)).svid, waiter.svid);
        answers(await l.unlock(waiter, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'told-of-a-part',
      'an UNLOCK of the bytes in the way is enough',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(waiter, file, bytes(10, 20));
        await l.unlock(holder, file, bytes(0, 15));
        check(!w.hasGrant(waiter), 'no grant for a part of it', 'NLM_GRANTED');
        await l.unlock(holder, file, bytes(15, 20));
        await w.grant(waiter);
        equal('svid', (await l.isTaken(file, bytes(20, 30))).svid, holder.svid);
      }),
    ),
    must(
      'by-downgrade',
      'a holder that goes on sharing lets those in who want to share',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(waiter, file, SHARED);
        await l.take(holder, file, SHARED);
        equal('exclusive', (await w.grant(waiter)).exclusive, false);
      }),
    ),
    must(
      'shared-together',
      'all who wait to share are told',
      on(async (w, l) => {
        const file = await l.file();
        const holder = l.owner();
        const waiters = [l.owner(), l.owner(), l.owner()];
        await l.take(holder, file);
        for (const waiter of waiters) await l.wait(waiter, file, SHARED);
        await l.unlock(holder, file);
        for (const waiter of waiters) await w.grant(waiter);
        await l.isFree(file, SHARED);
        await l.isTaken(file);
      }),
    ),
    must(
      'one-after-the-other',
      'of those who want it for themselves one is told, and the next when that one is done',
      on(async (w, l) => {
        const file = await l.file();
        const holder = l.owner();
        const [first, second] = [l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(first, file);
        await l.wait(second, file);
        await l.unlock(holder, file);
        // Which of them is first is the server's choice.
        const { alock } = await w.grant(first, second);
        const [winner, loser] = alock.svid === first.svid ? [first, second] : [second, first];
        check(!w.hasGrant(loser), 'one grant', 'two');
        equal('svid', (await l.isTaken(file)).svid, winner.svid);
        await l.unlock(winner, file);
        await w.grant(loser);
      }),
    ),
    must(
      'cancelled',
      'whoever took the request back is not told; the next one is',
      { clause: 'XNFS NLM_CANCEL' },
      on(async (w, l) => {
        const file = await l.file();
        const [holder, cancelled, next] = [l.owner(), l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(cancelled, file);
        await l.wait(next, file);
        answers(await l.cancel(cancelled, file), 'GRANTED');
        await l.unlock(holder, file);
        await w.grant(next);
        check(!w.hasGrant(cancelled), 'no grant for the request that was taken back', 'NLM_GRANTED');
      }),
    ),
    must(
      'not-without-block',
      'whoever did not want to wait is not told',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, denied, waiter] = [l.owner(), l.owner(), l.owner()];
        await l.take(holder, file);
        answers(await l.lock(denied, file), 'DENIED');
        await l.wait(waiter, file);
        await l.unlock(holder, file);
        await w.grant(waiter);
        check(!w.hasGrant(denied), 'no grant for a request that did not wait', 'NLM_GRANTED');
      }),
    ),
    should(
      'refused',
      'a grant that the client refuses is free again',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        w.saysToGrant = 'DENIED';
        await l.take(holder, file);
        await l.wait(waiter, file);
        await l.unlock(holder, file);
        await w.grant(waiter);
        await l.becomes(file, 'GRANTED');
      }),
    ),
    should(
      'told-again',
      'a grant that the client does not answer comes again',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        w.saysToGrant = SILENCE;
        await l.take(holder, file);
        await l.wait(waiter, file);
        await l.unlock(holder, file);
        await w.grant(waiter);
        w.saysToGrant = 'GRANTED';
        await w.grant(waiter);
      }),
    ),
    must(
      'asked-again',
      'a client that asks again after the grant, which it may have missed: granted',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(waiter, file);
        await l.unlock(holder, file);
        await w.grant(waiter);
        answers(await l.lock(waiter, file, { block: true }), 'GRANTED');
        answers(await l.unlock(waiter, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'asked-twice',
      'a request that was sent twice while it waited is granted once: one UNLOCK releases it',
      on(async (w, l) => {
        const file = await l.file();
        const [holder, waiter] = [l.owner(), l.owner()];
        await l.take(holder, file);
        await l.wait(waiter, file);
        await l.wait(waiter, file);
        await l.unlock(holder, file);
        await w.grant(waiter);
        answers(await l.unlock(waiter, file), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'udp',
      'who asked by UDP is told too',
      { needs: ['udp'] },
      waiting(
        dialect,
        async (w, l) => {
          const file = await l.file();
          const [holder, waiter] = [l.owner(), l.owner()];
          await l.take(holder, file);
          await l.wait(waiter, file);
          await l.unlock(holder, file);
          equal('svid', (await w.grant(waiter)).alock.svid, waiter.svid);
        },
        { kind: 'udp' },
      ),
    ),
  ]);
}
