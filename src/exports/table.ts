import { isDeepStrictEqual } from 'node:util';
import { type Awaitable, then } from '../common/awaitable.ts';
import type { Logger } from '../common/log.ts';
import type { Call, Credential, Peer } from '../rpc/index.ts';
import type { HandleAliases } from '../state/index.ts';
import { type FileSystem, FsError, type Inode } from '../vfs/index.ts';
import type { Exports, File, FileLocator, View } from './contract.ts';
import { openHandle, pad32, sealAlias, sealHandle, unpad32 } from './handle.ts';
import { HandleCache } from './handlecache.ts';
import { type Match, matchHost } from './match.ts';
import { type MountSource, parseMounts, systemMounts } from './mounts.ts';
import { HostNames, NAME_TIMES, type NameTimes, type Resolver } from './names.ts';
import { DEFAULT_OPTIONS, type ExportOptions } from './options.ts';
import type { ExportEntry } from './parse.ts';
import { isWithin, namesBelow } from './path.ts';
import { dependsOnMounts, makePlan, type Plan, type PlanPorts, walk } from './plan.ts';
import { bytesKey, type ServedExport } from './served.ts';
import { type Admit, ExportView } from './view.ts';

export interface ExportTableOptions {
  /** The cluster's: 32 bytes. Every handle is signed with it. */
  readonly secret: Buffer;
  /** Throws if there is no such directory. */
  openFileSystem(path: string): Awaitable<FileSystem>;
  /** The fsid of a path: made once, kept for good, the same on every node. */
  fsidFor(key: string): bigint;
  /** For handles that are too long for NFSv2. */
  readonly aliases: HandleAliases;
  readonly resolver: Resolver;
  readonly log: Logger;
  readonly mounts?: MountSource;
  readonly nameTimes?: NameTimes;
  /** True for one who watches over this server: it may look, also where no rule is for it. Left out: nobody does. */
  readonly isProbe?: (peer: Peer) => boolean;
  /** Told when other file systems than before are served. */
  readonly changed?: () => void;
}

/** Milliseconds between two looks at the mount table. */
const MOUNTS_INTERVAL = 5_000;
/** The least time between two looks that calls ask for. */
const MOUNTS_PAUSE = 1_000;
const KNOWN_HANDLES = 65_536;
/** Addresses whose rule is kept, for each export. */
const KNOWN_ADDRESSES = 4096;
/** Ports that only a privileged program of the client can have (`IPPORT_RESERVED`). */
const FIRST_FREE_PORT = 1024;

/** Enough to see whether an export answers. */
const PROBE: { readonly options: ExportOptions } = { options: { ...DEFAULT_OPTIONS, allSquash: true } };

