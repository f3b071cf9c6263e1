import type { Logger } from '../../src/common/log.ts';
import type { MountSource, NameTimes, Resolver } from '../../src/exports/index.ts';
import type { Call, Credential, Peer } from '../../src/rpc/index.ts';
import {
  Access,
  type Attributes,
  type Caller,
  type Change,
  type Created,
  type FileSystem,
  FileType,
  type Found,
  FsError,
  type Inode,
  type Listing,
} from '../../src/vfs/index.ts';

interface FakeInode extends Inode {
  closed: boolean;
  readonly path: string;
  readonly children: Map<string, FakeInode>;
  readonly parent: FakeInode | undefined;
}

/** A tree of directories, files and links that records what is asked of it. Bodies are the same for the same path. */
export class FakeFileSystem implements FileSystem {
  readonly root: FakeInode;
  readonly calls: { operation: string; caller: Caller }[] = [];
  readonly writeVerifier = Buffer.alloc(8);
  readonly limits = {
    ...{ maxFileSize: 2 ** 40, maxNameBytes: 255, maxLinks: 1000, timeDelta: { seconds: 0, nanoseconds: 1 } },
    ...{ caseInsensitive: false, casePreserving: true, hashedCookies: false },
  };
  closed = false;
  readonly #inodes = new Map<string, FakeInode>();
  readonly #searchable: (caller: Caller) => boolean;

  /** `a/` is a directory, `a@` a symbolic link, `a` a file; their directories are made. */
  constructor(paths: readonly string[] = [], searchable: (caller: Caller) => boolean = () => true) {
    this.root = this.#make('', FileType.DIR, undefined);
    this.#searchable = searchable;
    for (const path of paths) this.#add(path);
  }

  at(path: string): FakeInode {
    return this.#inodes.get(path) ?? this.root;
  }

  resolve(body: Buffer): Inode {
    this.calls.push({ operation: 'resolve', caller: { uid: -1, gid: -1, groups: [], sync: false } });
    const inode = this.#inodes.get(body.toString('latin1'));
    if (inode === undefined) throw new FsError('STALE', 'resolve');
    inode.closed = false;
    return inode;
  }

  attributes(inode: Inode): Attributes {
    return attributesOf(inode);
  }

  lookup(caller: Caller, directory: Inode, name: Buffer): Found {
    this.#record('lookup', caller);
    const inode = inode_(directory);
    const text = name.toString('latin1');
    const found = text === '..' ? (inode.parent ?? inode) : inode.children.get(text);
    if (found === undefined) throw new FsError('NOENT', 'lookup');
    return { inode: found, attributes: attributesOf(found), directory: attributesOf(directory) };
  }

  flush(): void {}

  access(caller: Caller, inode: Inode, wanted: number) {
    this.#record('access', caller);
    return { granted: this.#searchable(caller) ? wanted : wanted & ~Access.LOOKUP, attributes: attributesOf(inode) };
  }

  readdir(caller: Caller, directory: Inode, _cookie: bigint, plus: boolean): Listing {
    this.#record('readdir', caller);
    const entries = [...inode_(directory).children].map(([name, inode], index) => ({
      name: Buffer.from(name, 'latin1'),
      fileid: BigInt(index),
      cookie: BigInt(index + 1),
      ...(plus ? { inode, attributes: attributesOf(inode) } : {}),
    }));
    return { entries, eof: true, directory: attributesOf(directory) };
  }

  readlink(caller: Caller, inode: Inode) {
    this.#record('readlink', caller);
    return { target: Buffer.from('target'), attributes: attributesOf(inode) };
  }

  read(caller: Caller, inode: Inode) {
    this.#record('read', caller);
    return { data: Buffer.alloc(0), eof: true, attributes: attributesOf(inode) };
  }

  write(caller: Caller, inode: Inode) {
    this.#record('write', caller);
    return { count: 0, committed: 2 as const, file: changeOf(inode) };
  }

  lockKey(inode: Inode): string {
    return inode_(inode).path;
  }

  openLocks() {
    return { take: () => true, release: () => {}, test: () => undefined, close: () => {} };
  }

  setAttributes = this.#changes('setAttributes');
  setAcls = this.#changes('setAcls');
  commit = this.#changes('commit');
  remove = this.#changes('remove');
  rmdir = this.#changes('rmdir');
  create = this.#creates('create');
  mkdir = this.#creates('mkdir');
  symlink = this.#creates('symlink');
  mknod = this.#creates('mknod');

  rename(caller: Caller, from: Inode, _fromName: Buffer, to: Inode) {
    this.#record('rename', caller);
    return { from: changeOf(from), to: changeOf(to) };
  }

  link(caller: Caller, inode: Inode, directory: Inode) {
    this.#record('link', caller);
    return { file: attributesOf(inode), directory: changeOf(directory) };
  }

  acls(inode: Inode) {
    return { acls: { access: undefined, default: undefined }, attributes: attributesOf(inode) };
  }

  quota(): undefined {}

  setQuota(): boolean {
    return false;
  }

  space() {
    const zero = { totalBytes: 0n, freeBytes: 0n, availableBytes: 0n };
    return { ...zero, totalFiles: 0n, freeFiles: 0n, availableFiles: 0n };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const inode of this.#inodes.values()) inode.closed = true;
  }

  #changes(operation: string) {
    return (caller: Caller, inode: Inode): Change => {
      this.#record(operation, caller);
      return changeOf(inode);
    };
  }

