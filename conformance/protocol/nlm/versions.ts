import { cases, must } from '../case.ts';
import { equal } from '../expect.ts';
import { answers, bytes, Locks, locking, SHARED, V1, V3, V4 } from './locks.ts';

/** The versions of the protocol are about one set of locks. */
export const VERSIONS = [V1, V3].flatMap((older) =>
  cases({ program: older.program, procedure: 'versions', clause: 'RFC 1813 §6.3.2, XNFS NLM_LOCK' }, [
    must(
      'shuts-out-version-4',
      'its locks are in the way of version 4',
      locking(older, async (l) => {
        const newer = await Locks.open(l.t, V4);
        const file = await newer.file();
        await l.take(l.owner(), await l.narrowHandle('file'), bytes(10, 20));
        answers(await newer.lock(newer.owner(), file, bytes(0, 11)), 'DENIED');
        const { l_offset, l_len } = await newer.isTaken(file, SHARED);
        equal('holder', { l_offset, l_len }, bytes(10, 20));
      }),
    ),
    must(
      'shut-out-by-version-4',
      'locks of version 4 are in its way, and told as far as 32 bits can tell them',
      locking(older, async (l) => {
        const newer = await Locks.open(l.t, V4);
        try {
          const file = await newer.file();
          const narrow = await l.narrowHandle('file');
          await newer.take(newer.owner(), file, bytes(100n, 1n << 40n));
          answers(await l.lock(l.owner(), narrow), 'DENIED');
          equal('l_offset', (await l.isTaken(narrow)).l_offset, 100n);
          await l.isFree(narrow, bytes(0, 100));
        } finally {
          await newer.release();
        }
      }),
    ),
  ]),
);