/** The exports of this server: who may use which, and what a file handle stands for. */
export class ExportTable implements Exports, FileLocator {
  readonly #secret: Buffer;
  readonly #aliases: HandleAliases;
  readonly #ports: PlanPorts;
  readonly #log: Logger;
  readonly #names: HostNames;
  readonly #handles = new HandleCache(KNOWN_HANDLES);
  readonly #closing = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #isProbe: (peer: Peer) => boolean;
  readonly #changed: () => void;
  #entries: readonly ExportEntry[] = [];
  #byFsid: ReadonlyMap<bigint, ServedExport> = new Map();
  /** The longest path first. */
  #byDepth: readonly ServedExport[] = [];
  #mountText = '';
  #mountsSeen = 0;
  /** Grows whenever somebody's rights may have changed. */
  #generation = 0;
  /** Changes of the table go one after the other. */
  #changing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ExportTableOptions) {
    const { secret, aliases, openFileSystem, fsidFor, resolver, log, mounts, nameTimes, changed } = options;
    this.#secret = secret;
    this.#isProbe = options.isProbe ?? (() => false);
    this.#changed = changed ?? (() => {});
    this.#aliases = aliases;
    this.#ports = { openFileSystem, fsidFor, log, mounts: mounts ?? systemMounts, unservable: new Set() };
    this.#log = log;
    this.#names = new HostNames(resolver, log, () => this.#generation++, nameTimes ?? NAME_TIMES);
    this.#timer = setInterval(() => void this.#lookAtMounts(0), MOUNTS_INTERVAL).unref();
  }

  /**
   * Serves these exports from now on. Those that stay keep their file system, and clients their handles; the others are
   * closed once running calls have ended. Throws {@link ExportsError} if one cannot be opened: all stays as it was.
   */
  reload(entries: readonly ExportEntry[]): Promise<void> {
    return this.#change(async () => {
      const text = this.#ports.mounts.read();
      this.#ports.unservable.clear();
      const plan = await makePlan(entries, parseMounts(text), this.#byFsid.values(), this.#ports);
      const hosts = entries.flatMap(({ rules }) => rules.map(({ host }) => host));
      const names = new Set(hosts.flatMap((host) => (host.kind === 'name' ? [host.name] : [])));
      await this.#names.watch(names);
      this.#takeOn(plan, text);
      this.#names.watchOnly(names);
    });
  }

  file(padded: Buffer, call: Call): Awaitable<File> {
    const handle = unpad32(padded);
    const known = this.#handles.get(handle);
    if (known === undefined) return this.#open(handle, call);
    const view = this.#view(known.served, call.credential, call.peer);
    if (view instanceof Promise) return view.then((late) => ({ view: late, inode: known.file.inode }));
    if (known.file.view !== view) known.file = { view, inode: known.file.inode };
    return known.file;
  }

  async locate(padded: Buffer): Promise<{ readonly fileSystem: FileSystem; readonly inode: Inode }> {
    const { fsid, body } = this.#named(unpad32(padded));
    const served = this.#byFsid.get(fsid);
    if (served === undefined) throw new FsError('STALE', 'handle');
    const { fileSystem } = served.serving;
    if (fileSystem === undefined) throw new FsError('JUKEBOX', 'nothing is mounted there');
    return { fileSystem, inode: await fileSystem.resolve(body) };
  }

  handleOf(view: View, inode: Inode): Buffer {
    if (inode.handle === undefined) {
      inode.handle = sealHandle(this.#secret, fsidOf(view), inode.body);
    }
    return inode.handle;
  }

  handle32Of(view: View, inode: Inode): Awaitable<Buffer> {
    const own = pad32(this.handleOf(view, inode));
    if (own !== undefined) return own;
    const { handle, alias } = sealAlias(this.#secret, fsidOf(view), inode.body);
    return then(this.#aliases.keep(alias, inode.body), () => handle);
  }

  async mount(path: Buffer, call: Call): Promise<File> {
    const wanted = requestedPath(path);
    await this.#lookAtMounts(0);
    let why = 'no export has this path';
    for (const served of this.#byDepth) {
      if (!isWithin(wanted, served.pathBytes)) continue;
      // As mountd: nothing is there as long as nothing is mounted.
      if (served.serving.fileSystem === undefined) throw new FsError('NOENT', 'mount');
      try {
        const view = await this.#view(served, call.credential, call.peer);
        const names = namesBelow(wanted, served.pathBytes).map((name) => Buffer.from(name, 'latin1'));
        return { view, inode: await walk(view.fileSystem, names) };
      } catch (error) {
        if (!(error instanceof NotAdmitted)) throw error;
        why = error.operation;
      }
    }
    throw new FsError('ACCES', why);
  }

  list(): { readonly path: string; readonly hosts: readonly string[] }[] {
    return this.#entries.map(({ path, rules }) => ({
      path,
      hosts: rules.some(({ host }) => host.kind === 'everyone') ? [] : rules.map(({ host }) => host.text),
    }));
  }

  /** The root of each export that is served, and its handle. */
  roots(): { readonly path: string; readonly handle: Buffer }[] {
    return [...this.#byFsid.values()].flatMap(({ path, fsid, serving }) =>
      serving.fileSystem === undefined
        ? []
        : { path, handle: sealHandle(this.#secret, fsid, serving.fileSystem.root.body) },
    );
  }

  /** Ends it all: file systems are closed once running calls have ended. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#names.close();
    await this.#change(async () => {
      this.#closed = true;
      this.#takeOn({ exports: new Map(), entries: [] }, '');
    });
    await Promise.all(this.#closing);
  }

  /** The way of a handle that is not known, or whose file was let go. */
  #open(handle: Buffer, call: Call): Awaitable<File> {
    const { fsid, body } = this.#named(handle);
    const served = this.#byFsid.get(fsid);
    if (served?.serving.fileSystem === undefined) return this.#openLater(handle, fsid, body, call);
    return this.#resolve(served, handle, body, call);
  }

  /** What a handle says, its alias resolved. */
  #named(handle: Buffer): { readonly fsid: bigint; readonly body: Buffer } {
    const { fsid, body: given, isAlias } = openHandle(this.#secret, handle);
    const body = isAlias ? this.#aliases.find(given) : given;
    // The state that knew it was lost: the client is to look its file up again.
    if (body === undefined) throw new FsError('STALE', 'alias');
    return { fsid, body };
  }

  /** Nothing is served under this fsid, but it may have been mounted just now. */
  async #openLater(handle: Buffer, fsid: bigint, body: Buffer, call: Call): Promise<File> {
    await this.#lookAtMounts(MOUNTS_PAUSE);
    const served = this.#byFsid.get(fsid);
    if (served === undefined) throw new FsError('STALE', 'handle');
    return this.#resolve(served, handle, body, call);
  }

  #resolve(served: ServedExport, handle: Buffer, body: Buffer, call: Call): Awaitable<File> {
    return then(this.#view(served, call.credential, call.peer), (view) =>
      then(view.fileSystem.resolve(body), (inode) => {
        const file: File = { view, inode };
        // The handle given is part of a buffer that will be used again.
        if (view.fileSystem === served.serving.fileSystem) {
          this.#handles.set({ handle: Buffer.from(handle), served, file });
        }
        return file;
      }),
    );
  }

  /** Throws {@link NotAdmitted} if the caller may not use the export. */
  #view(served: ServedExport, credential: Credential, peer: Peer): Awaitable<ExportView> {
    const known = served.views.get(credential);
    if (known !== undefined && known.peer === peer && known.generation === this.#generation) return known.view;
    return this.#admit(served, credential, peer);
  }

  #admit(served: ServedExport, credential: Credential, peer: Peer): Awaitable<ExportView> {
    const generation = this.#generation;
    return then(this.#match(served, peer.address), ({ rule: given, certain }) => {
      const rule = given ?? (this.#isProbe(peer) ? PROBE : undefined);
      if (rule === undefined) throw new NotAdmitted(certain ? 'ACCES' : 'JUKEBOX', 'the client is not in the exports');
      const { options } = rule;
      if (options.secure && peer.port >= FIRST_FREE_PORT) {
        throw new NotAdmitted('PERM', 'the export says secure and the port is above 1023');
      }
      const { fileSystem } = served.serving;
      // Storage on its way from another node: the client is to come back, not to give its handles up.
      if (fileSystem === undefined) throw new FsError('JUKEBOX', 'nothing is mounted there');
      // Programs compare views: two halves of one call must not see different ones because a reload came between.
      const known = served.views.get(credential);
      const isSame =
        known?.peer === peer && known.view.fileSystem === fileSystem && isDeepStrictEqual(known.view.options, options);
      const view = isSame
        ? known.view
        : new ExportView(served, fileSystem, options, credential, peer, this.#admitAcross);
      if (certain) served.views.set(credential, { peer, view, generation });
      return view;
    });
  }

  #match(served: ServedExport, address: string): Awaitable<Match> {
    const generation = this.#generation;
    if (served.matches.generation !== generation) served.matches = { generation, rules: new Map() };
    const { rules } = served.matches;
    const known = rules.get(address);
    if (known !== undefined) return { rule: known, certain: true };
    return then(matchHost(served.serving.rules, address, this.#names), (match) => {
      if (rules.size >= KNOWN_ADDRESSES) rules.clear();
      if (match.rule !== undefined && match.certain) rules.set(address, match.rule);
      return match;
    });
  }

  readonly #admitAcross: Admit = (served, credential, peer) => {
    const refused = (error: unknown): undefined => {
      if (!(error instanceof FsError)) throw error;
    };
    try {
      const view = this.#view(served, credential, peer);
      return view instanceof Promise ? view.catch(refused) : view;
    } catch (error) {
      return refused(error);
    }
  };

  /** Has the exports follow the mount table, unless that was done less than `pause` milliseconds ago. */
  #lookAtMounts(pause: number): Promise<void> {
    if (!dependsOnMounts(this.#entries) || performance.now() - this.#mountsSeen < pause) return Promise.resolve();
    return this.#change(async () => {
      this.#mountsSeen = performance.now();
      const text = this.#ports.mounts.read();
      if (text === this.#mountText || this.#closed) return;
      const plan = await makePlan(this.#entries, parseMounts(text), this.#byFsid.values(), this.#ports);
      this.#takeOn(plan, text);
    }).catch((error: unknown) => {
      this.#log.error({ err: error }, 'the exports cannot follow the mount table; what was served stays');
    });
  }

  #change(work: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** The one moment at which what is served changes. */
  #takeOn(plan: Plan, mountText: string): void {
    const before = new Map([...this.#byFsid.values()].map((served) => [served, served.serving.fileSystem]));
    for (const [served, serving] of plan.exports) served.serving = serving;
    const after = [...plan.exports.keys()];
    this.#byFsid = new Map(after.map((served) => [served.fsid, served]));
    this.#byDepth = after.sort((a, b) => b.path.length - a.path.length);
    this.#entries = plan.entries;
    this.#mountText = mountText;
    this.#generation++;
    for (const served of after) {
      if (served.inherited && !before.has(served))
        this.#log.info({ path: served.path }, 'mounted below an export: served');
    }
    for (const [served, fileSystem] of before) {
      const stays = plan.exports.get(served)?.fileSystem === fileSystem;
      if (fileSystem !== undefined && !stays) this.#letGo(served.path, fileSystem);
    }
    this.#changed();
  }

  #letGo(path: string, fileSystem: FileSystem): void {
    this.#handles.clear();
    this.#log.info({ path }, 'no longer served');
    const closing = fileSystem
      .close()
      .catch((error: unknown) => this.#log.error({ path, err: error }, 'a file system did not close'))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

function fsidOf({ fsidHigh, fsidLow }: View): bigint {
  return (BigInt(fsidHigh) << 32n) | BigInt(fsidLow);
}

/** The exports refuse this caller; `operation` says why. */
class NotAdmitted extends FsError {}

/** The path of a MNT, one character to a byte, without what does not matter in it. */
function requestedPath(path: Buffer): string {
  const names = bytesKey(path)
    .split('/')
    .filter((name) => name !== '' && name !== '.');
  const isOdd = path.length > 0 && path[0] !== 0x2f;
  if (isOdd || path.includes(0) || names.includes('..')) throw new FsError('ACCES', 'no export has such a path');
  return `/${names.join('/')}`;
}
