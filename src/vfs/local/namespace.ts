import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Attributes } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { Caller } from '../filesystem.ts';
import { isDot, isDotDot } from './directory.ts';
import { codeOf } from './errno.ts';
import { become } from './identity.ts';
import { forgetChild, type LocalInode } from './inode.ts';
import { errno } from './libc.ts';
import { carryOver, May, mustBeGranted } from './permission.ts';
import { statOf } from './stat.ts';
import { mustExist, type Seen, type Volume } from './volume.ts';

/** A system call that changes one directory, with the directory's attributes on either side of it. */
export function changing(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  operation: string,
  call: () => number,
): { result: number; before: Attributes; after: Attributes } {
  const before = statOf(directory.fd);
  volume.guard.check();
  become(caller);
  const result = call();
  if (result < 0) {
    const code = codeOf(errno());
    if (code === 'NOENT') mustExist(directory);
    throw new FsError(code, operation);
  }
  directory.changes += 1;
  const after = statOf(directory.fd);
  carryOver(directory, before, after);
  return { result, before, after };
}

/** What a name is now. Checks that the caller may search: an error must not tell who may not look what is there. */
export function peek(volume: Volume, caller: Caller, directory: LocalInode, name: Buffer): Awaitable<Seen | undefined> {
  if (!directory.isDirectory) throw new FsError('NOTDIR', 'lookup');
  const now = statOf(directory.fd);
  mustBeGranted(caller, directory, now, May.EXECUTE, 'lookup');
  return volume.find(caller, directory, name, now);
}

/** A name to be made: `.` and `..` are always there. */
export function mustBeNew(name: Buffer, operation: string): void {
  if (isDot(name) || isDotDot(name)) throw new FsError('EXIST', operation);
}

/** Forgets a name that was removed, and the file if that was its last. */
export function afterRemoval(volume: Volume, directory: LocalInode, name: Buffer, target: LocalInode): void {
  forgetChild(directory, name.toString('latin1'));
  volume.handles.gone(directory, name, target.body);
  target.changes += 1;
  if (target.isDirectory || statOf(target.fd).nlink === 0) volume.cache.doom(target);
}

/** Ends a change: for a caller that asked for it, not before the files are on stable storage. */
export function settled<T>(volume: Volume, caller: Caller, files: readonly LocalInode[], result: T): Awaitable<T> {
  if (!caller.sync) return result;
  return then(volume.flusher.flushAll(files), () => result);
}
