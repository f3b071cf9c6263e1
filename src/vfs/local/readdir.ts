import { constants } from 'node:os';
import type { Awaitable } from '../../common/awaitable.ts';
import { FsError } from '../error.ts';
import type { Caller, DirectoryEntry, Listing } from '../filesystem.ts';
import { hasReadBlocks } from './block-reads.ts';
import { O_CLOEXEC, O_DIRECTORY, O_NONBLOCK, O_RDONLY } from './constants.ts';
import { isDot, isDotDot, parseEntries, type RawEntry } from './directory.ts';
import { codeOf } from './errno.ts';
import { becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { close, DOT, errno, getdents64, inPool, lseek, openat } from './libc.ts';
import { granted, May, mustBeGranted } from './permission.ts';
import { addDetails } from './readdirplus.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';

const CHUNK = 1 << 15;
const chunk = Buffer.allocUnsafeSlow(CHUNK);
const SEEK_SET = 0;
/** Cookies are what the kernel takes as a file position. */
const MAX_COOKIE = 0x7fff_ffff_ffff_ffffn;

/** Listing that took longer may have waited for the disk; then the directory is read ahead in the thread pool for a while. */
const SLOW_MS = 1;
const SLOW_FOR_MS = 2000;

/** READDIR and READDIRPLUS (RFC 1813 §3.3.16, §3.3.17). */
export function readdir(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  cookie: bigint,
  plus: boolean,
  fits: (name: Buffer) => boolean,
): Awaitable<Listing> {
  if (!directory.isDirectory) throw new FsError('NOTDIR', 'readdir');
  mustBeGranted(caller, directory, statOf(directory.fd), May.READ, 'readdir');
  if (cookie < 0n || cookie > MAX_COOKIE) throw new FsError('BAD_COOKIE', 'readdir');
  const isCold = directory.directoryFd < 0 || performance.now() < directory.slowUntil;
  const run = () => list(volume, caller, directory, cookie, plus, fits);
  return isCold && !volume.traits.memory ? readAhead(directory, cookie).then(run) : run();
}

/** Brings into memory what the next listing needs. With a descriptor of its own, whose position nobody else moves. */
async function readAhead(directory: LocalInode, cookie: bigint): Promise<void> {
  becomeServer();
  const fd = openat(directory.fd, DOT, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC, 0);
  if (fd < 0) return;
  try {
    lseek(fd, cookie, SEEK_SET);
    await inPool(getdents64, fd, Buffer.allocUnsafeSlow(CHUNK), CHUNK);
  } finally {
    close(fd);
  }
}

function list(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  cookie: bigint,
  plus: boolean,
  fits: (name: Buffer) => boolean,
): Awaitable<Listing> {
  const started = performance.now();
  const { entries, eof } = collect(volume, directory, cookie, fits);
  const ended = performance.now();
  if (ended - started > SLOW_MS && hasReadBlocks()) directory.slowUntil = ended + SLOW_FOR_MS;
  const answer = (detailed: readonly DirectoryEntry[]): Listing => ({
    entries: detailed,
    eof,
    directory: statOf(directory.fd),
  });
  const isSearchable = plus && granted(caller, directory, statOf(directory.fd), May.EXECUTE) !== 0;
  if (!isSearchable) return answer(entries.map((entry) => withFileid(volume, directory, entry)));
  const detailed = addDetails(volume, caller, directory, entries, cookie === 0n && eof);
  return detailed instanceof Promise ? detailed.then(answer) : answer(detailed);
}

/** The entries that fit. Nothing here waits, so nobody moves the descriptor's position in between. */
function collect(
  volume: Volume,
  directory: LocalInode,
  cookie: bigint,
  fits: (name: Buffer) => boolean,
): { entries: RawEntry[]; eof: boolean } {
  const fd = volume.data.listable(directory);
  if (lseek(fd, cookie, SEEK_SET) < 0) throw new FsError('BAD_COOKIE', 'readdir');
  const entries: RawEntry[] = [];
  for (;;) {
    const length = Number(getdents64(fd, chunk, CHUNK));
    if (length === 0) return { entries, eof: true };
    if (length < 0) refuse(cookie);
    for (const entry of parseEntries(chunk, length)) {
      if (!fits(entry.name)) return { entries, eof: false };
      entries.push(entry);
    }
  }
}

function refuse(cookie: bigint): never {
  const number = errno();
  // The directory was removed since.
  if (number === constants.errno.ENOENT) throw new FsError('STALE', 'readdir');
  if (number === constants.errno.EINVAL && cookie !== 0n) throw new FsError('BAD_COOKIE', 'readdir');
  throw new FsError(codeOf(number), 'readdir');
}

/** An entry as clients see it: above the root there is nothing. */
export function withFileid(volume: Volume, directory: LocalInode, entry: RawEntry): DirectoryEntry {
  const isAbove = directory === volume.root && isDotDot(entry.name);
  const fileid = isAbove || isDot(entry.name) ? numberOf(directory) : entry.ino;
  return { name: entry.name, fileid, cookie: entry.next };
}

function numberOf(inode: LocalInode): bigint {
  const { fileidHigh, fileidLow } = statOf(inode.fd);
  return (BigInt(fileidHigh) << 32n) | BigInt(fileidLow);
}
