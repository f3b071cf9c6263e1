import { cases, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { NotApplicable } from '../expect.ts';
import { sattr } from '../housekeeping.ts';
import { answers, bytes, locking, SHARED, V4 } from './locks.ts';

/** Locks over a restart of the server: still there, or reclaimed in its grace period. */
export const RESTARTS = cases({ program: V4.program, procedure: 'restart', clause: 'XNFS NLM_LOCK' }, [
  must(
    'reclaim',
    'after a restart, a client reclaims what it held',
    { needs: ['restart'], alone: true },
    locking(V4, async (l) => {
      const file = await l.file();
      const owner = l.owner();
      await l.take(owner, file, bytes(0, 10));
      await l.t.restart();
      await l.reconnect();
      answers(await l.lock(owner, file, { ...bytes(0, 10), reclaim: true }), 'GRANTED');
      answers(await l.lockAfterGrace(l.owner(), file), 'DENIED');
      answers(await l.unlock(owner, file), 'GRANTED');
    }),
  ),
  must(
    'nobody-slips-in',
    'after a restart, nobody gets what another client holds, before that one could reclaim it',
    { needs: ['restart'], alone: true },
    locking(V4, async (l) => {
      const file = await l.file();
      const owner = l.owner();
      await l.take(owner, file);
      await l.t.restart();
      await l.reconnect();
      answers(await l.lock(l.owner(), file), 'DENIED', 'DENIED_GRACE_PERIOD');
      answers(await l.lock(owner, file, { reclaim: true }), 'GRANTED');
    }),
  ),
  should(
    'unlocked-stays-free',
    'after a restart, what was released before it is free',
    { needs: ['restart'], alone: true },
    locking(V4, async (l) => {
      const file = await l.file();
      const owner = l.owner();
      await l.take(owner, file);
      await l.unlock(owner, file);
      await l.t.restart();
      await l.reconnect();
      answers(await l.lockAfterGrace(l.owner(), file), 'GRANTED');
    }),
  ),
]);

const COUNT = 32_768;

/** A file of an export that cannot be written to. */
async function readOnlyFile(t: Context): Promise<Buffer> {
  const roots = t.target.options.secondPath === undefined ? [t.root] : [t.root, await t.secondRoot()];
  for (const dir of roots) {
    const name = `conformance-${process.pid}`;
    const made = await t.nfs.MKDIR({ where: { dir, name }, attributes: sattr() });
    if (made.status === 'NFS3_OK') await t.nfs.RMDIR({ object: { dir, name } });
    if (made.status !== 'NFS3ERR_ROFS') continue;
    const listing = await t.nfs.READDIRPLUS({
      dir,
      cookie: 0n,
      cookieverf: Buffer.alloc(8),
      dircount: COUNT,
      maxcount: COUNT,
    });
    if (listing.status !== 'NFS3_OK') continue;
    const file = listing.reply.entries.find(({ name_attributes }) => name_attributes?.type === 'NF3REG');
    if (file?.name_handle !== undefined) return file.name_handle;
  }
  throw new NotApplicable('no read-only export was named that has a regular file at its root');
}

/** RFC 1813 leaves it to the server whether an exclusive lock needs the right to write. */
export const READ_ONLY = cases({ program: V4.program, procedure: 'read-only', clause: 'RFC 1813 §6.1.4' }, [
  must(
    'exclusive',
    'an exclusive lock on a read-only export: NLM4_ROFS, or granted',
    locking(V4, async (l) => {
      answers(await l.lock(l.owner(), await readOnlyFile(l.t)), 'ROFS', 'GRANTED');
    }),
  ),
  must(
    'shared',
    'a shared lock on a read-only export: granted',
    locking(V4, async (l) => {
      await l.take(l.owner(), await readOnlyFile(l.t), SHARED);
    }),
  ),
]);
