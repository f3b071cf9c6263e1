import type { Logger } from '../common/log.ts';
import type { Exports, View } from '../exports/contract.ts';
import type { LockManager } from '../locks/manager.ts';
import { type Range, rangeOf } from '../locks/range.ts';
import { type Call, NO_REPLY } from '../rpc/index.ts';
import { Access, FileType, FsError, type Inode } from '../vfs/index.ts';
import type { Callbacks } from './callbacks.ts';
import { statusFor, statusOfError } from './status.ts';
import type { Turns } from './turns.ts';
import { type alock, LCK_DENIED_GRACE_PERIOD, type NlmTypes, type nlm4_stats } from './types.ts';

/** What the procedures share; one for each version. */
export interface LockService {
  readonly version: number;
  readonly types: NlmTypes;
  readonly exports: Exports;
  readonly manager: LockManager;
  readonly callbacks: Callbacks;
  /**
   * Whose lock on which file is being changed: an UNLOCK must not overtake the LOCK that its client has given up, which
   * may take longer, for nobody would release that one again.
   */
  readonly turns: Turns;
  readonly log: Logger;
}

/** No program of this host can lock what lies behind: it would be a lock that excludes the clients alone. */
const FIRST_BEYOND = 1n << 63n;

/** The parts of a lock that every procedure hands on. The bytes are copied: the call's buffer is used again. */
export function ownerOf(
  { caller_name, fh, oh, svid }: Pick<alock, 'caller_name' | 'fh' | 'oh' | 'svid'>,
  { peer }: Call,
) {
  return {
    name: caller_name.toString('latin1'),
    address: peer.address,
    localAddress: peer.localAddress,
    handle: Buffer.from(fh),
    oh: Buffer.from(oh),
    svid,
  };
}

/** The range of a lock; undefined if it cannot be locked here (NLM4_FBIG). */
export function rangeOfLock({ l_offset, l_len }: alock): Range | undefined {
  return l_offset >= FIRST_BEYOND ? undefined : rangeOf(l_offset, l_len);
}

/**
 * The file that is meant, if the caller may lock it: as knfsd, by the right to read, or for an exclusive lock to write, or
 * by owning it. Throws {@link FsError}.
 */
export async function fileToLock({ exports }: LockService, handle: Buffer, exclusive: boolean, call: Call) {
  const { view, inode } = await exports.file(handle, call);
  if (exclusive && view.readOnly) throw new FsError('ROFS', 'lock');
  await mustLock(view, inode, exclusive);
  return { fileSystem: view.fileSystem, inode };
}

/** The file that is meant, for what takes no right; undefined if it is gone. Throws {@link FsError}. */
export async function fileToRelease({ exports }: LockService, handle: Buffer, call: Call) {
  try {
    const { view, inode } = await exports.file(handle, call);
    return { fileSystem: view.fileSystem, inode };
  } catch (error) {
    if (error instanceof FsError && error.code === 'STALE') return undefined;
    throw error;
  }
}

async function mustLock(view: View, inode: Inode, exclusive: boolean): Promise<void> {
  if (inode.type !== FileType.REG) throw new FsError('INVAL', 'lock');
  const wanted = exclusive ? Access.MODIFY | Access.EXTEND : Access.READ;
  const { granted, attributes } = await view.access(inode, wanted);
  if (granted === 0 && attributes.uid !== view.caller.uid) throw new FsError('ACCES', 'lock');
}

/**
 * Runs a procedure and makes its failure a status. While storage is on its way here from another node, a client that can
 * be asked to come again is; a reclaim would be lost by that answer, so it gets none, and is sent again.
 */
export async function statusOf(
  { version, log }: LockService,
  call: Call,
  reclaim: boolean,
  run: () => Promise<nlm4_stats>,
): Promise<nlm4_stats | typeof NO_REPLY> {
  try {
    return statusFor(version, await run());
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
    if (error.code === 'JUKEBOX') return reclaim ? NO_REPLY : LCK_DENIED_GRACE_PERIOD;
    log.debug({ client: call.peer.address, reason: String(error) }, 'lock refused');
    return statusFor(version, statusOfError(error.code));
  }
}
