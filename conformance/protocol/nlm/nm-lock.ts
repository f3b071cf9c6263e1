import { type Case, cases, must, should } from '../case.ts';
import { equal } from '../expect.ts';
import { answers, bytes, type Dialect, Locks, locking, newCookie, type Share } from './locks.ts';

/** What clients without a status monitor use. */
export function unmonitoredCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (l: Locks) => Promise<void>) => locking(dialect, body);
  return [
    ...cases({ program, procedure: 'NM_LOCK', clause: 'XNFS NLM_NM_LOCK' }, [
      must(
        'exclusive',
        'granted, and neither NM_LOCK nor LOCK gives it to others',
        on(async (l) => {
          const file = await l.file();
          answers(await l.nmLock(l.owner(), file, bytes(0, 10)), 'GRANTED');
          answers(await l.nmLock(l.owner(), file, bytes(9, 11)), 'DENIED');
          answers(await l.lock(l.owner(), file, bytes(0, 1)), 'DENIED');
          answers(await l.nmLock(l.owner(), file, bytes(10, 20)), 'GRANTED');
        }),
      ),
      must(
        'one-owner',
        'the same owner by NM_LOCK and LOCK: one lock, which UNLOCK releases',
        on(async (l) => {
          const file = await l.file();
          const owner = l.owner();
          answers(await l.nmLock(owner, file), 'GRANTED');
          answers(await l.lock(owner, file), 'GRANTED');
          answers(await l.unlock(owner, file), 'GRANTED');
          await l.isFree(file);
        }),
      ),
      must(
        'cookie',
        'the cookie comes back',
        on(async (l) => {
          const cookie = newCookie(16);
          equal('cookie', (await l.nmLock(l.owner(), await l.file(), { cookie })).cookie, cookie);
        }),
      ),
    ]),
    ...cases({ program, procedure: 'FREE_ALL', clause: 'XNFS NLM_FREE_ALL' }, [
      must(
        'frees-locks',
        'the locks of a host are free, whoever took them there',
        { alone: true },
        on(async (l) => {
          const file = await l.file();
          answers(await l.nmLock(l.owner(), file, bytes(0, 10)), 'GRANTED');
          answers(await l.nmLock(l.owner(), file, bytes(20, 30)), 'GRANTED');
          await l.freeAll(l.name);
          await l.isFree(file);
        }),
      ),
      must(
        'frees-shares',
        'so are its shares',
        { alone: true },
        on(async (l) => {
          const file = await l.file();
          const denying: Share = { mode: 'fsm_DRW', access: 'fsa_RW' };
          answers(await l.share('SHARE', l.owner(), file, denying), 'GRANTED');
          await l.freeAll(l.name);
          answers(await l.share('SHARE', l.owner(), file, denying), 'GRANTED');
        }),
      ),
      must(
        'unknown-host',
        'a host without locks: nothing happens',
        { alone: true },
        on(async (l) => {
          await l.freeAll('nobody-of-this-name');
          await l.isFree(await l.file());
        }),
      ),
      should(
        'other-hosts',
        "another host's locks stay",
        { alone: true },
        on(async (l) => {
          const other = await Locks.open(l.t, dialect);
          const file = await l.file();
          await l.take(l.owner(), file);
          await other.freeAll(other.name);
          await l.isTaken(file);
        }),
      ),
    ]),
  ];
}