  #creates(operation: string) {
    return (caller: Caller, directory: Inode): Created => {
      this.#record(operation, caller);
      return { inode: directory, attributes: attributesOf(directory), directory: changeOf(directory) };
    };
  }

  #record(operation: string, caller: Caller): void {
    this.calls.push({ operation, caller });
  }

  #add(path: string): void {
    const names = path.replace(/[/@]$/, '').split('/');
    let inode = this.root;
    for (const [index, name] of names.entries()) {
      const last = index === names.length - 1;
      const type = !last || path.endsWith('/') ? FileType.DIR : path.endsWith('@') ? FileType.LNK : FileType.REG;
      const known = inode.children.get(name);
      const next = known ?? this.#make(names.slice(0, index + 1).join('/'), type, inode);
      inode.children.set(name, next);
      inode = next;
    }
  }

  #make(path: string, type: FileType, parent: FakeInode | undefined): FakeInode {
    const body = Buffer.from(path, 'latin1');
    const inode: FakeInode = { body, type, closed: false, handle: undefined, path, children: new Map(), parent };
    this.#inodes.set(path, inode);
    return inode;
  }
}

function inode_(inode: Inode): FakeInode {
  if ('children' in inode) return inode as FakeInode;
  throw new TypeError('an inode of another file system');
}

function changeOf(inode: Inode): Change {
  return { before: undefined, after: attributesOf(inode) };
}

/** Told apart by `size`, the length of the path. */
function attributesOf(inode: Inode): Attributes {
  return {
    ...{ type: inode.type, mode: 0o755, nlink: 1, uid: 0, gid: 0, size: inode.body.length, used: 0 },
    ...{ rdevMajor: 0, rdevMinor: 0, fileidHigh: 0, fileidLow: 0, atimeSeconds: 0, atimeNanoseconds: 0 },
    ...{ mtimeSeconds: 0, mtimeNanoseconds: 0, ctimeSeconds: 0, ctimeNanoseconds: 0 },
  };
}

export function unix(uid: number, gid = uid, gids: readonly number[] = []): Credential {
  return { flavor: 1, unix: { machineName: Buffer.from('client'), uid, gid, gids } };
}

export function peerAt(address: string, port = 700): Peer {
  return { transport: 'tcp', address, port, localAddress: '127.0.0.1', localPort: 2049, maxData: 1 << 20 };
}

export function callOf(peer: Peer, credential: Credential): Call {
  return { xid: 1, program: 100003, version: 3, procedure: 1, credential, peer };
}

export function callFrom(address: string, uid = 1000, port = 700): Call {
  return callOf(peerAt(address, port), unix(uid));
}

/** Keeps what was said. */
export class FakeLog implements Logger {
  readonly lines: { readonly level: string; readonly details: object; readonly message: string }[] = [];
  trace = this.#level('trace');
  debug = this.#level('debug');
  info = this.#level('info');
  warn = this.#level('warn');
  error = this.#level('error');

  #level(level: string) {
    return (details: object, message: string): void => {
      this.lines.push({ level, details, message });
    };
  }
}

/** Names and addresses from a list; `down` makes it refuse. */
export class FakeResolver implements Resolver {
  readonly hosts: Map<string, readonly string[]>;
  readonly reverse: Map<string, readonly string[]>;
  readonly asked: string[] = [];
  down = false;

  constructor(hosts: Record<string, readonly string[]> = {}, reverse: Record<string, readonly string[]> = {}) {
    this.hosts = new Map(Object.entries(hosts));
    this.reverse = new Map(Object.entries(reverse));
  }

  async addresses(name: string): Promise<readonly string[]> {
    return this.#answer(name, this.hosts.get(name));
  }

  async names(address: string): Promise<readonly string[]> {
    return this.#answer(address, this.reverse.get(address));
  }

  #answer(question: string, answer: readonly string[] | undefined): readonly string[] {
    this.asked.push(question);
    if (this.down) throw new Error('no answer');
    return answer ?? [];
  }
}

export const NO_NAMES = new FakeResolver();

/** Long enough never to come, but for the deadline. */
export const SLOW: NameTimes = { refresh: 3_600_000, keep: 1000, retry: 100, deadline: 3_600_000 };

/** A mount table to write by hand: a path, and the path it is mounted in. */
export class FakeMounts implements MountSource {
  /** What is in the place of a path's first folder; undefined if nothing is. */
  readonly folders = new Map<string, string | undefined>();
  #mounts: { id: number; path: string; parent: number; type: string }[] = [
    { id: 1, path: '/', parent: 0, type: 'ext4' },
  ];
  #next = 2;

  mount(path: string, type = 'ext4'): void {
    const above = this.#mounts
      .filter((mount) => path === mount.path || path.startsWith(mount.path === '/' ? '/' : `${mount.path}/`))
      .at(-1);
    this.#mounts.push({ id: this.#next++, path, parent: above?.id ?? 1, type });
  }

  unmount(path: string): void {
    this.#mounts = this.#mounts.filter((mount) => mount.path !== path);
  }

  read(): string {
    return this.#mounts
      .map(({ id, parent, path, type }) => `${id} ${parent} 8:1 / ${path} rw shared:1 - ${type} /dev/x rw\n`)
      .join('');
  }

  realPath(path: string): string {
    return path;
  }

  folder(path: string): string {
    const folder = this.folders.has(path) ? this.folders.get(path) : 'first';
    if (folder === undefined) throw new Error('no such folder');
    return folder;
  }
}
