import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Change } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeRemoving, Caller } from '../filesystem.ts';
import { AT_REMOVEDIR } from './constants.ts';
import { isDot, isDotDot } from './directory.ts';
import type { LocalInode } from './inode.ts';
import { cString, unlinkat } from './libc.ts';
import { afterRemoval, changing, peek, settled } from './namespace.ts';
import type { Volume } from './volume.ts';

/** REMOVE (RFC 1813 §3.3.12): everything but a directory. */
export function remove(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  before?: BeforeRemoving,
): Awaitable<Change> {
  if (isDot(name) || isDotDot(name)) throw new FsError('ISDIR', 'remove');
  return unlink(volume, caller, directory, name, 'remove', 0, before);
}

/** RMDIR (RFC 1813 §3.3.13). */
export function rmdir(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  before?: BeforeRemoving,
): Awaitable<Change> {
  if (isDot(name)) throw new FsError('INVAL', 'rmdir');
  if (isDotDot(name)) throw new FsError('EXIST', 'rmdir');
  return unlink(volume, caller, directory, name, 'rmdir', AT_REMOVEDIR, before);
}

/**
 * The target is held open across the call: its storage is freed when it is closed, in the thread pool, and not by the
 * call, which for a large file would keep everybody waiting.
 */
function unlink(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  operation: string,
  flags: number,
  tell: BeforeRemoving | undefined,
): Awaitable<Change> {
  return then(peek(volume, caller, directory, name), (target) => {
    if (target === undefined) throw new FsError('NOENT', operation);
    tell?.(target.inode);
    const { before, after } = changing(volume, caller, directory, operation, () =>
      unlinkat(directory.fd, cString(name), flags),
    );
    afterRemoval(volume, directory, name, target.inode);
    return settled(volume, caller, [directory], { before, after });
  });
}
