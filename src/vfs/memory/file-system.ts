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
  MAX_OFFSET,
  type NodeKind,
  type ReadResult,
  type SpaceInfo,
  type Stability,
  type WriteResult,
} from '../filesystem.ts';
import type { VerifierSource } from '../ports.ts';
import { May, MemoryNode } from './node.ts';

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
  readonly root: MemoryNode;
  readonly limits: FileSystemLimits = {
    maxFileSize: MAX_OFFSET,
    maxNameBytes: 255,
    maxLinks: 32_000,
    timeDelta: { seconds: 0, nanoseconds: 1 },
    caseInsensitive: false,
    casePreserving: true,
    hashedCookies: false,
  };
  readonly #verifier: VerifierSource;
  readonly #now: () => Time;
  readonly #nodes = new Map<number, MemoryNode>();
  readonly #number = ++opened;
  #lastId = 1;
  /** `.` and `..` have the first two. */
  #lastCookie = 2n;

  constructor(options: MemoryOptions = {}) {
    this.#verifier = options.verifier ?? { current: Buffer.alloc(8), advance: () => {} };
    this.#now = options.now ?? systemTime;
    this.root = new MemoryNode(1, FileType.DIR, 0o755, { uid: 0, gid: 0 }, this.#now());
    this.root.parent = this.root;
    this.#nodes.set(1, this.root);
  }

  get writeVerifier(): Buffer {
    return this.#verifier.current;
  }

  resolve(body: Buffer): MemoryNode {
    if (body.length !== 9) throw new FsError('BADHANDLE', 'resolve');
    const node = this.#nodes.get(Number(body.readBigUInt64BE(1)));
    if (node === undefined || node.type !== body[0]) throw new FsError('STALE', 'resolve');
    return node;
  }

  attributes(inode: Inode): Attributes {
    return this.#live(inode).attributes();
  }

  setAttributes(caller: Caller, inode: Inode, changes: NewAttributes, guard?: Time, tell?: BeforeSetting): Change {
    const node = this.#live(inode);
    const before = node.attributes();
    if (guard && (guard.seconds !== before.ctimeSeconds || guard.nanoseconds !== before.ctimeNanoseconds)) {
      throw new FsError('NOT_SYNC', 'setattr');
    }
    if (Object.values(changes).some((value) => value !== undefined)) {
      tell?.(before);
      this.#apply(caller, node, changes);
    }
    return { before, after: node.attributes() };
  }

  lookup(caller: Caller, directory: Inode, name: Buffer): Found {
    const parent = this.#live(directory);
    parent.mustBeDirectory('lookup');
    parent.mustGrant(caller, May.EXECUTE, 'lookup');
    const inode = this.#named(parent, name);
    if (inode === undefined) throw new FsError('NOENT', 'lookup');
    return { inode, attributes: inode.attributes(), directory: parent.attributes() };
  }

  access(caller: Caller, inode: Inode, wanted: number): { granted: number; attributes: Attributes } {
    const node = this.#live(inode);
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
    const node = this.#live(inode);
    if (node.type !== FileType.LNK) throw new FsError('INVAL', 'readlink');
    return { target: Buffer.from(node.target), attributes: node.attributes() };
  }

  read(caller: Caller, inode: Inode, offset: number, count: number): ReadResult {
    const node = this.#live(inode);
    node.mustBeRegular('read');
    if (node.uid !== caller.uid && node.granted(caller, May.EXECUTE) === 0) node.mustGrant(caller, May.READ, 'read');
    const data = node.read(offset, count);
    if (count > 0) node.atime = this.#now();
    return { data, eof: offset + data.length >= node.size, attributes: node.attributes() };
  }

  write(caller: Caller, inode: Inode, offset: number, data: readonly Buffer[], stable: Stability): WriteResult {
    const node = this.#live(inode);
    node.mustBeRegular('write');
    this.#mustWrite(caller, node);
    const before = node.attributes();
    const bytes = Buffer.concat(data);
    if (offset + bytes.length > this.limits.maxFileSize) throw new FsError('FBIG', 'write');
    if (bytes.length > 0) {
      node.write(offset, bytes);
      this.#changedData(caller, node);
    }
    return { count: bytes.length, committed: stable, file: { before, after: node.attributes() } };
  }

  commit(caller: Caller, inode: Inode): Change {
    const node = this.#live(inode);
    node.mustBeRegular('commit');
    this.#mustWrite(caller, node);
    return { before: node.attributes(), after: node.attributes() };
  }

  flush(): void {}

  create(caller: Caller, directory: Inode, name: Buffer, how: CreateHow, before?: BeforeMaking): Created {
    const parent = this.#live(directory);
    this.#mustBeMakeable(caller, parent, name, 'create', how.mode === 'guarded');
    const existing = this.#named(parent, name);
    if (existing !== undefined) return this.#reopen(caller, parent, existing, how, before);
    before?.(undefined);
    if (how.mode !== 'exclusive') return this.#make(caller, parent, name, FileType.REG, how.attributes, 'create');
    const created = this.#make(caller, parent, name, FileType.REG, {}, 'create');
    [created.inode.atime, created.inode.mtime] = timesOf(how.verifier);
    return { ...created, attributes: created.inode.attributes() };
  }

  mkdir(caller: Caller, directory: Inode, name: Buffer, attributes: NewAttributes, before?: BeforeMaking): Created {
    return this.#makeNew(caller, directory, name, FileType.DIR, attributes, 'mkdir', before);
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
    const created = this.#makeNew(
      caller,
      directory,
      name,
      FileType.LNK,
      { ...attributes, mode: 0o777 },
      'symlink',
      before,
    );
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
    const created = this.#makeNew(caller, directory, name, kind.type, attributes, 'mknod', before);
    if (isDevice) [created.inode.rdevMajor, created.inode.rdevMinor] = [kind.major, kind.minor];
    return { ...created, attributes: created.inode.attributes() };
  }

  remove(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Change {
    const parent = this.#live(directory);
    if (isDots(name)) throw new FsError('ISDIR', 'remove');
    const node = this.#removable(caller, parent, name, 'remove');
    if (node.type === FileType.DIR) throw new FsError('ISDIR', 'remove');
    before?.(node);
    return this.#changing(parent, () => this.#drop(parent, name));
  }

  rmdir(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Change {
    const parent = this.#live(directory);
    if (isDots(name)) throw new FsError(name.length === 1 ? 'INVAL' : 'EXIST', 'rmdir');
    const node = this.#removable(caller, parent, name, 'rmdir');
    node.mustBeDirectory('rmdir');
    if (node.entries.size > 0) throw new FsError('NOTEMPTY', 'rmdir');
    before?.(node);
    return this.#changing(parent, () => this.#drop(parent, name));
  }

  rename(
    caller: Caller,
    from: Inode,
    fromName: Buffer,
    to: Inode,
    toName: Buffer,
    tell?: BeforeRenaming,
  ): { from: Change; to: Change } {
    const [source, target] = [this.#live(from), this.#live(to)];
    if (isDots(fromName) || isDots(toName)) throw new FsError('INVAL', 'rename');
    const node = this.#removable(caller, source, fromName, 'rename');
    target.mustBeDirectory('rename');
    target.mustGrant(caller, May.WRITE | May.EXECUTE, 'rename');
    mustBeName(toName, 'rename');
    const replaced = this.#named(target, toName);
    if (replaced === node) return { from: unchanged(source), to: unchanged(target) };
    for (let at: MemoryNode | undefined = target; at !== undefined && at !== this.root; at = at.parent) {
      if (at === node) throw new FsError('INVAL', 'rename');
    }
    if (replaced !== undefined) {
      if ((replaced.type === FileType.DIR) !== (node.type === FileType.DIR)) throw new FsError('EXIST', 'rename');
      if (replaced.entries.size > 0) throw new FsError('NOTEMPTY', 'rename');
      mayUnstick(caller, target, replaced, 'rename');
    }
    tell?.(node, replaced);
    const before = [source.attributes(), target.attributes()] as const;
    if (replaced !== undefined) this.#drop(target, toName);
    this.#unlist(source, fromName, node);
    this.#enlist(target, toName, node);
    node.ctime = this.#now();
    this.#changedEntries(source);
    this.#changedEntries(target);
    return {
      from: { before: before[0], after: source.attributes() },
      to: { before: before[1], after: target.attributes() },
    };
  }

  link(
    caller: Caller,
    inode: Inode,
    directory: Inode,
    name: Buffer,
    before?: BeforeMaking,
  ): { file: Attributes; directory: Change } {
    const [node, parent] = [this.#live(inode), this.#live(directory)];
    if (node.type === FileType.DIR) throw new FsError('ISDIR', 'link');
    this.#mustBeMakeable(caller, parent, name, 'link', true);
    if (node.nlink >= this.limits.maxLinks) throw new FsError('MLINK', 'link');
    parent.mustGrant(caller, May.WRITE, 'link');
    before?.(undefined);
    const change = this.#changing(parent, () => {
      this.#enlist(parent, name, node);
      node.nlink += 1;
      node.ctime = this.#now();
    });
    return { file: node.attributes(), directory: change };
  }

  readdir(caller: Caller, directory: Inode, cookie: bigint, plus: boolean, fits: (name: Buffer) => boolean): Listing {
    const parent = this.#live(directory);
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
    return { acls: { access: undefined, default: undefined }, attributes: this.#live(inode).attributes() };
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
    return `memory${this.#number}:${this.#live(inode).id}`;
  }

  openLocks(inode: Inode): HostLocks {
    this.#live(inode).mustBeRegular('lock');
    return UNSEEN;
  }

  space(): SpaceInfo {
    return {
      totalBytes: CAPACITY,
      freeBytes: CAPACITY,
      availableBytes: CAPACITY,
      totalFiles: 1n << 32n,
      freeFiles: (1n << 32n) - BigInt(this.#nodes.size),
      availableFiles: (1n << 32n) - BigInt(this.#nodes.size),
    };
  }

  async close(): Promise<void> {
    this.#nodes.clear();
  }

  #live(inode: Inode): MemoryNode {
    if (!(inode instanceof MemoryNode)) throw new FsError('BADHANDLE', 'inode');
    if (this.#nodes.get(inode.id) !== inode) throw new FsError('STALE', 'inode');
    return inode;
  }

  #named(directory: MemoryNode, name: Buffer): MemoryNode | undefined {
    if (isDots(name)) return name.length === 1 ? directory : directory.parent;
    mustBeName(name, 'lookup');
    return directory.entries.get(name.toString('latin1'))?.node;
  }

  #mustWrite(caller: Caller, node: MemoryNode): void {
    if (node.uid !== caller.uid) node.mustGrant(caller, May.WRITE, 'write');
  }

  #mustBeMakeable(caller: Caller, parent: MemoryNode, name: Buffer, operation: string, isNew: boolean): void {
    parent.mustBeDirectory(operation);
    parent.mustGrant(caller, May.EXECUTE, operation);
    if (isDots(name)) throw new FsError('EXIST', operation);
    if (isNew && this.#named(parent, name) !== undefined) throw new FsError('EXIST', operation);
  }

  #removable(caller: Caller, parent: MemoryNode, name: Buffer, operation: string): MemoryNode {
    parent.mustBeDirectory(operation);
    parent.mustGrant(caller, May.EXECUTE, operation);
    const node = this.#named(parent, name);
    if (node === undefined) throw new FsError('NOENT', operation);
    parent.mustGrant(caller, May.WRITE, operation);
    mayUnstick(caller, parent, node, operation);
    return node;
  }

  #reopen(caller: Caller, parent: MemoryNode, node: MemoryNode, how: CreateHow, before?: BeforeMaking): Created {
    const isOurs =
      how.mode === 'exclusive' &&
      node.size === 0 &&
      timesOf(how.verifier).every((time, at) => time.seconds === [node.atime, node.mtime][at]!.seconds);
    if (!isOurs && (how.mode !== 'unchecked' || node.type !== FileType.REG)) throw new FsError('EXIST', 'create');
    if (how.mode === 'unchecked' && how.attributes.size !== undefined) {
      before?.(node.attributes());
      this.#apply(caller, node, { size: how.attributes.size });
    }
    return { inode: node, attributes: node.attributes(), directory: unchanged(parent) };
  }

  #makeNew(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    type: FileType,
    attributes: NewAttributes,
    operation: string,
    before?: BeforeMaking,
  ): Created & { inode: MemoryNode } {
    const parent = this.#live(directory);
    this.#mustBeMakeable(caller, parent, name, operation, true);
    before?.(undefined);
    return this.#make(caller, parent, name, type, attributes, operation);
  }

  #make(
    caller: Caller,
    parent: MemoryNode,
    name: Buffer,
    type: FileType,
    attributes: NewAttributes,
    operation: string,
  ): Created & { inode: MemoryNode } {
    parent.mustGrant(caller, May.WRITE, operation);
    const inherits = (parent.mode & 0o2000) !== 0;
    const owner = { uid: caller.uid, gid: inherits ? parent.gid : caller.gid };
    const mode = (attributes.mode ?? 0) | (inherits && type === FileType.DIR ? 0o2000 : 0);
    const inode = new MemoryNode(++this.#lastId, type, mode, owner, this.#now());
    this.#nodes.set(inode.id, inode);
    const directory = this.#changing(parent, () => this.#enlist(parent, name, inode));
    const { size, atime, mtime } = attributes;
    const isRoot = caller.uid === 0;
    this.#apply(caller, inode, {
      size: type === FileType.REG ? size : undefined,
      uid: isRoot ? attributes.uid : undefined,
      gid: isRoot ? attributes.gid : undefined,
      atime,
      mtime,
    });
    return { inode, attributes: inode.attributes(), directory };
  }

  #apply(caller: Caller, node: MemoryNode, changes: NewAttributes): void {
    const isOwner = caller.uid === 0 || caller.uid === node.uid;
    if (changes.size !== undefined) {
      node.mustBeRegular('truncate');
      this.#mustWrite(caller, node);
      if (changes.size > this.limits.maxFileSize) throw new FsError('FBIG', 'truncate');
      node.truncate(changes.size);
      this.#changedData(caller, node);
    }
    const { uid = node.uid, gid = node.gid } = changes;
    if (changes.uid !== undefined || changes.gid !== undefined) {
      const isMember = gid === node.gid || gid === caller.gid || caller.groups.includes(gid);
      if (caller.uid !== 0 && (!isOwner || uid !== node.uid || !isMember)) throw new FsError('PERM', 'chown');
      [node.uid, node.gid] = [uid, gid];
      if (node.type !== FileType.DIR) node.mode = withoutPrivilege(node.mode);
    }
    if (changes.mode !== undefined && node.type !== FileType.LNK) {
      if (!isOwner) throw new FsError('PERM', 'chmod');
      node.mode = changes.mode & 0o7777;
    }
    this.#setTimes(caller, node, changes, isOwner);
    node.ctime = this.#now();
  }

  #setTimes(caller: Caller, node: MemoryNode, { atime, mtime }: NewAttributes, isOwner: boolean): void {
    const given = [atime, mtime].filter((time) => time !== undefined);
    if (given.length === 0) return;
    if (!isOwner && given.some((time) => time !== 'now')) throw new FsError('PERM', 'utimes');
    if (!isOwner) node.mustGrant(caller, May.WRITE, 'utimes');
    if (atime !== undefined) node.atime = atime === 'now' ? this.#now() : atime;
    if (mtime !== undefined) node.mtime = mtime === 'now' ? this.#now() : mtime;
  }

  #changedData(caller: Caller, node: MemoryNode): void {
    if (caller.uid !== 0) node.mode = withoutPrivilege(node.mode);
    node.mtime = node.ctime = this.#now();
  }

  #changedEntries(directory: MemoryNode): void {
    directory.mtime = directory.ctime = this.#now();
  }

  #changing(directory: MemoryNode, change: () => void): Change {
    const before = directory.attributes();
    change();
    this.#changedEntries(directory);
    return { before, after: directory.attributes() };
  }

  #enlist(directory: MemoryNode, name: Buffer, node: MemoryNode): void {
    const own = Buffer.from(name);
    directory.entries.set(own.toString('latin1'), { name: own, node, cookie: ++this.#lastCookie });
    if (node.type !== FileType.DIR) return;
    node.parent = directory;
    directory.nlink += 1;
  }

  #unlist(directory: MemoryNode, name: Buffer, node: MemoryNode): void {
    directory.entries.delete(name.toString('latin1'));
    if (node.type === FileType.DIR) directory.nlink -= 1;
  }

  #drop(directory: MemoryNode, name: Buffer): void {
    const node = this.#named(directory, name);
    if (node === undefined) return;
    this.#unlist(directory, name, node);
    node.nlink = node.type === FileType.DIR ? 0 : node.nlink - 1;
    node.ctime = this.#now();
    if (node.nlink === 0) this.#nodes.delete(node.id);
  }
}

