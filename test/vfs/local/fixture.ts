import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '../../../src/vfs/index.ts';
import { DescriptorBudget, type LocalFileSystem, openLocalFileSystem } from '../../../src/vfs/local/index.ts';
import type { Fixture } from '../suite/check.ts';
import { ALICE, CountingVerifier, MemoryIndex } from '../support.ts';

export const isRoot = process.geteuid!() === 0;
/** The user who runs this. */
export const MYSELF: Caller = { uid: process.geteuid!(), gid: process.getegid!(), groups: [], sync: true };

export interface LocalFixture extends Fixture {
  readonly fs: LocalFileSystem;
  readonly path: string;
  readonly verifier: CountingVerifier;
  reopen(): Promise<LocalFileSystem>;
}

export interface LocalFixtureOptions {
  /** Where the folder is made; the folder for temporary files if left out. */
  readonly below?: string | undefined;
  readonly handles?: 'kernel' | 'index' | undefined;
  readonly descriptors?: number | undefined;
  /** Makes something of the folder before it is opened. */
  readonly prepare?: ((path: string) => void) | undefined;
}

/** A new folder that everybody may write to, served. */
export function localFixture(options: LocalFixtureOptions = {}): LocalFixture {
  const path = mkdtempSync(join(options.below ?? tmpdir(), 'steadfs-vfs-'));
  chmodSync(path, 0o777);
  options.prepare?.(path);
  const index = new MemoryIndex();
  const verifier = new CountingVerifier();
  const open = () =>
    openLocalFileSystem(path, {
      index,
      verifier,
      handles: options.handles,
      budget: options.descriptors === undefined ? undefined : new DescriptorBudget(options.descriptors),
    });
  let fs = open();
  return {
    fs,
    path,
    verifier,
    me: isRoot ? ALICE : MYSELF,
    reopen: async () => {
      await fs.close();
      fs = open();
      return fs;
    },
    dispose: async () => {
      await fs.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Runs with a folder of its own; cleans up also if that fails. */
export async function withLocal(
  options: LocalFixtureOptions,
  run: (fixture: LocalFixture) => Promise<void>,
): Promise<void> {
  const fixture = localFixture(options);
  try {
    await run(fixture);
  } finally {
    await fixture.dispose();
  }
}

/** A file system of its own, made in an image file. */
export interface Mounted {
  readonly path: string;
  /** Mounts it again: nothing of it is in memory then. */
  remount(): void;
  dispose(): void;
}

/** Why such a file system cannot be had here, if it cannot. */
export function whyNoMount(kind: string): string | undefined {
  if (!isRoot) return 'needs root to mount';
  try {
    if (kind !== 'tmpfs') execFileSync('which', [`mkfs.${kind}`], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `needs mkfs.${kind}`;
  }
}

const FORMAT: Record<string, readonly string[]> = { ext4: ['-q', '-F'], xfs: ['-q', '-f'], btrfs: ['-q', '-f'] };

export function mounted(kind: string, megabytes: number): Mounted {
  const work = mkdtempSync(join(tmpdir(), 'steadfs-mount-'));
  const path = join(work, 'mnt');
  mkdirSync(path);
  const dispose = () => {
    try {
      execFileSync('umount', [path], { stdio: 'ignore' });
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  };
  const image = join(work, 'image');
  const mount = () =>
    execFileSync('mount', kind === 'tmpfs' ? ['-t', 'tmpfs', 'none', path] : ['-o', 'loop', image, path]);
  const remount = () => {
    execFileSync('umount', [path]);
    mount();
  };
  try {
    if (kind !== 'tmpfs') {
      const fd = openSync(image, 'w');
      ftruncateSync(fd, megabytes * 2 ** 20);
      closeSync(fd);
      execFileSync(`mkfs.${kind}`, [...FORMAT[kind]!, image], { stdio: 'ignore' });
    }
    mount();
    chmodSync(path, 0o777);
    return { path, remount, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
