import type { Acls } from '../acl.ts';
import { type Attributes, type Change, FileType, type NewAttributes, type Time } from '../attributes.ts';
import { FsError } from '../error.ts';
import {
  Access,
  type BeforeMaking,
  type BeforeRemoving,
  type BeforeRenaming,
  type BeforeSetting,
  type Caller,
  type Created,
  type CreateHow,
  type DirectoryEntry,
  type FileSystem,
  type FileSystemLimits,
  type Found,
  type HostLocks,
  type Inode,
  type Listing,
  type NodeKind,
  type ReadResult,
  type SpaceInfo,
  type Stability,
  type WriteResult,
} from '../filesystem.ts';
import type { VerifierSource } from '../ports.ts';
import { link } from './link.ts';
import { create, makeNew } from './make.ts';
import { May, type MemoryNode } from './node.ts';
import { remove, rmdir } from './remove.ts';
import { rename } from './rename.ts';
import { setAttributes } from './set-attributes.ts';
import { MemoryVolume } from './volume.ts';

export interface MemoryOptions {
  readonly verifier?: VerifierSource | undefined;
  /** The server's clock. */
  readonly now?: (() => Time) | undefined;
}

let opened = 0;
/** No program of the host has files of ours. */
const UNSEEN: HostLocks = { take: () => true, release: () => {}, test: () => undefined, close: () => {} };
const CAPACITY = 1n << 40n;

/** A file system in memory, for tests of what stands above: the same rules, every answer at once. */
export class MemoryFileSystem implements FileSystem {
  readonly #volume: MemoryVolume;
  readonly #verifier: VerifierSource;
  readonly #number = ++opened;

  constructor(options: MemoryOptions = {}) {
    this.#verifier = options.verifier ?? { current: Buffer.alloc(8), advance: () => {} };
    this.#volume = new MemoryVolume(options.now ?? systemTime);
  }

  get root(): MemoryNode {
    return this.#volume.root;
  }

  get limits(): FileSystemLimits {
    return this.#volume.limits;
  }

  get writeVerifier(): Buffer {
    return this.#verifier.current;
  }

  resolve(body: Buffer): MemoryNode {
    if (body.length !== 9) throw new FsError('BADHANDLE', 'resolve');
    const node = this.#volume.find(Number(body.readBigUInt64BE(1)));
    if (node === undefined || node.type !== body[0]) throw new FsError('STALE', 'resolve');
    return node;
  }

  attributes(inode: Inode): Attributes {
    return this.#volume.live(inode).attributes();
  }

