import type { Awaitable } from '../common/awaitable.ts';
import type { Acls } from './acl.ts';
import type { Attributes, Change, FileType, NewAttributes, Time } from './attributes.ts';
import type { Quota, QuotaKind, QuotaLimits } from './quota.ts';

/** On whose behalf an operation runs, after squashing. The kernel decides what this identity may do. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** True: a change is on stable storage before its operation ends (exports(5) `sync`). */
  readonly sync: boolean;
}

/** A file, directory, link, ... that is open in a file system. Compared by identity: one object per file at a time. */
export interface Inode {
  /** What a file handle keeps of it: at most {@link MAX_HANDLE_BODY} bytes, the same on every server of this storage. */
  readonly body: Buffer;
  readonly type: FileType;
  /** True once the file system let go of the object; it is to be resolved again from its handle. */
  readonly closed: boolean;
  /** The complete wire handle, kept here by the layer that makes it, so that it is made once. */
  handle: Buffer | undefined;
}

/** The kernel's handle type, and at most 40 bytes of handle (btrfs). */
export const MAX_HANDLE_BODY = 41;

/** The largest file offset served: 2^53 - 1. FSINFO tells clients; storage that holds larger files is cut off there. */
export const MAX_OFFSET = Number.MAX_SAFE_INTEGER;

/** Bits for {@link FileSystem.access}, as in RFC 1813 §3.3.4. */
export const Access = { READ: 1, LOOKUP: 2, MODIFY: 4, EXTEND: 8, DELETE: 16, EXECUTE: 32 } as const;

/** `stable_how` (RFC 1813 §3.3.7). */
export const Stability = { UNSTABLE: 0, DATA_SYNC: 1, FILE_SYNC: 2 } as const;
export type Stability = (typeof Stability)[keyof typeof Stability];

export interface Found {
  readonly inode: Inode;
  readonly attributes: Attributes;
  readonly directory: Attributes;
}

export interface Created {
  readonly inode: Inode;
  readonly attributes: Attributes;
  readonly directory: Change;
}

export interface ReadResult {
  readonly data: Buffer;
  readonly eof: boolean;
  readonly attributes: Attributes;
  /** To be called once `data` has been sent or is not wanted; the memory is used again. Until then it stays as it is. */
  readonly release?: (() => void) | undefined;
}

export interface WriteResult {
  /** Bytes written; fewer than asked only if the storage took no more. */
  readonly count: number;
  /** What the data now is; at least what was asked. */
  readonly committed: Stability;
  readonly file: Change;
}

/** How CREATE treats an existing name (RFC 1813 §3.3.8). */
export type CreateHow =
  /** An existing file is opened as it is; only a `size` of the attributes is set on it. */
  | { readonly mode: 'unchecked'; readonly attributes: NewAttributes }
  | { readonly mode: 'guarded'; readonly attributes: NewAttributes }
  /** An existing file made with the same verifier is the one that this call made: a retransmission succeeds. */
  | { readonly mode: 'exclusive'; readonly verifier: Buffer };

/** MKNOD's kinds. */
export type NodeKind =
  | { readonly type: typeof FileType.CHR | typeof FileType.BLK; readonly major: number; readonly minor: number }
  | { readonly type: typeof FileType.SOCK | typeof FileType.FIFO };

export interface DirectoryEntry {
  readonly name: Buffer;
  readonly fileid: bigint;
  /** The kernel's own position behind this entry. It stays good while the directory changes, and on other servers. */
  readonly cookie: bigint;
  /** READDIRPLUS only, and only if the entry could be had: it may be gone meanwhile, or be a mount point. */
  readonly inode?: Inode | undefined;
  readonly attributes?: Attributes | undefined;
}

export interface Listing {
  readonly entries: readonly DirectoryEntry[];
  /** True if no entry follows the last one. */
  readonly eof: boolean;
  readonly directory: Attributes;
}

/** FSSTAT (RFC 1813 §3.3.18): bytes and files. `available` is what a caller without privilege may still use. */
export interface SpaceInfo {
  readonly totalBytes: bigint;
  readonly freeBytes: bigint;
  readonly availableBytes: bigint;
  readonly totalFiles: bigint;
  readonly freeFiles: bigint;
  readonly availableFiles: bigint;
}

/** What PATHCONF and FSINFO tell of the storage (RFC 1813 §3.3.19, §3.3.20). */
export interface FileSystemLimits {
  readonly maxFileSize: number;
  readonly maxNameBytes: number;
  readonly maxLinks: number;
  /** Granularity of file times. */
  readonly timeDelta: Time;
  readonly caseInsensitive: boolean;
  readonly casePreserving: boolean;
  /** True if a directory cookie with its lower half cut off is a position too: the same, or shortly before it (ext4). */
  readonly hashedCookies: boolean;
}

