import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Database, open, type RootDatabase } from 'lmdb';
import { type ChangeGuard, UNGUARDED } from '../common/licence.ts';
import { LmdbAliases } from './aliases.ts';
import { LmdbConnections } from './connections.ts';
import { checkDataFile, damaged } from './datafile.ts';
import { makeDirectory } from './directory.ts';
import { epochName, epochsAmong } from './epochnames.ts';
import { reason, StateError } from './error.ts';
import { Fsids } from './fsids.ts';
import { Journal } from './journal.ts';
import { LmdbLocks } from './lmdblocks.ts';
import { LmdbMounts } from './lmdbmounts.ts';
import { LmdbSettings } from './lmdbsettings.ts';
import { DirectoryLock } from './lock.ts';
import { FolderMonitors } from './monitors.ts';
import { MountTable } from './mounts.ts';
import { PlaceIndex } from './placeindex.ts';
import { RepliesJournal } from './repliesjournal.ts';
import { secretOf } from './secret.ts';
import type { StateStore } from './store.ts';
import { Verifier } from './verifier.ts';

/** The format of everything in the database. A store with a higher one is refused. */
const FORMAT = 1;
const PRODUCT = 'steadfs state';
const DATA_FILE = 'state.mdb';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Room for the tables of later formats. */
const MAX_TABLES = 32;

export interface StateOptions {
  /** What names this boot of the kernel. */
  readonly bootId?: string;
  readonly now?: () => number;
  /** Told of failed writes that are tried again, such as those for want of space. */
  readonly report?: (error: unknown) => void;
  /** Stands before every write. Left out: the directory's lock is all that it takes. */
  readonly guard?: ChangeGuard;
}

/**
 * Opens the state in a directory, which is made if need be (mode 0700), for this process alone.
 *
 * Throws {@link StateError} if the directory cannot be written, another process has it, or what lies there is damaged,
 * of a later version, or not ours. An existing state is never replaced by a new one.
 */
export async function openState(directory: string, options: StateOptions = {}): Promise<StateStore> {
  makeDirectory(directory);
  const epoch = epochsAmong(readdirSync(directory)).at(-1);
  if (epoch !== undefined) {
    throw new StateError(
      `the state ${directory} belongs to a package of a cluster, which "steadfs node" runs. Name another directory. ` +
        `To serve it without the cluster for good, copy the contents of ${epochName(epoch)} into an empty directory and name that.`,
    );
  }
  const lock = DirectoryLock.take(directory, hostname());
  try {
    if (!existsSync(`${directory}/${DATA_FILE}`)) await createStateFiles(directory);
  } catch (error) {
    lock.release();
    throw error;
  }
  return await openLocked(directory, lock, options);
}

/** Opens a state that is there. Throws {@link StateError} as {@link openState} does. */
export async function openStateFiles(directory: string, options: StateOptions): Promise<StateStore> {
  return await openLocked(directory, DirectoryLock.take(directory, hostname()), options);
}

