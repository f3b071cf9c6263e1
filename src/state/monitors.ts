import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeGuard } from '../common/licence.ts';
import { makeDirectory } from './directory.ts';
import { reason, StateError } from './error.ts';
import { sync, syncAndClose } from './sync.ts';

/** A host whose restart frees locks here, or that is to be told when locks are lost here (statd's `sm/`). */
export interface Monitor {
  /** What the host calls itself (`mon_name`), one character to a byte. */
  readonly name: string;
  /** Where it calls from; empty for a host that a program of this host wants watched by name alone. */
  readonly address: string;
  /** Our address that it speaks to; empty if that is not known. */
  readonly localAddress: string;
  /** Its state number; 0 if it never told. */
  readonly state: number;
  /** Our own state number as it knows it. */
  readonly told: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** A program of this host that is to be told of its restart, other than our own lock manager. */
  readonly watcher?: Watcher | undefined;
}

export interface Watcher {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  /** 16 bytes that go back to it, in hex. */
  readonly cookie: string;
}

/**
 * The monitored hosts and our own state number. Kept apart from the lock tables, so that a loss of those can be noticed
 * and the hosts be told.
 */
export interface MonitorStore {
  /** Our own state number (NSM): odd while we run; it grows when locks were lost. */
  readonly state: number;
  /** The lock tables that the monitors belong to; undefined before the first start. */
  readonly lineage: string | undefined;
  list(): Monitor[];
  /** One line for each name, address and watcher. On disk when this ends. */
  keep(monitor: Monitor): Promise<void>;
  drop(monitor: Monitor): Promise<void>;
  /** On disk when this returns. */
  renew(state: number, lineage: string): void;
}

const FIRST_STATE = 1;

export class MemoryMonitors implements MonitorStore {
  state = FIRST_STATE;
  lineage: string | undefined;
  private readonly monitors = new Map<string, Monitor>();

  list(): Monitor[] {
    return [...this.monitors.values()];
  }

  async keep(monitor: Monitor): Promise<void> {
    this.monitors.set(fileNameOf(monitor), monitor);
  }

  async drop(monitor: Monitor): Promise<void> {
    this.monitors.delete(fileNameOf(monitor));
  }

  renew(state: number, lineage: string): void {
    this.state = state;
    this.lineage = lineage;
  }
}

const OWN = 'own';
const HOST = 'host-';
const TEMPORARY = '.new';

/** A folder with a text file for each host. A host's file is whole or not there at all. */
export class FolderMonitors implements MonitorStore {
  private readonly folder: string;
  private readonly guard: ChangeGuard;
  private readonly monitors = new Map<string, Monitor>();
  /** Writes to one host's file go one after the other. */
  private readonly writing = new Map<string, Promise<void>>();
  state = FIRST_STATE;
  lineage: string | undefined;

  /** Throws {@link StateError}, which names the file that is damaged. */
  constructor(folder: string, guard: ChangeGuard) {
    this.folder = folder;
    this.guard = guard;
    makeDirectory(folder);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (name.endsWith(TEMPORARY)) rmSync(path);
      else if (name === OWN) ({ state: this.state, lineage: this.lineage } = readJson(path, isOwn));
      else if (name.startsWith(HOST)) this.monitors.set(name, readJson(path, isMonitor));
    }
  }

  list(): Monitor[] {
    return [...this.monitors.values()];
  }

  keep(monitor: Monitor): Promise<void> {
    const name = fileNameOf(monitor);
    this.monitors.set(name, monitor);
    return this.inTurn(name, async () => {
      this.guard.check();
      const path = join(this.folder, name);
      await writeDurably(`${path}${TEMPORARY}`, `${JSON.stringify(monitor)}\n`);
      await rename(`${path}${TEMPORARY}`, path);
      await sync(this.folder);
    });
  }

  drop(monitor: Monitor): Promise<void> {
    const name = fileNameOf(monitor);
    this.monitors.delete(name);
    return this.inTurn(name, async () => {
      this.guard.check();
      await rm(join(this.folder, name), { force: true });
      await sync(this.folder);
    });
  }

  renew(state: number, lineage: string): void {
    this.guard.check();
    const path = join(this.folder, OWN);
    const own: Own = { state, lineage };
    const fd = openSync(`${path}${TEMPORARY}`, 'w', 0o600);
    try {
      writeFileSync(fd, `${JSON.stringify(own)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${path}${TEMPORARY}`, path);
    const folder = openSync(this.folder, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    this.state = state;
    this.lineage = lineage;
  }

  private inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const done = (this.writing.get(name) ?? Promise.resolve()).catch(() => {}).then(work);
    this.writing.set(name, done);
    const ended = () => {
      if (this.writing.get(name) === done) this.writing.delete(name);
    };
    done.then(ended, ended);
    return done;
  }
}

interface Own {
  readonly state: number;
  readonly lineage: string | undefined;
}

/** Names come from the network, and may be longer than a file's, or hold anything. */
function fileNameOf({ name, address, watcher }: Monitor): string {
  const readable = name.replace(/[^\w.-]/g, '_').slice(0, 100);
  const digest = createHash('sha256')
    .update(JSON.stringify([name, address, watcher]))
    .digest('hex');
  return `${HOST}${readable}-${digest.slice(0, 16)}`;
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(text);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await syncAndClose(handle);
}

function isOwn(value: Partial<Own>): value is Own {
  return Number.isSafeInteger(value.state) && (value.lineage === undefined || typeof value.lineage === 'string');
}

function isMonitor(value: Partial<Monitor>): value is Monitor {
  const { name, address, localAddress, state, told, since } = value;
  const areTexts = [name, address, localAddress].every((text) => typeof text === 'string');
  return areTexts && [state, told, since].every((number) => typeof number === 'number');
}

function readJson<T>(path: string, isWhole: (value: Partial<T>) => value is T & Partial<T>): T {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && isWhole(value)) return value;
    throw new Error('it does not say all that it should');
  } catch (error) {
    throw new StateError(
      `${path} cannot be read: ${reason(error)}. Move it away; the host that it names may then keep locks that it no longer has.`,
    );
  }
}
