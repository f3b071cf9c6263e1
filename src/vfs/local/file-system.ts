import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Acls } from '../acl.ts';
import type { Attributes, Change, NewAttributes, Time } from '../attributes.ts';
import { FsError } from '../error.ts';
import type {
  BeforeMaking,
  BeforeRemoving,
  BeforeRenaming,
  BeforeSetting,
  BeforeSettingAcls,
  Caller,
  Created,
  CreateHow,
  FileSystem,
  FileSystemLimits,
  Found,
  HostLocks,
  Inode,
  Listing,
  NodeKind,
  ReadResult,
  SpaceInfo,
  Stability,
  WriteResult,
} from '../filesystem.ts';
import type { VerifierSource } from '../ports.ts';
import type { Quota, QuotaKind, QuotaLimits } from '../quota.ts';
import { access } from './access.ts';
import { acls, setAcls } from './acl.ts';
import { create } from './create.ts';
import { becomeServer } from './identity.ts';
import { LocalInode } from './inode.ts';
import { spaceOf } from './limits.ts';
import { link } from './link.ts';
import { lockKey, openLocks } from './lock.ts';
import { lookup } from './lookup.ts';
import { mkdir, mknod, symlink } from './make.ts';
import { quota, setQuota } from './quota.ts';
import { read } from './read.ts';
import { readdir } from './readdir.ts';
import { readlink } from './readlink.ts';
import { remove, rmdir } from './remove.ts';
import { rename } from './rename.ts';
import { setAttributes } from './set-attributes.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';
import { commit, write } from './write.ts';

/** How often files that were removed on the server itself are looked for, so that their storage is freed. */
const REMOVED_MS = 1000;

/** A folder of this machine, by system calls. Made by {@link openLocalFileSystem}. */
export class LocalFileSystem implements FileSystem {
  /** How files are opened by handle: by the kernel, or by the index. */
  readonly handles: 'kernel' | 'index';
  readonly #volume: Volume;
  readonly #verifier: VerifierSource;
  readonly #closeDescriptors: () => void;
  readonly #opening = new Map<string, Promise<LocalInode>>();
  readonly #janitor: NodeJS.Timeout;
  #running = 0;
  #closing = false;
  #idle: (() => void) | undefined;

  constructor(volume: Volume, verifier: VerifierSource, handles: 'kernel' | 'index', closeDescriptors: () => void) {
    this.#volume = volume;
    this.#verifier = verifier;
    this.handles = handles;
    this.#closeDescriptors = closeDescriptors;
    this.#janitor = setInterval(() => volume.cache.dropRemoved(), REMOVED_MS).unref();
  }

  get root(): Inode {
    return this.#volume.root;
  }

  get limits(): FileSystemLimits {
    return this.#volume.traits.limits;
  }

  get writeVerifier(): Buffer {
    return this.#verifier.current;
  }

  resolve(body: Buffer): Awaitable<LocalInode> {
    const key = body.toString('latin1');
    const known = this.#volume.cache.byBody(key);
    if (known !== undefined) {
      this.#volume.cache.touch(known);
      return known;
    }
    this.#mustBeOpen();
    const opening = this.#opening.get(key);
    if (opening !== undefined) return opening;
    const fd = this.#volume.handles.open(body);
    if (!(fd instanceof Promise)) return this.#opened(fd);
    const promise = this.#count(fd.then((late) => this.#opened(late)));
    this.#opening.set(key, promise);
    const opened = () => void this.#opening.delete(key);
    promise.then(opened, opened);
    return promise;
  }

  attributes(inode: Inode): Awaitable<Attributes> {
    return this.#on(inode, (file) => statOf(file.fd));
  }

  setAttributes(
    caller: Caller,
    inode: Inode,
    changes: NewAttributes,
    guard?: Time,
    before?: BeforeSetting,
  ): Awaitable<Change> {
    return this.#on(inode, (file) => setAttributes(this.#volume, caller, file, changes, guard, before));
  }

  lookup(caller: Caller, directory: Inode, name: Buffer): Awaitable<Found> {
    return this.#on(directory, (file) => lookup(this.#volume, caller, file, name));
  }

  access(caller: Caller, inode: Inode, wanted: number): Awaitable<{ granted: number; attributes: Attributes }> {
    return this.#on(inode, (file) => access(caller, file, wanted));
  }

  readlink(_caller: Caller, inode: Inode): Awaitable<{ target: Buffer; attributes: Attributes }> {
    return this.#on(inode, readlink);
  }

  read(caller: Caller, inode: Inode, offset: number, count: number): Awaitable<ReadResult> {
    return this.#on(inode, (file) => read(this.#volume, caller, file, offset, count));
  }

  write(
    caller: Caller,
    inode: Inode,
    offset: number,
    data: readonly Buffer[],
    stable: Stability,
  ): Awaitable<WriteResult> {
    return this.#on(inode, (file) => write(this.#volume, caller, file, offset, data, stable));
  }

  commit(caller: Caller, inode: Inode): Awaitable<Change> {
    return this.#on(inode, (file) => commit(this.#volume, caller, file));
  }

