import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Attributes, Change } from '../attributes.ts';
import { FsError, type FsErrorCode } from '../error.ts';
import type { BeforeRenaming, Caller } from '../filesystem.ts';
import { isDot, isDotDot } from './directory.ts';
import { codeOf } from './errno.ts';
import { become } from './identity.ts';
import { forgetChild, type LocalInode, rememberChild } from './inode.ts';
import { cString, errno, renameat } from './libc.ts';
import { afterRemoval, peek, settled } from './namespace.ts';
import { statOf } from './stat.ts';
import { mustExist, type Seen, type Volume } from './volume.ts';

/** RENAME (RFC 1813 §3.3.14). Two names of the same file: nothing happens, and that is a success. */
export function rename(
  volume: Volume,
  caller: Caller,
  from: LocalInode,
  fromName: Buffer,
  to: LocalInode,
  toName: Buffer,
  before?: BeforeRenaming,
): Awaitable<{ from: Change; to: Change }> {
  for (const name of [fromName, toName]) if (isDot(name) || isDotDot(name)) throw new FsError('INVAL', 'rename');
  return then(peek(volume, caller, from, fromName), (source) => {
    if (source === undefined) throw new FsError('NOENT', 'rename');
    // Held: the second look may have to wait, and must not let go of the first.
    volume.cache.pin(source.inode, 1);
    const unpinned = <T>(value: T): T => {
      volume.cache.pin(source.inode, -1);
      return value;
    };
    try {
      const done = then(peek(volume, caller, to, toName), (target) => {
        if (target?.inode !== source.inode) before?.(source.inode, target?.inode);
        return move(volume, caller, from, fromName, source, to, toName, target);
      });
      if (!(done instanceof Promise)) return unpinned(done);
      return done.then(unpinned, (error) => {
        throw unpinned(error);
      });
    } catch (error) {
      throw unpinned(error);
    }
  });
}

function move(
  volume: Volume,
  caller: Caller,
  from: LocalInode,
  fromName: Buffer,
  source: Seen,
  to: LocalInode,
  toName: Buffer,
  target: Seen | undefined,
): Awaitable<{ from: Change; to: Change }> {
  const moved = source.inode;
  // Recorded before it is true: a place that is not right is found out, a place that is missing loses the file.
  volume.handles.seen([{ directory: to, name: toName, body: moved.body }]);
  const before = [statOf(from.fd), statOf(to.fd)] as const;
  volume.guard.check();
  become(caller);
  if (renameat(from.fd, cString(fromName, 0), to.fd, cString(toName, 1)) < 0) {
    const code = codeOf(errno());
    volume.handles.gone(to, toName, moved.body);
    refuse(code, from, to, moved, target?.inode);
  }
  from.changes += 1;
  to.changes += 1;
  const after = [statOf(from.fd), statOf(to.fd)] as const;
  if (target?.inode !== moved) {
    if (target !== undefined) afterRemoval(volume, to, toName, target.inode);
    forgetChild(from, fromName.toString('latin1'));
    volume.handles.gone(from, fromName, moved.body);
    rememberChild(to, toName.toString('latin1'), moved);
    moved.changes += 1;
  }
  const result = { from: changeOf(before[0], after[0]), to: changeOf(before[1], after[1]) };
  return settled(volume, caller, from === to ? [from] : [from, to], result);
}

function changeOf(before: Attributes, after: Attributes): Change {
  return { before, after };
}

function refuse(
  code: FsErrorCode,
  from: LocalInode,
  to: LocalInode,
  moved: LocalInode,
  target: LocalInode | undefined,
): never {
  if (code === 'NOENT') [from, to].forEach(mustExist);
  // "If they are not compatible ... the server should return the error, NFS3ERR_EXIST."
  if (target !== undefined && target.isDirectory !== moved.isDirectory && (code === 'ISDIR' || code === 'NOTDIR')) {
    throw new FsError('EXIST', 'rename');
  }
  throw new FsError(code === 'EXIST' ? 'NOTEMPTY' : code, 'rename');
}
