import { type Case, cases, must } from '../case.ts';
import { equal, present } from '../expect.ts';
import { answers, bytes, type Dialect, type Locks, locking, newCookie } from './locks.ts';
import { type Waiting, waiting } from './waiting.ts';

/** The asynchronous set: a message has no result; what came of it is told by another message, which has the same cookie. */
export function messageCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (w: Waiting, l: Locks) => Promise<void>) => waiting(dialect, body);
  const about = (procedure: string) => ({ program, procedure, clause: `XNFS NLM_${procedure}` });
  return [
    ...cases(about('TEST_MSG'), [
      must(
        'free',
        'answered by NLM_TEST_RES: granted, with the cookie',
        on(async (w, l) => {
          const cookie = newCookie();
          l.send('TEST_MSG', l.testargs(l.owner(), await l.file(), { cookie }));
          answers(await w.response('TEST_RES', cookie), 'GRANTED');
        }),
      ),
      must(
        'holder',
        'answered by NLM_TEST_RES: denied, with the holder',
        on(async (w, l) => {
          const file = await l.file();
          const cookie = newCookie();
          const owner = l.owner();
          await l.take(owner, file, bytes(5, 9));
          l.send('TEST_MSG', l.testargs(l.owner(), file, { cookie }));
          const { holder } = answers(await w.response('TEST_RES', cookie), 'DENIED');
          const { exclusive, svid, l_offset, l_len } = present('a holder', holder);
          equal('holder', { exclusive, svid, l_offset, l_len }, { exclusive: true, svid: owner.svid, ...bytes(5, 9) });
        }),
      ),
    ]),
    ...cases(about('LOCK_MSG'), [
      must(
        'takes',
        'it takes the lock',
        locking(dialect, async (l) => {
          const file = await l.file();
          const owner = l.owner();
          l.send('LOCK_MSG', l.lockargs(owner, file, {}));
          await l.becomes(file, 'DENIED');
          equal('svid', (await l.isTaken(file)).svid, owner.svid);
        }),
      ),
      must(
        'granted',
        'answered by NLM_LOCK_RES: granted',
        on(async (w, l) => {
          const file = await l.file();
          const cookie = newCookie();
          l.send('LOCK_MSG', l.lockargs(l.owner(), file, { cookie }));
          answers(await w.response('LOCK_RES', cookie), 'GRANTED');
          await l.isTaken(file);
        }),
      ),
      must(
        'denied',
        'answered by NLM_LOCK_RES: denied',
        on(async (w, l) => {
          const file = await l.file();
          const cookie = newCookie();
          await l.take(l.owner(), file);
          l.send('LOCK_MSG', l.lockargs(l.owner(), file, { cookie }));
          answers(await w.response('LOCK_RES', cookie), 'DENIED');
        }),
      ),
      must(
        'blocked',
        'answered by NLM_LOCK_RES: blocked, and by NLM_GRANTED_MSG when the lock is free',
        on(async (w, l) => {
          const file = await l.file();
          const cookie = newCookie();
          const [holder, waiter] = [l.owner(), l.owner()];
          await l.take(holder, file);
          l.send('LOCK_MSG', l.lockargs(waiter, file, { cookie, block: true }));
          answers(await w.response('LOCK_RES', cookie), 'BLOCKED');
          await l.unlock(holder, file);
          equal('procedure', (await w.grant(waiter)).procedure, 'GRANTED_MSG');
          equal('svid', (await l.isTaken(file)).svid, waiter.svid);
        }),
      ),
      must(
        'cookie-longest',
        'a cookie of 1024 bytes comes back',
        on(async (w, l) => {
          const cookie = newCookie(1024);
          l.send('LOCK_MSG', l.lockargs(l.owner(), await l.file(), { cookie }));
          answers(await w.response('LOCK_RES', cookie), 'GRANTED');
        }),
      ),
      must(
        'udp',
        'by UDP: answered too',
        { needs: ['udp'] },
        waiting(
          dialect,
          async (w, l) => {
            const cookie = newCookie();
            l.send('LOCK_MSG', l.lockargs(l.owner(), await l.file(), { cookie }));
            answers(await w.response('LOCK_RES', cookie), 'GRANTED');
          },
          { kind: 'udp' },
        ),
      ),
    ]),
    ...cases(about('CANCEL_MSG'), [
      must(
        'waiting',
        'answered by NLM_CANCEL_RES: granted, and the request does not wait any more',
        on(async (w, l) => {
          const file = await l.file();
          const cookie = newCookie();
          const [holder, waiter] = [l.owner(), l.owner()];
          await l.take(holder, file);
          await l.wait(waiter, file);
          l.send('CANCEL_MSG', l.cancargs(waiter, file, { cookie }));
          answers(await w.response('CANCEL_RES', cookie), 'GRANTED');
          await l.unlock(holder, file);
          await l.isFree(file);
        }),
      ),
    ]),
    ...cases(about('UNLOCK_MSG'), [
      must(
        'releases',
        'it releases the lock',
        locking(dialect, async (l) => {
          const file = await l.file();
          const owner = l.owner();
          await l.take(owner, file);
          l.send('UNLOCK_MSG', l.unlockargs(owner, file, {}));
          await l.becomes(file, 'GRANTED');
        }),
      ),
      must(
        'granted',
        'answered by NLM_UNLOCK_RES: granted',
        on(async (w, l) => {
          const file = await l.file();
          const cookie = newCookie();
          const owner = l.owner();
          await l.take(owner, file);
          l.send('UNLOCK_MSG', l.unlockargs(owner, file, { cookie }));
          answers(await w.response('UNLOCK_RES', cookie), 'GRANTED');
          await l.isFree(file);
        }),
      ),
    ]),
    ...cases({ program, procedure: 'GRANTED_RES', clause: 'XNFS NLM_GRANTED_RES' }, [
      must(
        'refused',
        'a grant by message that the client refuses is free again',
        on(async (w, l) => {
          const file = await l.file();
          const cookie = newCookie();
          const [holder, waiter] = [l.owner(), l.owner()];
          w.saysToGrant = 'DENIED';
          await l.take(holder, file);
          l.send('LOCK_MSG', l.lockargs(waiter, file, { cookie, block: true }));
          answers(await w.response('LOCK_RES', cookie), 'BLOCKED');
          await l.unlock(holder, file);
          await w.grant(waiter);
          await l.becomes(file, 'GRANTED');
        }),
      ),
    ]),
    ...cases({ program, procedure: 'answers', clause: 'XNFS NLM_TEST_RES, NLM_LOCK_RES' }, [
      must(
        'unasked',
        'answers to messages that the server never sent change nothing',
        locking(dialect, async (l) => {
          const file = await l.file();
          const owner = l.owner();
          await l.take(owner, file);
          const stat = dialect.isWide ? 'NLM4_DENIED' : 'LCK_DENIED';
          for (const procedure of ['LOCK_RES', 'CANCEL_RES', 'UNLOCK_RES', 'GRANTED_RES'])
            l.send(procedure, { cookie: newCookie(), stat });
          const granted = dialect.isWide ? 'NLM4_GRANTED' : 'LCK_GRANTED';
          l.send('TEST_RES', { cookie: newCookie(), stat: { stat: granted } });
          equal('svid', (await l.isTaken(file)).svid, owner.svid);
        }),
      ),
    ]),
  ];
}