  setAttributes(caller: Caller, inode: Inode, changes: NewAttributes, guard?: Time, tell?: BeforeSetting): Change {
    const node = this.#volume.live(inode);
    const before = node.attributes();
    if (guard && (guard.seconds !== before.ctimeSeconds || guard.nanoseconds !== before.ctimeNanoseconds)) {
      throw new FsError('NOT_SYNC', 'setattr');
    }
    if (Object.values(changes).some((value) => value !== undefined)) {
      tell?.(before);
      setAttributes(this.#volume, caller, node, changes);
    }
    return { before, after: node.attributes() };
  }

  lookup(caller: Caller, directory: Inode, name: Buffer): Found {
    const parent = this.#volume.live(directory);
    parent.mustBeDirectory('lookup');
    parent.mustGrant(caller, May.EXECUTE, 'lookup');
    const inode = this.#volume.named(parent, name);
    if (inode === undefined) throw new FsError('NOENT', 'lookup');
    return { inode, attributes: inode.attributes(), directory: parent.attributes() };
  }

  access(caller: Caller, inode: Inode, wanted: number): { granted: number; attributes: Attributes } {
    const node = this.#volume.live(inode);
    const may = (bits: number) => node.granted(caller, bits) === bits;
    let granted = may(May.READ) ? Access.READ : 0;
    if (node.type === FileType.DIR) {
      if (may(May.EXECUTE)) granted |= Access.LOOKUP;
      if (may(May.WRITE | May.EXECUTE)) granted |= Access.MODIFY | Access.EXTEND | Access.DELETE;
    } else {
      if (may(May.WRITE)) granted |= Access.MODIFY | Access.EXTEND;
      if (may(May.EXECUTE)) granted |= Access.EXECUTE;
    }
    return { granted: granted & wanted, attributes: node.attributes() };
  }

  readlink(_caller: Caller, inode: Inode): { target: Buffer; attributes: Attributes } {
    const node = this.#volume.live(inode);
    if (node.type !== FileType.LNK) throw new FsError('INVAL', 'readlink');
    return { target: Buffer.from(node.target), attributes: node.attributes() };
  }

  read(caller: Caller, inode: Inode, offset: number, count: number): ReadResult {
    const node = this.#volume.live(inode);
    node.mustBeRegular('read');
    if (node.uid !== caller.uid && node.granted(caller, May.EXECUTE) === 0) node.mustGrant(caller, May.READ, 'read');
    const data = node.read(offset, count);
    if (count > 0) node.atime = this.#volume.now();
    return { data, eof: offset + data.length >= node.size, attributes: node.attributes() };
  }

  write(caller: Caller, inode: Inode, offset: number, data: readonly Buffer[], stable: Stability): WriteResult {
    const node = this.#volume.live(inode);
    node.mustBeRegular('write');
    node.mustBeWritable(caller);
    const before = node.attributes();
    const bytes = Buffer.concat(data);
    if (offset + bytes.length > this.limits.maxFileSize) throw new FsError('FBIG', 'write');
    if (bytes.length > 0) {
      node.write(offset, bytes);
      this.#volume.changedData(caller, node);
    }
    return { count: bytes.length, committed: stable, file: { before, after: node.attributes() } };
  }

  commit(caller: Caller, inode: Inode): Change {
    const node = this.#volume.live(inode);
    node.mustBeRegular('commit');
    node.mustBeWritable(caller);
    return node.unchanged();
  }

  flush(): void {}

  create(caller: Caller, directory: Inode, name: Buffer, how: CreateHow, before?: BeforeMaking): Created {
    return create(this.#volume, caller, this.#volume.live(directory), name, how, before);
  }

  mkdir(caller: Caller, directory: Inode, name: Buffer, attributes: NewAttributes, before?: BeforeMaking): Created {
    const plan = { type: FileType.DIR, attributes, operation: 'mkdir' };
    return makeNew(this.#volume, caller, this.#volume.live(directory), name, plan, before);
  }

  symlink(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    target: Buffer,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Created {
    if (target.length === 0 || target.includes(0)) throw new FsError('INVAL', 'symlink');
    if (target.length > 4095) throw new FsError('NAMETOOLONG', 'symlink');
    const plan = { type: FileType.LNK, attributes: { ...attributes, mode: 0o777 }, operation: 'symlink' };
    const created = makeNew(this.#volume, caller, this.#volume.live(directory), name, plan, before);
    created.inode.target = Buffer.from(target);
    return { ...created, attributes: created.inode.attributes() };
  }

  mknod(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    kind: NodeKind,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Created {
    const isDevice = 'major' in kind;
    if (isDevice && caller.uid !== 0) throw new FsError('PERM', 'mknod');
    const plan = { type: kind.type, attributes, operation: 'mknod' };
    const created = makeNew(this.#volume, caller, this.#volume.live(directory), name, plan, before);
    if (isDevice) [created.inode.rdevMajor, created.inode.rdevMinor] = [kind.major, kind.minor];
    return { ...created, attributes: created.inode.attributes() };
  }

  remove(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Change {
    return remove(this.#volume, caller, this.#volume.live(directory), name, before);
  }

  rmdir(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Change {
    return rmdir(this.#volume, caller, this.#volume.live(directory), name, before);
  }

  rename(
    caller: Caller,
    from: Inode,
    fromName: Buffer,
    to: Inode,
    toName: Buffer,
    tell?: BeforeRenaming,
  ): { from: Change; to: Change } {
    const [source, target] = [this.#volume.live(from), this.#volume.live(to)];
    return rename(this.#volume, caller, source, fromName, target, toName, tell);
  }

  link(
    caller: Caller,
    inode: Inode,
    directory: Inode,
    name: Buffer,
    before?: BeforeMaking,
  ): { file: Attributes; directory: Change } {
    return link(this.#volume, caller, this.#volume.live(inode), this.#volume.live(directory), name, before);
  }

  readdir(caller: Caller, directory: Inode, cookie: bigint, plus: boolean, fits: (name: Buffer) => boolean): Listing {
    const parent = this.#volume.live(directory);
    parent.mustBeDirectory('readdir');
    parent.mustGrant(caller, May.READ, 'readdir');
    const entries: DirectoryEntry[] = [];
    const all = [
      { name: Buffer.from('.'), node: parent, cookie: 1n },
      { name: Buffer.from('..'), node: parent.parent ?? parent, cookie: 2n },
      ...parent.entries.values(),
    ];
    for (const entry of all) {
      if (entry.cookie <= cookie) continue;
      if (!fits(entry.name)) return { entries, eof: false, directory: parent.attributes() };
      const plain = { name: Buffer.from(entry.name), fileid: BigInt(entry.node.id), cookie: entry.cookie };
      const isTold = plus && parent.granted(caller, May.EXECUTE) !== 0;
      entries.push(isTold ? { ...plain, inode: entry.node, attributes: entry.node.attributes() } : plain);
    }
    return { entries, eof: true, directory: parent.attributes() };
  }

  /** No ACLs are kept. */
  acls(inode: Inode): { acls: Acls; attributes: Attributes } {
    return { acls: { access: undefined, default: undefined }, attributes: this.#volume.live(inode).attributes() };
  }

  setAcls(): Change {
    throw new FsError('NOTSUPP', 'setacl');
  }

  /** Nothing is counted. */
  quota(): undefined {}

  setQuota(): boolean {
    return false;
  }

  lockKey(inode: Inode): string {
    return `memory${this.#number}:${this.#volume.live(inode).id}`;
  }

  openLocks(inode: Inode): HostLocks {
    this.#volume.live(inode).mustBeRegular('lock');
    return UNSEEN;
  }

  space(): SpaceInfo {
    return {
      totalBytes: CAPACITY,
      freeBytes: CAPACITY,
      availableBytes: CAPACITY,
      totalFiles: 1n << 32n,
      freeFiles: (1n << 32n) - BigInt(this.#volume.files),
      availableFiles: (1n << 32n) - BigInt(this.#volume.files),
    };
  }

  async close(): Promise<void> {
    this.#volume.clear();
  }
}

function systemTime(): Time {
  const microseconds = (performance.timeOrigin + performance.now()) * 1000;
  const seconds = Math.floor(microseconds / 1_000_000);
  return { seconds, nanoseconds: Math.floor(microseconds - seconds * 1_000_000) * 1000 };
}
