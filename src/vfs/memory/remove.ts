import { type Change, FileType } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeRemoving, Caller } from '../filesystem.ts';
import { May, type MemoryNode } from './node.ts';
import { isDots, type MemoryVolume } from './volume.ts';

/** REMOVE (RFC 1813 §3.3.12). */
export function remove(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  name: Buffer,
  before?: BeforeRemoving,
): Change {
  if (isDots(name)) throw new FsError('ISDIR', 'remove');
  const node = removable(volume, caller, parent, name, 'remove');
  if (node.type === FileType.DIR) throw new FsError('ISDIR', 'remove');
  before?.(node);
  return volume.changing(parent, () => volume.drop(parent, name));
}

/** RMDIR (RFC 1813 §3.3.13). */
export function rmdir(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  name: Buffer,
  before?: BeforeRemoving,
): Change {
  if (isDots(name)) throw new FsError(name.length === 1 ? 'INVAL' : 'EXIST', 'rmdir');
  const node = removable(volume, caller, parent, name, 'rmdir');
  node.mustBeDirectory('rmdir');
  if (node.entries.size > 0) throw new FsError('NOTEMPTY', 'rmdir');
  before?.(node);
  return volume.changing(parent, () => volume.drop(parent, name));
}

/** The file of a name that the caller may take away. */
export function removable(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  name: Buffer,
  operation: string,
): MemoryNode {
  parent.mustBeDirectory(operation);
  parent.mustGrant(caller, May.EXECUTE, operation);
  const node = volume.named(parent, name);
  if (node === undefined) throw new FsError('NOENT', operation);
  parent.mustGrant(caller, May.WRITE, operation);
  mayUnstick(caller, parent, node, operation);
  return node;
}

/** In a sticky directory, only the owner of the file or the directory may take a name away. */
export function mayUnstick(caller: Caller, directory: MemoryNode, node: MemoryNode, operation: string): void {
  if ((directory.mode & 0o1000) === 0 || [0, node.uid, directory.uid].includes(caller.uid)) return;
  throw new FsError('PERM', operation);
}
