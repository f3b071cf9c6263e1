import { type Awaitable, then } from '../common/awaitable.ts';
import type { Credential, Peer } from '../rpc/index.ts';
import {
  Access,
  type Acls,
  type Attributes,
  type BeforeMaking,
  type BeforeRemoving,
  type BeforeRenaming,
  type BeforeSetting,
  type BeforeSettingAcls,
  type Caller,
  type Change,
  type Created,
  type CreateHow,
  type DirectoryEntry,
  type FileSystem,
  type Found,
  FsError,
  type Inode,
  type Listing,
  type NewAttributes,
  type NodeKind,
  type Quota,
  type QuotaKind,
  type QuotaLimits,
  type ReadResult,
  type SpaceInfo,
  type Stability,
  type Time,
  type WriteResult,
} from '../vfs/index.ts';
import type { File, FileListing, FoundFile, View } from './contract.ts';
import type { ExportOptions } from './options.ts';
import { bytesKey, type ServedExport } from './served.ts';
import { squash } from './squash.ts';

/** Gives the view that a caller has of another export; undefined if it may not use that. */
export type Admit = (served: ServedExport, credential: Credential, peer: Peer) => Awaitable<ExportView | undefined>;

const CHANGES = Access.MODIFY | Access.EXTEND | Access.DELETE;

/** One export as one caller sees it: squashed, read-only where it is so, and open to what is mounted below. */
export class ExportView implements View {
  readonly fileSystem: FileSystem;
  readonly fsidHigh: number;
  readonly fsidLow: number;
  readonly caller: Caller;
  readonly readOnly: boolean;
  readonly options: ExportOptions;
  readonly #served: ServedExport;
  readonly #credential: Credential;
  readonly #peer: Peer;
  readonly #admit: Admit;

  constructor(
    served: ServedExport,
    fileSystem: FileSystem,
    options: ExportOptions,
    credential: Credential,
    peer: Peer,
    admit: Admit,
  ) {
    this.fileSystem = fileSystem;
    this.fsidHigh = served.fsidHigh;
    this.fsidLow = served.fsidLow;
    this.caller = squash(credential, options);
    this.readOnly = options.readOnly;
    this.options = options;
    this.#served = served;
    this.#credential = credential;
    this.#peer = peer;
    this.#admit = admit;
  }

  attributes(inode: Inode): Awaitable<Attributes> {
    return this.fileSystem.attributes(inode);
  }

  setAttributes(inode: Inode, changes: NewAttributes, guard?: Time, before?: BeforeSetting): Awaitable<Change> {
    this.#mustBeWritable('setattr');
    return this.fileSystem.setAttributes(this.caller, inode, changes, guard, before);
  }

  lookup(directory: Inode, name: Buffer): Awaitable<FoundFile> {
    const { crossings, above } = this.#served.serving;
    if (crossings.size > 0 || above !== undefined) {
      const crossed = this.#across(directory, name);
      if (crossed !== undefined) {
        return then(crossed, (file) =>
          file === undefined ? this.#lookupWithin(directory, name) : this.#foundAcross(directory, file),
        );
      }
    }
    return this.#lookupWithin(directory, name);
  }

  access(inode: Inode, wanted: number): Awaitable<{ granted: number; attributes: Attributes }> {
    return this.fileSystem.access(this.caller, inode, this.readOnly ? wanted & ~CHANGES : wanted);
  }

  readlink(inode: Inode): Awaitable<{ target: Buffer; attributes: Attributes }> {
    return this.fileSystem.readlink(this.caller, inode);
  }

  read(inode: Inode, offset: number, count: number): Awaitable<ReadResult> {
    return this.fileSystem.read(this.caller, inode, offset, count);
  }

  write(inode: Inode, offset: number, data: readonly Buffer[], stable: Stability): Awaitable<WriteResult> {
    this.#mustBeWritable('write');
    return this.fileSystem.write(this.caller, inode, offset, data, stable);
  }

  commit(inode: Inode): Awaitable<Change> {
    // As knfsd: a commit asks for the right to write.
    this.#mustBeWritable('commit');
    return this.fileSystem.commit(this.caller, inode);
  }

  create(directory: Inode, name: Buffer, how: CreateHow, before?: BeforeMaking): Awaitable<Created> {
    this.#mustBeWritable('create');
    return this.fileSystem.create(this.caller, directory, name, how, before);
  }

  mkdir(directory: Inode, name: Buffer, attributes: NewAttributes, before?: BeforeMaking): Awaitable<Created> {
    this.#mustBeWritable('mkdir');
    return this.fileSystem.mkdir(this.caller, directory, name, attributes, before);
  }

