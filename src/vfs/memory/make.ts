import { FileType, type NewAttributes, type Time } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeMaking, Caller, Created, CreateHow } from '../filesystem.ts';
import { May, type MemoryNode } from './node.ts';
import { setAttributes } from './set-attributes.ts';
import { isDots, type MemoryVolume } from './volume.ts';

export type Made = Created & { readonly inode: MemoryNode };

/** What is to be made. */
export interface Plan {
  readonly type: FileType;
  readonly attributes: NewAttributes;
  /** For what fails. */
  readonly operation: string;
}

/** CREATE (RFC 1813 §3.3.8). */
export function create(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  name: Buffer,
  how: CreateHow,
  before?: BeforeMaking,
): Created {
  mustBeMakeable(volume, caller, parent, name, 'create', how.mode === 'guarded');
  const existing = volume.named(parent, name);
  if (existing !== undefined) return reopen(volume, caller, parent, existing, how, before);
  before?.(undefined);
  const plan = { type: FileType.REG, operation: 'create' };
  if (how.mode !== 'exclusive') return make(volume, caller, parent, name, { ...plan, attributes: how.attributes });
  const created = make(volume, caller, parent, name, { ...plan, attributes: {} });
  [created.inode.atime, created.inode.mtime] = timesOf(how.verifier);
  return { ...created, attributes: created.inode.attributes() };
}

function reopen(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  node: MemoryNode,
  how: CreateHow,
  before?: BeforeMaking,
): Created {
  const isOurs =
    how.mode === 'exclusive' &&
    node.size === 0 &&
    timesOf(how.verifier).every((time, at) => time.seconds === [node.atime, node.mtime][at]!.seconds);
  if (!isOurs && (how.mode !== 'unchecked' || node.type !== FileType.REG)) throw new FsError('EXIST', 'create');
  if (how.mode === 'unchecked' && how.attributes.size !== undefined) {
    before?.(node.attributes());
    setAttributes(volume, caller, node, { size: how.attributes.size });
  }
  return { inode: node, attributes: node.attributes(), directory: parent.unchanged() };
}

/** Makes a file under a name that there must not be yet. */
export function makeNew(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  name: Buffer,
  plan: Plan,
  before?: BeforeMaking,
): Made {
  mustBeMakeable(volume, caller, parent, name, plan.operation, true);
  before?.(undefined);
  return make(volume, caller, parent, name, plan);
}

function make(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  name: Buffer,
  { type, attributes, operation }: Plan,
): Made {
  parent.mustGrant(caller, May.WRITE, operation);
  const inherits = (parent.mode & 0o2000) !== 0;
  const owner = { uid: caller.uid, gid: inherits ? parent.gid : caller.gid };
  const mode = (attributes.mode ?? 0) | (inherits && type === FileType.DIR ? 0o2000 : 0);
  const inode = volume.newNode(type, mode, owner);
  const directory = volume.changing(parent, () => volume.enlist(parent, name, inode));
  const { size, atime, mtime } = attributes;
  const isRoot = caller.uid === 0;
  setAttributes(volume, caller, inode, {
    size: type === FileType.REG ? size : undefined,
    uid: isRoot ? attributes.uid : undefined,
    gid: isRoot ? attributes.gid : undefined,
    atime,
    mtime,
  });
  return { inode, attributes: inode.attributes(), directory };
}

/** Throws unless a directory may take this name; with `isNew`, also if it has it already. */
export function mustBeMakeable(
  volume: MemoryVolume,
  caller: Caller,
  parent: MemoryNode,
  name: Buffer,
  operation: string,
  isNew: boolean,
): void {
  parent.mustBeDirectory(operation);
  parent.mustGrant(caller, May.EXECUTE, operation);
  if (isDots(name)) throw new FsError('EXIST', operation);
  if (isNew && volume.named(parent, name) !== undefined) throw new FsError('EXIST', operation);
}

/** An exclusive CREATE's verifier is kept in the times. */
function timesOf(verifier: Buffer): [Time, Time] {
  return [
    { seconds: verifier.readUInt32BE(0) & 0x7fff_ffff, nanoseconds: 0 },
    { seconds: verifier.readUInt32BE(4) & 0x7fff_ffff, nanoseconds: 0 },
  ];
}
