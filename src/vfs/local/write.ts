import { writev as writeInPool } from 'node:fs';
import { constants } from 'node:os';
import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Attributes, Change } from '../attributes.ts';
import { FsError } from '../error.ts';
import { type Caller, Stability, type WriteResult } from '../filesystem.ts';
import { aim, type Block, makeBlock } from './buffers.ts';
import { RWF_NOWAIT, S_ISGID, S_ISUID, S_IXGRP } from './constants.ts';
import { mustBeRegular, procName } from './data-files.ts';
import { check, codeOf, nodeError } from './errno.ts';
import { become, becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { errno, fchmodat, preadv2, pwritev2 } from './libc.ts';
import { carryOver, mustWrite } from './permission.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';

/** Writes up to this size go to the page cache at once; larger ones are worth a thread. */
const STAGE = 1 << 16;
/** Pieces are joined here: one system call, and memory with a known address. */
const stage = makeBlock(STAGE);
const probe: Block = makeBlock(16);
const PAGE = 4096;

export function write(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  offset: number,
  data: readonly Buffer[],
  stable: Stability,
): Awaitable<WriteResult> {
  mustBeRegular(inode, 'write');
  const before = statOf(inode.fd);
  mustWrite(caller, inode, before);
  let total = 0;
  for (const piece of data) total += piece.length;
  if (total === 0) return { count: 0, committed: stable, file: { before, after: before } };
  if (offset + total > volume.traits.limits.maxFileSize) throw new FsError('FBIG', 'write');
  const fd = volume.data.writable(inode, before);
  volume.guard.check();
  if (caller.uid !== 0) dropPrivilegeBits(volume, inode, before);
  const change = (inode.changes += 1);
  const written = volume.pressure.nearlyFull
    ? writeAsCaller(caller, fd, offset, data)
    : writeNow(volume, fd, offset, data, total, before.size);
  if (written >= 0) return conclude(volume, caller, inode, written, before, stable);
  return volume.guard
    .elsewhere(writeLater(fd, offset, data))
    .then((count) => conclude(volume, caller, inode, count, inode.changes === change ? before : undefined, stable));
}

/** Makes it stable as far as asked, and answers. */
function conclude(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  count: number,
  before: Attributes | undefined,
  stable: Stability,
): Awaitable<WriteResult> {
  const after = statOf(inode.fd);
  if (before !== undefined) carryOver(inode, before, after);
  const result: WriteResult = { count, committed: stable, file: { before, after } };
  inode.dirty = true;
  if (stable === Stability.UNSTABLE || !caller.sync) return result;
  return then(volume.flusher.flush(inode, stable === Stability.FILE_SYNC), () => result);
}

/** Writes to the page cache if that needs no wait; -1 if it might. */
function writeNow(
  volume: Volume,
  fd: number,
  offset: number,
  data: readonly Buffer[],
  total: number,
  size: number,
): number {
  const { pressure } = volume;
  if (total > STAGE || pressure.throttled) return -1;
  gather(data);
  if (pressure.nowait) {
    const written = Number(pwritev2(fd, aim(stage, total), 1, offset, RWF_NOWAIT));
    if (written === total) return written;
    // A part only: all of it again, where waiting does not matter.
    if (written >= 0 || errno() === constants.errno.EAGAIN) return -1;
    if (errno() !== constants.errno.EOPNOTSUPP) throw new FsError(codeOf(errno()), 'write');
    pressure.nowait = false;
  }
  if (!volume.traits.memory && wouldReadFirst(fd, offset, total, size)) return -1;
  const started = performance.now();
  const written = Number(pwritev2(fd, aim(stage, total), 1, offset, 0));
  if (written < 0) throw new FsError(codeOf(errno()), 'write');
  pressure.took(performance.now() - started);
  return written;
}

/** True if a page that is only partly overwritten has to come from the disk first. */
function wouldReadFirst(fd: number, offset: number, total: number, size: number): boolean {
  const end = offset + total;
  return (
    (offset % PAGE !== 0 && offset < size && !isCached(fd, offset)) ||
    (end % PAGE !== 0 && end < size && !isCached(fd, end))
  );
}

function isCached(fd: number, offset: number): boolean {
  return Number(preadv2(fd, aim(probe, 1), 1, offset, RWF_NOWAIT)) === 1;
}

function gather(data: readonly Buffer[]): void {
  let at = 0;
  for (const piece of data) {
    stage.memory.set(piece, at);
    at += piece.length;
  }
}

/** With little space left, as the caller: the blocks that are reserved for root (ext4) must stay so. */
function writeAsCaller(caller: Caller, fd: number, offset: number, data: readonly Buffer[]): number {
  become(caller);
  let written = 0;
  for (const piece of data) {
    for (let at = 0; at < piece.length; at += STAGE) {
      const part = piece.subarray(at, at + STAGE);
      gather([part]);
      const count = Number(pwritev2(fd, aim(stage, part.length), 1, offset + written, 0));
      if (count < 0 && written === 0) throw new FsError(codeOf(errno()), 'write');
      written += Math.max(0, count);
      if (count < part.length) return written;
    }
  }
  return written;
}

function writeLater(fd: number, offset: number, data: readonly Buffer[]): Promise<number> {
  becomeServer();
  return new Promise((resolve, reject) => {
    writeInPool(fd, data, offset, (error, count) => (error ? reject(nodeError(error, 'write')) : resolve(count)));
  });
}

/** Writing takes set-uid and set-gid away from a file; the kernel does not do it for root, which is who writes. */
export function dropPrivilegeBits(volume: Volume, inode: LocalInode, now: Attributes): void {
  let mode = now.mode & ~S_ISUID;
  if ((mode & S_IXGRP) !== 0) mode &= ~S_ISGID;
  if (mode === now.mode) return;
  becomeServer();
  check(fchmodat(volume.data.procFd, procName(inode.fd), mode, 0), 'chmod');
}

/** COMMIT: the whole file; no file system flushes less. */
export function commit(volume: Volume, caller: Caller, inode: LocalInode): Awaitable<Change> {
  mustBeRegular(inode, 'commit');
  const before = statOf(inode.fd);
  mustWrite(caller, inode, before);
  const change = inode.changes;
  return then(volume.flusher.flush(inode, true), () => ({
    before: inode.changes === change ? before : undefined,
    after: statOf(inode.fd),
  }));
}