function systemTime(): Time {
  const microseconds = (performance.timeOrigin + performance.now()) * 1000;
  const seconds = Math.floor(microseconds / 1_000_000);
  return { seconds, nanoseconds: Math.floor(microseconds - seconds * 1_000_000) * 1000 };
}

function isDots(name: Buffer): boolean {
  return name.length <= 2 && name.every((byte) => byte === 0x2e);
}

function mustBeName(name: Buffer, operation: string): void {
  if (name.length > 255) throw new FsError('NAMETOOLONG', operation);
}

/** In a sticky directory, only the owner of the file or the directory may take a name away. */
function mayUnstick(caller: Caller, directory: MemoryNode, node: MemoryNode, operation: string): void {
  if ((directory.mode & 0o1000) === 0 || [0, node.uid, directory.uid].includes(caller.uid)) return;
  throw new FsError('PERM', operation);
}

function withoutPrivilege(mode: number): number {
  return mode & ~((mode & 0o010) !== 0 ? 0o6000 : 0o4000);
}

function timesOf(verifier: Buffer): [Time, Time] {
  return [
    { seconds: verifier.readUInt32BE(0) & 0x7fff_ffff, nanoseconds: 0 },
    { seconds: verifier.readUInt32BE(4) & 0x7fff_ffff, nanoseconds: 0 },
  ];
}

function unchanged(node: MemoryNode): Change {
  return { before: node.attributes(), after: node.attributes() };
}
