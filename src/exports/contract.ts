import type { Awaitable } from '../common/awaitable.ts';
import type { Call } from '../rpc/index.ts';
import type {
  Acls,
  Attributes,
  BeforeMaking,
  BeforeRemoving,
  BeforeRenaming,
  BeforeSetting,
  BeforeSettingAcls,
  Caller,
  Change,
  Created,
  CreateHow,
  DirectoryEntry,
  FileSystem,
  Found,
  Inode,
  Listing,
  NewAttributes,
  NodeKind,
  Quota,
  QuotaKind,
  QuotaLimits,
  ReadResult,
  SpaceInfo,
  Stability,
  Time,
  WriteResult,
} from '../vfs/index.ts';

/**
 * A file system as one caller sees it through one export: identity squashed, read-only enforced. It has the operations of
 * {@link FileSystem} without the caller. One object per export, client and credential; compared by identity.
 */
export interface View {
  readonly fileSystem: FileSystem;
  /** `fattr3.fsid`: the export's, the same on every node; never a device number. */
  readonly fsidHigh: number;
  readonly fsidLow: number;
  readonly caller: Caller;
  readonly readOnly: boolean;

  attributes(inode: Inode): Awaitable<Attributes>;
  setAttributes(inode: Inode, changes: NewAttributes, guard?: Time, before?: BeforeSetting): Awaitable<Change>;
  lookup(directory: Inode, name: Buffer): Awaitable<FoundFile>;
  access(inode: Inode, wanted: number): Awaitable<{ granted: number; attributes: Attributes }>;
  readlink(inode: Inode): Awaitable<{ target: Buffer; attributes: Attributes }>;
  read(inode: Inode, offset: number, count: number): Awaitable<ReadResult>;
  write(inode: Inode, offset: number, data: readonly Buffer[], stable: Stability): Awaitable<WriteResult>;
  commit(inode: Inode): Awaitable<Change>;
  create(directory: Inode, name: Buffer, how: CreateHow, before?: BeforeMaking): Awaitable<Created>;
  mkdir(directory: Inode, name: Buffer, attributes: NewAttributes, before?: BeforeMaking): Awaitable<Created>;
  symlink(
    directory: Inode,
    name: Buffer,
    target: Buffer,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created>;
  mknod(
    directory: Inode,
    name: Buffer,
    kind: NodeKind,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created>;
  remove(directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change>;
  rmdir(directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change>;
  rename(
    from: Inode,
    fromName: Buffer,
    to: Inode,
    toName: Buffer,
    before?: BeforeRenaming,
  ): Awaitable<{ from: Change; to: Change }>;
  link(
    inode: Inode,
    directory: Inode,
    name: Buffer,
    before?: BeforeMaking,
  ): Awaitable<{ file: Attributes; directory: Change }>;
  readdir(directory: Inode, cookie: bigint, plus: boolean, fits: (name: Buffer) => boolean): Awaitable<FileListing>;
  acls(inode: Inode): Awaitable<{ acls: Acls; attributes: Attributes }>;
  setAcls(inode: Inode, acls: Acls, before?: BeforeSettingAcls): Awaitable<Change>;
  space(): Awaitable<SpaceInfo>;
  quota(kind: QuotaKind, id: number): Awaitable<Quota | undefined>;
  setQuota(kind: QuotaKind, id: number, limits: QuotaLimits): Awaitable<boolean>;
}

/** LOOKUP's answer. The view differs from the directory's where the name is a mount point that the export crosses. */
export interface FoundFile extends Found, File {}

export interface FileListing extends Listing {
  /** An entry with a view of its own is the root of another file system (`crossmnt`); without one it is of this view. */
  readonly entries: readonly (DirectoryEntry & { readonly view?: View | undefined })[];
}

/** What a file handle names, for one call. */
export interface File {
  readonly view: View;
  readonly inode: Inode;
}

/** The exports as the programs see them. */
export interface Exports {
  /**
   * The file behind a wire handle, as this call may see it. Throws {@link FsError}: BADHANDLE (malformed, forged),
   * STALE (deleted, or its export is gone), ACCES (exported, but not to this client), PERM (a port above 1023 and the
   * export says `secure`), JUKEBOX (`mp` and nothing is mounted yet, or a resolver that does not answer).
   */
  file(handle: Buffer, call: Call): Awaitable<File>;
  /** The wire handle of an inode: 16 to 64 bytes. */
  handleOf(view: View, inode: Inode): Buffer;
  /** The same in the 32 bytes that NFSv2 has: filled with zeros, or an alias that the state remembers. */
  handle32Of(view: View, inode: Inode): Awaitable<Buffer>;
  /**
   * MNT: the directory at a path that is an export or lies below one. Throws {@link FsError}: NOENT, NOTDIR, ..., and
   * ACCES, which says in words whether it is the path, the client or its port.
   */
  mount(path: Buffer, call: Call): Awaitable<File>;
  /** For MOUNT's EXPORT: every exported path with the hosts it is for; no hosts means everyone. */
  list(): { readonly path: string; readonly hosts: readonly string[] }[];
}

/** The files behind handles that were given out earlier, for the server itself. */
export interface FileLocator {
  /** Nobody's rights are asked. Rejects with BADHANDLE, STALE, or JUKEBOX while the export is not mounted. */
  locate(handle: Buffer): Promise<{ readonly fileSystem: FileSystem; readonly inode: Inode }>;
}