  symlink(
    directory: Inode,
    name: Buffer,
    target: Buffer,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created> {
    this.#mustBeWritable('symlink');
    return this.fileSystem.symlink(this.caller, directory, name, target, attributes, before);
  }

  mknod(
    directory: Inode,
    name: Buffer,
    kind: NodeKind,
    attributes: NewAttributes,
    before?: BeforeMaking,
  ): Awaitable<Created> {
    this.#mustBeWritable('mknod');
    return this.fileSystem.mknod(this.caller, directory, name, kind, attributes, before);
  }

  remove(directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change> {
    this.#mustBeWritable('remove');
    this.#mustNotBeCovered(directory, name, 'remove');
    return this.fileSystem.remove(this.caller, directory, name, before);
  }

  rmdir(directory: Inode, name: Buffer, before?: BeforeRemoving): Awaitable<Change> {
    this.#mustBeWritable('rmdir');
    this.#mustNotBeCovered(directory, name, 'rmdir');
    return this.fileSystem.rmdir(this.caller, directory, name, before);
  }

  rename(
    from: Inode,
    fromName: Buffer,
    to: Inode,
    toName: Buffer,
    before?: BeforeRenaming,
  ): Awaitable<{ from: Change; to: Change }> {
    this.#mustBeWritable('rename');
    this.#mustNotBeCovered(from, fromName, 'rename');
    this.#mustNotBeCovered(to, toName, 'rename');
    return this.fileSystem.rename(this.caller, from, fromName, to, toName, before);
  }

  link(
    inode: Inode,
    directory: Inode,
    name: Buffer,
    before?: BeforeMaking,
  ): Awaitable<{ file: Attributes; directory: Change }> {
    this.#mustBeWritable('link');
    return this.fileSystem.link(this.caller, inode, directory, name, before);
  }

  readdir(directory: Inode, cookie: bigint, plus: boolean, fits: (name: Buffer) => boolean): Awaitable<FileListing> {
    const listing = this.fileSystem.readdir(this.caller, directory, cookie, plus, fits);
    return plus && this.#hasCrossings(directory)
      ? then(listing, (listed) => this.#withCrossings(directory, listed))
      : listing;
  }

  acls(inode: Inode): Awaitable<{ acls: Acls; attributes: Attributes }> {
    return this.fileSystem.acls(inode);
  }

  setAcls(inode: Inode, acls: Acls, before?: BeforeSettingAcls): Awaitable<Change> {
    this.#mustBeWritable('setacl');
    return this.fileSystem.setAcls(this.caller, inode, acls, before);
  }

  space(): Awaitable<SpaceInfo> {
    return this.fileSystem.space();
  }

  quota(kind: QuotaKind, id: number): Awaitable<Quota | undefined> {
    return this.fileSystem.quota(kind, id);
  }

  setQuota(kind: QuotaKind, id: number, limits: QuotaLimits): Awaitable<boolean> {
    this.#mustBeWritable('setquota');
    return this.fileSystem.setQuota(kind, id, limits);
  }

  #mustBeWritable(operation: string): void {
    if (this.readOnly) throw new FsError('ROFS', operation);
  }

  /** The kernel calls a mount point busy, for which NFSv3 has no word; knfsd says ACCES, whoever asks. */
  #mustNotBeCovered(directory: Inode, name: Buffer, operation: string): void {
    if (this.#served.covering(directory, name) !== undefined) throw new FsError('ACCES', operation);
  }

  #lookupWithin(directory: Inode, name: Buffer): Awaitable<FoundFile> {
    const found = this.fileSystem.lookup(this.caller, directory, name);
    return found instanceof Promise ? found.then((late) => this.#own(late)) : this.#own(found);
  }

  #own({ inode, attributes, directory }: Found): FoundFile {
    return { inode, attributes, directory, view: this };
  }

  #isRoot(inode: Inode): boolean {
    const { root } = this.fileSystem;
    return inode === root || inode.body.equals(root.body);
  }

  #hasCrossings(directory: Inode): boolean {
    const { crossings, above } = this.#served.serving;
    if (crossings.size > 0 && crossings.has(bytesKey(directory.body))) return true;
    return above !== undefined && this.#isRoot(directory);
  }

  /** The file in another export that a name leads to; undefined if it leads to none that this caller may use. */
  #across(directory: Inode, name: Buffer): Awaitable<File | undefined> | undefined {
    const covering = this.#served.covering(directory, name);
    if (covering !== undefined) return this.#rootOf(covering);
    const { above } = this.#served.serving;
    const isParent = name.length === 2 && name[0] === 0x2e && name[1] === 0x2e;
    if (above === undefined || !isParent || !this.#isRoot(directory)) return undefined;
    return then(this.#admit(above.served, this.#credential, this.#peer), (view) =>
      view === undefined
        ? undefined
        : then(view.fileSystem.resolve(above.directory), (inode): File => ({ view, inode })),
    );
  }

  #rootOf(covering: ServedExport): Awaitable<File | undefined> {
    return then(this.#admit(covering, this.#credential, this.#peer), (view) => {
      const crosses = view !== undefined && (this.options.crossMount || view.options.noHide);
      return crosses ? { view, inode: view.fileSystem.root } : undefined;
    });
  }

  /** The answer to a LOOKUP that left this file system: what lies beneath the mount point is not looked at. */
  async #foundAcross(directory: Inode, { view, inode }: File): Promise<FoundFile> {
    const searched = await this.fileSystem.access(this.caller, directory, Access.LOOKUP);
    if (searched.granted !== Access.LOOKUP) throw new FsError('ACCES', 'lookup');
    return { inode, attributes: await view.attributes(inode), directory: searched.attributes, view };
  }

  async #withCrossings(directory: Inode, listing: Listing): Promise<FileListing> {
    const entries = await Promise.all(
      listing.entries.map((entry) => {
        const crossed = this.#across(directory, entry.name);
        return crossed === undefined ? entry : this.#entryAcross(entry, crossed);
      }),
    );
    return { ...listing, entries };
  }

  /** A file system that fails leaves its entry without attributes, and the rest of the listing as it is. */
  async #entryAcross(entry: DirectoryEntry, crossed: Awaitable<File | undefined>): Promise<FileListing['entries'][0]> {
    const { name, fileid, cookie } = entry;
    try {
      const file = await crossed;
      if (file === undefined) return entry;
      const { view, inode } = file;
      return { name, fileid, cookie, view, inode, attributes: await view.attributes(inode) };
    } catch (error) {
      if (error instanceof FsError) return { name, fileid, cookie };
      throw error;
    }
  }
}
