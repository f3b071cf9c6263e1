import { FileType, type NewAttributes } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { Caller } from '../filesystem.ts';
import { May, type MemoryNode } from './node.ts';
import type { MemoryVolume } from './volume.ts';

/** SETATTR (RFC 1813 §3.3.2), also for what a procedure that makes a file is given. */
export function setAttributes(volume: MemoryVolume, caller: Caller, node: MemoryNode, changes: NewAttributes): void {
  const isOwner = caller.uid === 0 || caller.uid === node.uid;
  if (changes.size !== undefined) {
    node.mustBeRegular('truncate');
    node.mustBeWritable(caller);
    if (changes.size > volume.limits.maxFileSize) throw new FsError('FBIG', 'truncate');
    node.truncate(changes.size);
    volume.changedData(caller, node);
  }
  const { uid = node.uid, gid = node.gid } = changes;
  if (changes.uid !== undefined || changes.gid !== undefined) {
    const isMember = gid === node.gid || gid === caller.gid || caller.groups.includes(gid);
    if (caller.uid !== 0 && (!isOwner || uid !== node.uid || !isMember)) throw new FsError('PERM', 'chown');
    [node.uid, node.gid] = [uid, gid];
    if (node.type !== FileType.DIR) node.dropPrivilege();
  }
  if (changes.mode !== undefined && node.type !== FileType.LNK) {
    if (!isOwner) throw new FsError('PERM', 'chmod');
    node.mode = changes.mode & 0o7777;
  }
  setTimes(volume, caller, node, changes, isOwner);
  node.ctime = volume.now();
}

function setTimes(
  volume: MemoryVolume,
  caller: Caller,
  node: MemoryNode,
  { atime, mtime }: NewAttributes,
  isOwner: boolean,
): void {
  const given = [atime, mtime].filter((time) => time !== undefined);
  if (given.length === 0) return;
  if (!isOwner && given.some((time) => time !== 'now')) throw new FsError('PERM', 'utimes');
  if (!isOwner) node.mustGrant(caller, May.WRITE, 'utimes');
  if (atime !== undefined) node.atime = atime === 'now' ? volume.now() : atime;
  if (mtime !== undefined) node.mtime = mtime === 'now' ? volume.now() : mtime;
}