async function openLocked(directory: string, lock: DirectoryLock, options: StateOptions): Promise<StateStore> {
  try {
    const path = `${directory}/${DATA_FILE}`;
    checkDataFile(path);
    const root = openDataFile(path);
    try {
      return openTables(directory, path, root, lock, options);
    } catch (error) {
      await root.close();
      throw error instanceof StateError ? error : damaged(path, reason(error));
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Tables {
  readonly secret: Buffer;
  readonly verifier: Verifier;
  readonly fsids: Fsids;
  readonly index: PlaceIndex;
  readonly mounts: MountTable;
  readonly aliases: LmdbAliases;
  readonly locks: LmdbLocks;
  readonly monitors: FolderMonitors;
  readonly connections: LmdbConnections;
  readonly replies: RepliesJournal;
}

class LmdbState implements StateStore {
  readonly secret: Buffer;
  readonly verifier: Verifier;
  readonly index: PlaceIndex;
  readonly mounts: MountTable;
  readonly aliases: LmdbAliases;
  readonly locks: LmdbLocks;
  readonly monitors: FolderMonitors;
  readonly connections: LmdbConnections;
  readonly replies: RepliesJournal;
  private readonly fsids: Fsids;
  private readonly release: () => Promise<void>;
  private closing: Promise<void> | undefined;

  constructor(tables: Tables, release: () => Promise<void>) {
    this.secret = tables.secret;
    this.verifier = tables.verifier;
    this.fsids = tables.fsids;
    this.index = tables.index;
    this.mounts = tables.mounts;
    this.aliases = tables.aliases;
    this.locks = tables.locks;
    this.monitors = tables.monitors;
    this.connections = tables.connections;
    this.replies = tables.replies;
    this.release = release;
  }

  fsidFor(key: string): bigint {
    return this.fsids.fsidFor(key);
  }

  close(how = { filesFlushed: false }): Promise<void> {
    this.closing ??= Promise.all([this.index.close(), this.replies.close()]).then(() => {
      if (how.filesFlushed) this.verifier.flushed();
      return this.release();
    });
    return this.closing;
  }
}

function openTables(
  directory: string,
  path: string,
  root: RootDatabase<Buffer, Buffer>,
  lock: DirectoryLock,
  options: StateOptions,
): LmdbState {
  const { report = warn, guard = UNGUARDED } = options;
  const settings = new LmdbSettings(table(root, 'settings'), guard);
  checkFormat(settings, path);
  const secret = secretOf(settings);
  const bootId = options.bootId ?? readFileSync(BOOT_ID, 'utf8').trim();
  const keeper = new LmdbMounts(table(root, 'mounts'), guard, report);
  const journal = Journal.open(`${directory}/index.journal`);
  let replies: RepliesJournal | undefined;
  try {
    replies = RepliesJournal.open(`${directory}/replies.journal`, { report });
    const tables: Tables = {
      secret,
      // Not guarded: that data was lost is to be remembered in any case.
      verifier: new Verifier(new LmdbSettings(table(root, 'settings'), UNGUARDED), secret, bootId),
      fsids: new Fsids(settings),
      index: new PlaceIndex(table(root, 'places'), journal, guard, report),
      mounts: new MountTable(keeper, options.now === undefined ? {} : { now: options.now }),
      aliases: new LmdbAliases(table(root, 'aliases'), guard, report),
      locks: new LmdbLocks(path, table(root, 'locks'), settings, guard),
      monitors: new FolderMonitors(`${directory}/nsm`, guard),
      connections: new LmdbConnections(table(root, 'connections'), guard, report),
      replies,
    };
    return new LmdbState(tables, async () => {
      await root.flushed;
      // An open environment can hang process.exit(), so nothing is left to lmdb's own exit hook.
      await root.close();
      lock.release();
    });
  } catch (error) {
    journal.close();
    void replies?.close();
    throw error;
  }
}

/**
 * Makes a new state. Its file is made under another name and put in place whole, so that an empty or half-made
 * `state.mdb` is always damage, and never mistaken for a first start.
 */
export async function createStateFiles(directory: string): Promise<void> {
  const path = `${directory}/${DATA_FILE}`;
  const fresh = `${path}.new`;
  for (const leftover of [fresh, `${fresh}-lock`]) rmSync(leftover, { force: true });
  const root = openDataFile(fresh);
  const settings = new LmdbSettings(table(root, 'settings'), UNGUARDED);
  const format = Buffer.alloc(4);
  format.writeUInt32BE(FORMAT);
  settings.set('product', Buffer.from(PRODUCT));
  settings.set('format', format);
  secretOf(settings);
  await root.close();
  rmSync(`${fresh}-lock`, { force: true });
  renameSync(fresh, path);
  const fd = openSync(directory, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

function openDataFile(path: string): RootDatabase<Buffer, Buffer> {
  try {
    // LMDB would make its files readable for all; they hold the secret.
    for (const file of [path, `${path}-lock`]) closeSync(openSync(file, 'a', 0o600));
    return open<Buffer, Buffer>({
      path,
      noSubdir: true,
      maxDbs: MAX_TABLES,
      encoding: 'binary',
      keyEncoding: 'binary',
    });
  } catch (error) {
    throw new StateError(`cannot open ${path}: ${reason(error)}. Check the disk and the rights of this user.`);
  }
}

function table(root: RootDatabase<Buffer, Buffer>, name: string): Database<Buffer, Buffer> {
  return root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
}

function checkFormat(settings: LmdbSettings, path: string): void {
  if (settings.get('product')?.toString() !== PRODUCT) {
    throw new StateError(`${path} is an LMDB file, but not a state of steadfs. Name another state directory.`);
  }
  const format = settings.get('format')?.readUInt32BE();
  if (format !== FORMAT) {
    throw new StateError(
      `${path} has format ${format}; this version knows format ${FORMAT}. Use the version of steadfs that wrote it, or a later one.`,
    );
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
}
