import { type Attributes, type Change, FileType } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeMaking, Caller } from '../filesystem.ts';
import { mustBeMakeable } from './make.ts';
import { May, type MemoryNode } from './node.ts';
import type { MemoryVolume } from './volume.ts';

/** LINK (RFC 1813 §3.3.15). */
export function link(
  volume: MemoryVolume,
  caller: Caller,
  node: MemoryNode,
  parent: MemoryNode,
  name: Buffer,
  before?: BeforeMaking,
): { file: Attributes; directory: Change } {
  if (node.type === FileType.DIR) throw new FsError('ISDIR', 'link');
  mustBeMakeable(volume, caller, parent, name, 'link', true);
  if (node.nlink >= volume.limits.maxLinks) throw new FsError('MLINK', 'link');
  parent.mustGrant(caller, May.WRITE, 'link');
  before?.(undefined);
  const change = volume.changing(parent, () => {
    volume.enlist(parent, name, node);
    node.nlink += 1;
    node.ctime = volume.now();
  });
  return { file: node.attributes(), directory: change };
}
