import type { Awaitable } from '../common/awaitable.ts';
import type { Logger } from '../common/log.ts';
import type { Exports, File } from '../exports/contract.ts';
import { type Call, RpcRefusal, SYSTEM_ERR } from '../rpc/index.ts';
import type { MountTable } from '../state/index.ts';
import { FsError, type FsErrorCode } from '../vfs/index.ts';
import { padding } from '../xdr/index.ts';
import { STATUS_OF } from './status.ts';
import type { MountFailure } from './types.ts';

/** What the procedures share. */
export interface MountService {
  readonly exports: Exports;
  readonly mounts: MountTable;
  readonly log: Logger;
}

/** A list longer than this is not sent in a datagram; it is what other servers' UDP replies hold, too. */
const MAX_UDP_LIST = 8800;

/** For the log, in the administrator's words. */
const REASONS: Partial<Record<FsErrorCode, string>> = {
  NOENT: 'no such directory, or none that is exported',
  NOTDIR: 'not a directory',
  NAMETOOLONG: 'a name in the path is too long',
};

/**
 * Finds the directory that a client wants to mount; `answer` makes the reply of it. A mount that
 * succeeds is entered in the table; every mount, and every refusal, is a line in the log.
 */
export async function mount<Res>(
  { exports, mounts, log }: MountService,
  path: Buffer,
  call: Call,
  answer: { ok(directory: File): Awaitable<Res>; failed(status: MountFailure): Res },
): Promise<Res> {
  const about = { client: call.peer.address, path: path.toString(), mountVersion: call.version };
  try {
    const reply = await answer.ok(await exports.mount(path, call));
    mounts.add(call.peer.address, path);
    log.info(about, 'mounted');
    return reply;
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
    log.warn({ ...about, reason: REASONS[error.code] ?? String(error) }, 'mount refused');
    return answer.failed(STATUS_OF[error.code]);
  }
}

/** Items with the bytes each takes besides its strings, for {@link refuseLongList}. */
export function bytesOnWire(overhead: number, strings: readonly Uint8Array[]): number {
  return strings.reduce((sum, { length }) => sum + 4 + length + padding(length), overhead);
}

/**
 * A long list is not cut, and is not sent in a datagram: anybody could have it sent to a victim, many times the size
 * of the call. SYSTEM_ERR is what libtirpc's servers answer here; clients then ask over TCP.
 */
export function refuseLongList({ peer }: Call, bytes: number): void {
  if (peer.transport === 'udp' && bytes > MAX_UDP_LIST) throw RpcRefusal.accept(SYSTEM_ERR);
}
