import { type Change, FileType } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeRenaming, Caller } from '../filesystem.ts';
import { May, type MemoryNode } from './node.ts';
import { mayUnstick, removable } from './remove.ts';
import { isDots, type MemoryVolume, mustBeName } from './volume.ts';

/** RENAME (RFC 1813 §3.3.14). */
export function rename(
  volume: MemoryVolume,
  caller: Caller,
  source: MemoryNode,
  fromName: Buffer,
  target: MemoryNode,
  toName: Buffer,
  tell?: BeforeRenaming,
): { from: Change; to: Change } {
  if (isDots(fromName) || isDots(toName)) throw new FsError('INVAL', 'rename');
  const node = removable(volume, caller, source, fromName, 'rename');
  target.mustBeDirectory('rename');
  target.mustGrant(caller, May.WRITE | May.EXECUTE, 'rename');
  mustBeName(toName, 'rename');
  const replaced = volume.named(target, toName);
  if (replaced === node) return { from: source.unchanged(), to: target.unchanged() };
  for (let at: MemoryNode | undefined = target; at !== undefined && at !== volume.root; at = at.parent) {
    if (at === node) throw new FsError('INVAL', 'rename');
  }
  if (replaced !== undefined) {
    if ((replaced.type === FileType.DIR) !== (node.type === FileType.DIR)) throw new FsError('EXIST', 'rename');
    if (replaced.entries.size > 0) throw new FsError('NOTEMPTY', 'rename');
    mayUnstick(caller, target, replaced, 'rename');
  }
  tell?.(node, replaced);
  const before = [source.attributes(), target.attributes()] as const;
  if (replaced !== undefined) volume.drop(target, toName);
  volume.unlist(source, fromName, node);
  volume.enlist(target, toName, node);
  node.ctime = volume.now();
  volume.changedEntries(source);
  volume.changedEntries(target);
  return {
    from: { before: before[0], after: source.attributes() },
    to: { before: before[1], after: target.attributes() },
  };
}
