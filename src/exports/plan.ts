import type { Awaitable } from '../common/awaitable.ts';
import type { Logger } from '../common/log.ts';
import { type FileSystem, FileType, FsError, type Inode } from '../vfs/index.ts';
import { ExportsError, type Problem } from './error.ts';
import { type Mount, type MountSource, mountOf } from './mounts.ts';
import type { ExportEntry, HostRule } from './parse.ts';
import { isWithin, namesBelow } from './path.ts';
import { bytesKey, ServedExport, type Serving } from './served.ts';

/** What an exports file comes to with the mounts of this moment. Nothing is served by it until it is taken on. */
export interface Plan {
  readonly exports: ReadonlyMap<ServedExport, Serving>;
  readonly entries: readonly ExportEntry[];
}

export interface PlanPorts {
  openFileSystem(path: string): Awaitable<FileSystem>;
  fsidFor(key: string): bigint;
  readonly mounts: MountSource;
  readonly log: Logger;
  /** Mounts that could not be opened, by id: said once, and not tried again at every change of the mount table. */
  readonly unservable: Set<number>;
}

/** Kernel interfaces that look like files and are nobody's data; `crossmnt` does not reach them. */
const NOT_STORAGE: ReadonlySet<string> = new Set([
  ...['autofs', 'binfmt_misc', 'bpf', 'cgroup', 'cgroup2', 'configfs', 'debugfs', 'devpts', 'devtmpfs', 'efivarfs'],
  ...['fusectl', 'hugetlbfs', 'mqueue', 'nfsd', 'nsfs', 'proc', 'pstore', 'rpc_pipefs', 'securityfs', 'selinuxfs'],
  ...['sysfs', 'tracefs'],
]);

interface Draft {
  readonly served: ServedExport;
  /** The path as the mount table has it. */
  readonly realPath: string;
  readonly fileSystem: FileSystem | undefined;
  readonly mountId: number | undefined;
  readonly folder: string | undefined;
  readonly rules: readonly HostRule[];
  readonly crossings: Map<string, Map<string, ServedExport>>;
  above: Serving['above'];
}

/** Whether the mounts of the moment matter to an exports file at all. */
export function dependsOnMounts(entries: readonly ExportEntry[]): boolean {
  return entries.some(
    ({ mountPoint, rules }) =>
      mountPoint !== undefined || rules.some(({ options }) => options.crossMount || options.noHide),
  );
}

/**
 * Opens what an exports file asks for and finds what is mounted below it. `current` are the exports served so far; those
 * that stay keep their file system. Throws {@link ExportsError}, with nothing left open, if one cannot be opened.
 */
export async function makePlan(
  entries: readonly ExportEntry[],
  mounts: readonly Mount[],
  current: Iterable<ServedExport>,
  ports: PlanPorts,
): Promise<Plan> {
  const planner = new Planner(mounts, current, ports);
  try {
    return await planner.plan(entries);
  } catch (error) {
    await planner.abandon();
    throw error;
  }
}

class Planner {
  readonly #mounts: readonly Mount[];
  readonly #current: ReadonlyMap<bigint, ServedExport>;
  readonly #ports: PlanPorts;
  readonly #opened: FileSystem[] = [];
  readonly #drafts = new Map<bigint, Draft>();

  constructor(mounts: readonly Mount[], current: Iterable<ServedExport>, ports: PlanPorts) {
    this.#mounts = mounts;
    this.#current = new Map([...current].map((served) => [served.fsid, served]));
    this.#ports = ports;
  }

  async plan(entries: readonly ExportEntry[]): Promise<Plan> {
    const problems: Problem[] = [];
    for (const entry of entries) {
      const problem = await this.#draftEntry(entry);
      if (problem !== undefined)
        problems.push({ file: entry.file, line: entry.line, column: entry.column, text: problem });
    }
    if (problems.length > 0) throw new ExportsError(problems);
    // From the outside in, so that what is mounted below an inherited file system inherits from that.
    const outermostFirst = [...this.#mounts].sort((a, b) => a.path.length - b.path.length);
    for (const mount of outermostFirst) await this.#placeMount(mount);
    const exports = new Map<ServedExport, Serving>();
    for (const { served, fileSystem, mountId, folder, rules, crossings, above } of this.#drafts.values()) {
      exports.set(served, { fileSystem, mountId, folder, rules, crossings, above });
    }
    return { exports, entries };
  }

  async abandon(): Promise<void> {
    await Promise.allSettled(this.#opened.map((fileSystem) => fileSystem.close()));
  }

  /** @returns what is wrong, in words. */
  async #draftEntry(entry: ExportEntry): Promise<string | undefined> {
    const { path, rules } = entry;
    const mountId = entry.mountPoint === undefined ? undefined : this.#mountAt(entry.mountPoint)?.id;
    const fsid = entry.fsid ?? this.#ports.fsidFor(path);
    const other = this.#drafts.get(fsid);
    if (other?.served.path === path) return `${path} is exported twice; name all its hosts in one place`;
    if (other !== undefined) return `${path} has the fsid of ${other.served.path}; give each its own with fsid=`;
    const served = this.#keep(path, fsid, false);
    const folder = this.#folder(path) ?? served.serving.folder;
    let fileSystem: FileSystem | undefined;
    if (entry.mountPoint === undefined || mountId !== undefined) {
      try {
        fileSystem = await this.#open(served, mountId, folder);
      } catch (error) {
        return `${path} cannot be exported: ${reason(error)}`;
      }
    } else if (served.serving.fileSystem !== undefined || !this.#current.has(fsid)) {
      this.#ports.log.warn({ path, mountPoint: entry.mountPoint }, 'not exported: nothing is mounted there');
    }
    this.#drafts.set(fsid, {
      ...{ served, realPath: this.#realPath(path), fileSystem, mountId, folder, rules },
      ...{ crossings: new Map(), above: undefined },
    });
    return undefined;
  }

