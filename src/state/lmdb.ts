import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { type Database, open, type RootDatabase } from 'lmdb';
import { LmdbAliases } from './aliases.ts';
import { checkDataFile, damaged } from './datafile.ts';
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
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Room for the tables of later formats. */
const MAX_TABLES = 32;

export interface StateOptions {
  /** What names this boot of the kernel. */
  readonly bootId?: string;
  readonly now?: () => number;
  /** Told of failed writes that are tried again, such as those for want of space. */
  readonly report?: (error: unknown) => void;
}

/**
 * Opens the state in a directory, which is made if need be (mode 0700), for this process alone.
 *
 * Throws {@link StateError} if the directory cannot be written, another process has it, or what lies there is damaged,
 * of a later version, or not ours. An existing state is never replaced by a new one.
 */
export async function openState(directory: string, options: StateOptions = {}): Promise<StateStore> {
  makeDirectory(directory);
  const lock = DirectoryLock.take(directory, hostname());
  try {
    const path = `${directory}/state.mdb`;
    if (!existsSync(path)) await createDataFile(directory, path);
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

class LmdbState implements StateStore {
  readonly secret: Buffer;
  readonly verifier: Verifier;
  readonly index: PlaceIndex;
  readonly mounts: MountTable;
  readonly aliases: LmdbAliases;
  readonly locks: LmdbLocks;
  readonly monitors: FolderMonitors;
  readonly replies: RepliesJournal;
  private readonly fsids: Fsids;
  private readonly release: () => Promise<void>;
  private closing: Promise<void> | undefined;

  constructor(
    settings: LmdbSettings,
    index: PlaceIndex,
    mounts: MountTable,
    aliases: LmdbAliases,
    locks: LmdbLocks,
    monitors: FolderMonitors,
    replies: RepliesJournal,
    bootId: string,
    release: () => Promise<void>,
  ) {
    this.secret = secretOf(settings);
    this.verifier = new Verifier(settings, this.secret, bootId);
    this.fsids = new Fsids(settings);
    this.index = index;
    this.mounts = mounts;
    this.aliases = aliases;
    this.locks = locks;
    this.monitors = monitors;
    this.replies = replies;
    this.release = release;
  }

  fsidFor(key: string): bigint {
    return this.fsids.fsidFor(key);
  }

  close(): Promise<void> {
    this.closing ??= Promise.all([this.index.close(), this.replies.close()]).then(this.release);
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
  const report = options.report ?? warn;
  const settings = new LmdbSettings(table(root, 'settings'));
  checkFormat(settings, path);
  const keeper = new LmdbMounts(table(root, 'mounts'), report);
  const mounts = new MountTable(keeper, options.now === undefined ? {} : { now: options.now });
  const aliases = new LmdbAliases(table(root, 'aliases'), report);
  const locks = new LmdbLocks(table(root, 'locks'), settings);
  const monitors = new FolderMonitors(`${directory}/nsm`);
  const bootId = options.bootId ?? readFileSync(BOOT_ID, 'utf8').trim();
  const journal = Journal.open(`${directory}/index.journal`);
  let replies: RepliesJournal | undefined;
  try {
    replies = RepliesJournal.open(`${directory}/replies.journal`, { report });
    const index = new PlaceIndex(table(root, 'places'), journal, report);
    return new LmdbState(settings, index, mounts, aliases, locks, monitors, replies, bootId, async () => {
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

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StateError(
      `cannot make the state directory ${directory}: ${reason(error)}. Make it by hand for this user, or name another one.`,
    );
  }
  if (!statSync(directory).isDirectory()) {
    throw new StateError(`${directory} is not a directory, so it cannot hold the state. Name another one.`);
  }
}

/**
 * Makes the file under another name and puts it in place whole, so that an empty or half-made `state.mdb` is always
 * damage, and never mistaken for a first start.
 */
async function createDataFile(directory: string, path: string): Promise<void> {
  const fresh = `${path}.new`;
  for (const leftover of [fresh, `${fresh}-lock`]) rmSync(leftover, { force: true });
  const root = openDataFile(fresh);
  const settings = new LmdbSettings(table(root, 'settings'));
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
