import { type ChangeGuard, UNGUARDED } from '../../common/licence.ts';
import { FsError } from '../error.ts';
import type { HandleIndex, VerifierSource } from '../ports.ts';
import {
  AT_FDCWD,
  BTRFS,
  EXT4,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  OPEN_TREE_CLONE,
  RAMFS,
  RESOLVE_CACHED,
  RESOLVE_NO_XDEV,
  TMPFS,
  XFS,
} from './constants.ts';
import { DataFiles } from './data-files.ts';
import { type DescriptorBudget, processBudget } from './descriptors.ts';
import { check } from './errno.ts';
import { LocalFileSystem } from './file-system.ts';
import { Flusher } from './flush.ts';
import { type HandleScheme, KernelHandles } from './handles.ts';
import { becomeServer, canSwitchUser } from './identity.ts';
import { IndexHandles } from './index-handles.ts';
import type { LocalInode } from './inode.ts';
import { InodeCache } from './inode-cache.ts';
import { close, DOT, openat, openat2, openTree, ownCString } from './libc.ts';
import { kindOf, limitsOf } from './limits.ts';
import { birthOf, deviceSeen, statOf } from './stat.ts';
import { type Traits, Volume } from './volume.ts';

export interface LocalOptions {
  readonly index: HandleIndex;
  readonly verifier: VerifierSource;
  /** Left out: every change may be made. */
  readonly guard?: ChangeGuard | undefined;
  /** How files are opened again by handle. `auto`: by the kernel where it lets us. Handles of the two do not mix. */
  readonly handles?: 'kernel' | 'index' | 'auto' | undefined;
  /** Shared by the file systems of a process; the process's own limit if left out. */
  readonly budget?: DescriptorBudget | undefined;
}

/** File systems of this machine alone, which move a directory's ctime with every change of its entries. */
const PROVABLE = new Set([EXT4, XFS, BTRFS, TMPFS]);

const DIRECTORY = O_DIRECTORY | O_CLOEXEC;

/**
 * Opens a folder for serving. Needs Linux 5.12. Sets the process's umask to 0: clients have applied their own.
 * Throws {@link FsError}: NOENT, NOTDIR, ACCES, ...; NOTSUPP if kernel handles are asked for and cannot be had.
 */
export function openLocalFileSystem(path: string, options: LocalOptions): LocalFileSystem {
  process.umask(0);
  becomeServer();
  const descriptors: number[] = [];
  const keep = (fd: number, operation: string): number => {
    descriptors.push(check(fd, operation));
    return fd;
  };
  try {
    return open(path, options, keep, () => {
      for (const fd of descriptors.splice(0)) close(fd);
    });
  } catch (error) {
    for (const fd of descriptors.splice(0)) close(fd);
    throw error;
  }
}

function open(
  path: string,
  options: LocalOptions,
  keep: (fd: number, operation: string) => number,
  closeAll: () => void,
): LocalFileSystem {
  const name = ownCString(Buffer.from(path));
  // Kept for as long as we serve, so that umount(8) says that the file system is busy.
  const original = keep(openat(AT_FDCWD, name, O_PATH | DIRECTORY, 0), 'open');
  const clone = openTree(AT_FDCWD, name, OPEN_TREE_CLONE | O_CLOEXEC);
  const top = clone >= 0 ? keep(clone, 'open_tree') : original;
  const procFd = keep(openat(AT_FDCWD, ownCString(Buffer.from('/proc/self/fd')), O_PATH | DIRECTORY, 0), '/proc');
  const rootFd = check(openat(top, DOT, O_PATH | DIRECTORY, 0), 'open');
  const traits = traitsOf(rootFd, clone >= 0);

  let volume: Volume;
  const flushQuietly = (inode: LocalInode) => {
    // A failure advances the verifier, and so reaches every client at its COMMIT.
    Promise.resolve(volume.flusher.flush(inode, true)).catch(() => {});
  };
  const cache = new InodeCache(options.budget ?? processBudget(), flushQuietly);
  const pin = (inode: LocalInode, by: 1 | -1) => cache.pin(inode, by);
  const data = new DataFiles(procFd, cache, flushQuietly);
  const flusher = new Flusher(options.verifier, traits.memory, (inode) => data.flushTarget(inode, volume.root), pin);
  const kernel = options.handles === 'index' ? undefined : kernelHandles(top, rootFd, traits, keep);
  if (kernel === undefined && options.handles === 'kernel') throw new FsError('NOTSUPP', 'open_by_handle_at');
  const handles: HandleScheme =
    kernel ??
    new IndexHandles(options.index, () => ({
      root: volume.root,
      resolve: traits.resolve,
      known: (body) => cache.byBody(body.toString('latin1')),
      resolveBody: async (body) => fileSystem.resolve(body),
      pin,
    }));
  volume = new Volume(traits, cache, handles, flusher, data, rootFd, options.guard ?? UNGUARDED);
  const fileSystem = new LocalFileSystem(volume, options.verifier, kernel === undefined ? 'index' : 'kernel', closeAll);
  return fileSystem;
}

function traitsOf(rootFd: number, isolated: boolean): Traits {
  const probe = openat2(rootFd, DOT, O_PATH | O_CLOEXEC, RESOLVE_CACHED);
  check(probe, 'openat2');
  close(probe);
  const kind = kindOf(rootFd);
  const { known } = birthOf(rootFd);
  const limits = limitsOf(rootFd, known);
  statOf(rootFd);
  return {
    device: deviceSeen(),
    kind,
    memory: kind === TMPFS || kind === RAMFS,
    provable: isolated && PROVABLE.has(kind),
    journals: kind === EXT4 || kind === XFS,
    // A tree of our own has no mount points in it.
    resolve: isolated ? 0 : RESOLVE_NO_XDEV,
    limits,
  };
}

/** Kernel handles, if the file system makes them and we may open by them; found out by trying. */
function kernelHandles(
  top: number,
  rootFd: number,
  traits: Traits,
  keep: (fd: number, operation: string) => number,
): KernelHandles | undefined {
  const mountFd = openat(top, DOT, O_RDONLY | DIRECTORY, 0);
  if (mountFd < 0) return undefined;
  try {
    const again = new KernelHandles(mountFd, true);
    const fd = again.open(again.bodyOf(rootFd));
    if (typeof fd === 'number') close(fd);
  } catch {
    close(mountFd);
    return undefined;
  }
  return new KernelHandles(keep(mountFd, 'open'), traits.memory);
}

/** What this process may do, found out by trying at start. */
export function capabilities(): { readonly openByHandle: boolean; readonly switchUser: boolean } {
  becomeServer();
  const root = openat(AT_FDCWD, ownCString(Buffer.from('/')), O_RDONLY | DIRECTORY, 0);
  const handles = new KernelHandles(root, true);
  try {
    const fd = handles.open(handles.bodyOf(root));
    if (typeof fd === 'number') close(fd);
    return { openByHandle: true, switchUser: canSwitchUser() };
  } catch {
    return { openByHandle: false, switchUser: canSwitchUser() };
  } finally {
    if (root >= 0) close(root);
  }
}