/** A lock of a program of the host, as it stands in our way. `end` is 2^64 if it reaches to the end of the file. */
export interface HostLock {
  readonly exclusive: boolean;
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * The server's byte-range locks on one file, among those of the host's own programs: they see ours, and we theirs.
 * All that is taken here is one owner's. Bytes from 2^63 on, which no program can lock, are left out.
 */
export interface HostLocks {
  /** Takes or changes a range; false if a program of the host is in the way. Throws ROFS, ACCES, ... if it never could. */
  take(exclusive: boolean, start: bigint, end: bigint): boolean;
  release(start: bigint, end: bigint): void;
  /** What a program of the host has in the way. */
  test(exclusive: boolean, start: bigint, end: bigint): HostLock | undefined;
  /** Releases all. */
  close(): void;
}

/**
 * Told what an operation has found, in the turn of the event loop in which it changes something and right before it does.
 * If this throws, nothing is changed, and the operation ends with that.
 */
export type Before<Found extends unknown[]> = (...found: Found) => void;

/** What has the name that something is to be made under; undefined if nothing has. */
export type BeforeMaking = Before<[existing: Attributes | undefined]>;
export type BeforeRemoving = Before<[target: Inode]>;
/** Not told where both names are of one file, for then nothing changes. */
export type BeforeRenaming = Before<[source: Inode, target: Inode | undefined]>;
export type BeforeSetting = Before<[now: Attributes]>;
export type BeforeSettingAcls = Before<[now: { readonly acls: Acls; readonly attributes: Attributes }]>;

/**
 * Storage below one exported folder. Names are bytes; a name must have been checked: not empty, no `/`, no NUL.
 * `.` and `..` are taken by {@link lookup} alone, and `..` of the root is the root.
 *
 * Every operation throws (or rejects with) {@link FsError}. Operations on cached data return their value at once.
 * No symbolic link is ever followed, and nothing outside the folder is reached.
 * Every operation checks permission as the kernel would for the caller, plus NFS's own two rules: the owner of a file
 * may read and write it whatever its mode (RFC 1813 §4.4), and execute permission lets a caller read.
 */
export interface FileSystem {
  readonly root: Inode;
  readonly limits: FileSystemLimits;
  /** Changes whenever data that was written UNSTABLE may be lost; 8 bytes (RFC 1813 §3.3.7). */
  readonly writeVerifier: Buffer;

  /** The file that a handle's body names. Throws STALE if it is gone, BADHANDLE if these bytes never named one. */
  resolve(body: Buffer): Awaitable<Inode>;

  attributes(inode: Inode): Awaitable<Attributes>;
  /** Throws NOT_SYNC if `guard` is given and is not the file's ctime. */
  setAttributes(
    caller: Caller,
    inode: Inode,
    changes: NewAttributes,
    guard?: Time,
    before?: BeforeSetting,
  ): Awaitable<Change>;
  lookup(caller: Caller, directory: Inode, name: Buffer): Awaitable<Found>;
  /** @returns those of the wanted {@link Access} bits that the caller has. */
  access(caller: Caller, inode: Inode, wanted: number): Awaitable<{ granted: number; attributes: Attributes }>;
  readlink(caller: Caller, inode: Inode): Awaitable<{ target: Buffer; attributes: Attributes }>;
  read(caller: Caller, inode: Inode, offset: number, count: number): Awaitable<ReadResult>;
  /** `data` is consecutive pieces, as received. */
  write(
    caller: Caller,
    inode: Inode,
    offset: number,
    data: readonly Buffer[],
    stable: Stability,
  ): Awaitable<WriteResult>;
  /** All data written UNSTABLE to the file is on stable storage when this ends. */
  commit(caller: Caller, inode: Inode): Awaitable<Change>;

  /** What was changed in these files before this call, by whomever, is on stable storage when it ends. */
  flush(inodes: readonly Inode[]): Awaitable<void>;

  create(caller: Caller, directory: Inode, name: Buffer, how: CreateHow, before?: BeforeMaking): Awaitable<Created>;
  mkdir(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created>;
  symlink(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    target: Buffer,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created>;
  mknod(
    caller: Caller,
    directory: Inode,
    name: Buffer,
    kind: NodeKind,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created>;
  remove(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change>;
  rmdir(caller: Caller, directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change>;
  rename(
    caller: Caller,
    from: Inode,
    fromName: Buffer,
    to: Inode,
    toName: Buffer,
    before?: BeforeRenaming,
  ): Awaitable<{ from: Change; to: Change }>;
  link(
    caller: Caller,
    inode: Inode,
    directory: Inode,
    name: Buffer,
    before?: BeforeMaking,
  ): Awaitable<{ file: Attributes; directory: Change }>;

  /**
   * Entries behind `cookie` (0: from the start), `.` and `..` among them, until `fits` says no for one.
   * `fits` is asked once for each entry, in order, and keeps its own account of the reply's size.
   * With `plus`, each entry brings its inode and attributes where they can be had.
   */
  readdir(
    caller: Caller,
    directory: Inode,
    cookie: bigint,
    plus: boolean,
    fits: (name: Buffer) => boolean,
  ): Awaitable<Listing>;

  /** Anyone may see them. Where the storage keeps no ACLs, no file has one. */
  acls(inode: Inode): Awaitable<{ acls: Acls; attributes: Attributes }>;
  /**
   * Replaces those ACLs that are given; an empty one is taken away. Throws PERM unless the caller owns the file, INVAL
   * for an ACL that makes no sense, ACCES for a default ACL on something else than a directory, NOTSUPP where the storage
   * keeps none.
   */
  setAcls(caller: Caller, inode: Inode, acls: Acls, before?: BeforeSettingAcls): Awaitable<Change>;

  /** What tells a file from every other that this host has open, whichever export it is reached through. */
  lockKey(inode: Inode): Awaitable<string>;
  /** Opens a regular file for locking, as the server. It stays open, and so the same file, until it is closed. */
  openLocks(inode: Inode): Awaitable<HostLocks>;

  space(): Awaitable<SpaceInfo>;
  /** Undefined where the storage counts nothing for such an id. Who may ask is for others to decide. */
  quota(kind: QuotaKind, id: number): Awaitable<Quota | undefined>;
  /** Sets the limits, as the server. @returns false if the storage has no quotas of this kind. */
  setQuota(kind: QuotaKind, id: number, limits: QuotaLimits): Awaitable<boolean>;
  /** Lets go of every file. Running operations end first. */
  close(): Promise<void>;
}