  async flush(inodes: readonly Inode[]): Promise<void> {
    await Promise.all(inodes.map((inode) => this.#on(inode, (file) => this.#volume.flusher.flush(file, true))));
  }

  create(caller: Caller, directory: Inode, name: Buffer, how: CreateHow, before?: BeforeMaking): Awaitable<Created> {
    return this.#on(directory, (file) => create(this.#volume, caller, file, name, how, before));
  }

  mkdir(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created> {
    return this.#on(directory, (file) => mkdir(this.#volume, caller, file, name, attributes, before));
  }

  symlink(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    target: Buffer,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created> {
    return this.#on(directory, (file) => symlink(this.#volume, caller, file, name, target, attributes, before));
  }

  mknod(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    kind: NodeKind,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created> {
    return this.#on(directory, (file) => mknod(this.#volume, caller, file, name, kind, attributes, before));
  }

  remove(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change> {
    return this.#on(directory, (file) => remove(this.#volume, caller, file, name, before));
  }

  rmdir(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change> {
    return this.#on(directory, (file) => rmdir(this.#volume, caller, file, name, before));
  }

  rename(
    caller: Caller,
    from: Inode,
    fromName: Buffer,
    to: Inode,
    toName: Buffer,
    before?: BeforeRenaming,
  ): Awaitable<{ from: Change; to: Change }> {
    return this.#on(from, (source) =>
      this.#on(to, (target) => rename(this.#volume, caller, source, fromName, target, toName, before)),
    );
  }

  link(
    caller: Caller,
    inode: Inode,
    directory: Inode,
    name: Buffer,
    before?: BeforeMaking,
  ): Awaitable<{ file: Attributes; directory: Change }> {
    return this.#on(inode, (file) => this.#on(directory, (to) => link(this.#volume, caller, file, to, name, before)));
  }

  readdir(
    caller: Caller,
    directory: Inode,
    cookie: bigint,
    plus: boolean,
    fits: (name: Buffer) => boolean,
  ): Awaitable<Listing> {
    return this.#on(directory, (file) => readdir(this.#volume, caller, file, cookie, plus, fits));
  }

  acls(inode: Inode): Awaitable<{ acls: Acls; attributes: Attributes }> {
    return this.#on(inode, acls);
  }

  setAcls(caller: Caller, inode: Inode, given: Acls, before?: BeforeSettingAcls): Awaitable<Change> {
    return this.#on(inode, (file) => setAcls(this.#volume, caller, file, given, before));
  }

  setQuota(kind: QuotaKind, id: number, limits: QuotaLimits): boolean {
    this.#mustBeOpen();
    this.#volume.guard.check();
    return setQuota(this.#volume.root.fd, kind, id, limits);
  }

  quota(kind: QuotaKind, id: number): Quota | undefined {
    this.#mustBeOpen();
    return quota(this.#volume.root.fd, kind, id);
  }

  lockKey(inode: Inode): Awaitable<string> {
    return this.#on(inode, lockKey);
  }

  openLocks(inode: Inode): Awaitable<HostLocks> {
    return this.#on(inode, (file) => openLocks(this.#volume, file));
  }

  space(): SpaceInfo {
    this.#mustBeOpen();
    return spaceOf(this.#volume.root.fd);
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#janitor);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    // What was written UNSTABLE is still to be committed by clients: a failure here changes the verifier, and is theirs to see.
    const dirty = [...this.#volume.cache.all()].filter((inode) => inode.dirty);
    await Promise.allSettled(dirty.map((inode) => this.#volume.flusher.flush(inode, true)));
    becomeServer();
    this.#volume.data.close();
    this.#volume.cache.close();
    this.#closeDescriptors();
  }

  /** A file without a name is gone for clients, also while somebody on the server still has it open. */
  #opened(fd: number): LocalInode {
    const { inode, attributes } = this.#volume.adopt(fd);
    if (attributes.nlink > 0) return inode;
    this.#volume.cache.doom(inode);
    throw new FsError('STALE', 'resolve');
  }

  /** Runs an operation on a file that is held open meanwhile. One that was let go of is opened again. */
  #on<T>(inode: Inode, run: (file: LocalInode) => Awaitable<T>): Awaitable<T> {
    if (!(inode instanceof LocalInode)) throw new FsError('BADHANDLE', 'inode');
    if (inode.closed) return then(this.resolve(inode.body), (again) => this.#on(again, run));
    const { cache } = this.#volume;
    cache.touch(inode);
    inode.pins += 1;
    let result: Awaitable<T>;
    try {
      result = run(inode);
    } catch (error) {
      cache.pin(inode, -1);
      throw error;
    }
    if (!(result instanceof Promise)) {
      cache.pin(inode, -1);
      return result;
    }
    return this.#count(result.finally(() => cache.pin(inode, -1)));
  }

  /** Counts an operation that goes on, so that {@link close} waits for it. */
  #count<T>(operation: Promise<T>): Promise<T> {
    this.#running += 1;
    return operation.finally(() => {
      this.#running -= 1;
      if (this.#running === 0) this.#idle?.();
    });
  }

  #mustBeOpen(): void {
    if (this.#closing) throw new FsError('STALE', 'closed');
  }
}