  #keep(path: string, fsid: bigint, inherited: boolean): ServedExport {
    const known = this.#current.get(fsid);
    return known?.path === path && known.inherited === inherited ? known : new ServedExport(path, fsid, inherited);
  }

  async #open(served: ServedExport, mountId: number | undefined, folder?: string): Promise<FileSystem> {
    const { serving } = served;
    const isSame = serving.mountId === mountId && serving.folder === folder;
    if (serving.fileSystem !== undefined && isSame) return serving.fileSystem;
    const fileSystem = await this.#ports.openFileSystem(served.path);
    this.#opened.push(fileSystem);
    return fileSystem;
  }

  /** Joins a mounted file system to the export that it is mounted in, if that crosses into it. */
  async #placeMount(mount: Mount): Promise<void> {
    const parent = this.#parentOf(mount);
    if (parent?.fileSystem === undefined) return;
    const drafts = [...this.#drafts.values()];
    const child = drafts.find(({ realPath }) => realPath === mount.path) ?? (await this.#inherit(parent, mount));
    if (child?.fileSystem === undefined) return;
    const reached =
      parent.rules.some(({ options }) => options.crossMount) || child.rules.some(({ options }) => options.noHide);
    if (reached) await this.#join(parent, parent.fileSystem, child, namesBelow(mount.path, parent.realPath));
  }

  /** The innermost export that has the mount point in its own file system. */
  #parentOf(mount: Mount): Draft | undefined {
    let innermost: Draft | undefined;
    for (const draft of this.#drafts.values()) {
      const { realPath } = draft;
      if (realPath === mount.path || !isWithin(mount.path, realPath)) continue;
      if (realPath.length > (innermost?.realPath.length ?? -1)) innermost = draft;
    }
    return innermost !== undefined && mountOf(innermost.realPath, this.#mounts)?.id === mount.parent
      ? innermost
      : undefined;
  }

  /** A mounted file system that no line names takes the options of the `crossmnt` export above. */
  async #inherit(parent: Draft, mount: Mount): Promise<Draft | undefined> {
    const rules = parent.rules.filter(({ options }) => options.crossMount);
    if (rules.length === 0 || NOT_STORAGE.has(mount.type) || this.#ports.unservable.has(mount.id)) return undefined;
    const path = [
      parent.served.path === '/' ? '' : parent.served.path,
      ...namesBelow(mount.path, parent.realPath),
    ].join('/');
    const fsid = this.#ports.fsidFor(path);
    const other = this.#drafts.get(fsid);
    if (other !== undefined) {
      this.#ports.log.warn({ path, other: other.served.path }, 'not crossed into: another export has its fsid');
      return undefined;
    }
    const served = this.#keep(path, fsid, true);
    try {
      const fileSystem = await this.#open(served, mount.id);
      const draft = {
        served,
        realPath: mount.path,
        fileSystem,
        mountId: mount.id,
        folder: undefined,
        rules,
        crossings: new Map(),
        above: undefined,
      };
      this.#drafts.set(fsid, draft);
      return draft;
    } catch (error) {
      this.#ports.unservable.add(mount.id);
      // A file that something is mounted on, storage that cannot be served: the export above goes on without it.
      this.#ports.log.warn({ path, reason: reason(error) }, 'a file system below a crossmnt export cannot be served');
      return undefined;
    }
  }

  async #join(parent: Draft, fileSystem: FileSystem, child: Draft, names: readonly string[]): Promise<void> {
    let directory: Inode;
    try {
      directory = await walk(
        fileSystem,
        names.slice(0, -1).map((name) => Buffer.from(name)),
      );
    } catch (error) {
      this.#ports.log.warn({ path: child.served.path, reason: reason(error) }, 'a mount point cannot be reached');
      return;
    }
    const key = bytesKey(directory.body);
    const named = parent.crossings.get(key) ?? new Map<string, ServedExport>();
    parent.crossings.set(key, named.set(bytesKey(Buffer.from(names.at(-1)!)), child.served));
    child.above = { served: parent.served, directory: directory.body };
  }

  #mountAt(path: string): Mount | undefined {
    const realPath = this.#realPath(path);
    return this.#mounts.find((mount) => mount.path === realPath);
  }

  /** Undefined if nothing is there: then what was opened before stays. */
  #folder(path: string): string | undefined {
    try {
      return this.#ports.mounts.folder(path);
    } catch {
      return undefined;
    }
  }

  #realPath(path: string): string {
    try {
      return this.#ports.mounts.realPath(path);
    } catch {
      return path;
    }
  }
}

/** Goes down from the root as the server itself, through directories only. Throws NOTDIR at anything else. */
export async function walk(fileSystem: FileSystem, names: readonly Buffer[]): Promise<Inode> {
  let inode = fileSystem.root;
  for (const name of names) {
    if (inode.type !== FileType.DIR) throw new FsError('NOTDIR', 'mount');
    inode = (await fileSystem.lookup({ uid: 0, gid: 0, groups: [], sync: true }, inode, name)).inode;
  }
  if (inode.type !== FileType.DIR) throw new FsError('NOTDIR', 'mount');
  return inode;
}

function reason(error: unknown): string {
  if (error instanceof FsError) {
    const words: Partial<Record<string, string>> = {
      NOENT: 'no such directory',
      NOTDIR: 'not a directory',
      ACCES: 'permission denied',
    };
    return words[error.code] ?? error.code;
  }
  return error instanceof Error ? error.message : String(error);
}
