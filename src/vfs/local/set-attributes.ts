import { ftruncate as truncateInPool } from 'node:fs';
import { type Awaitable, then } from '../../common/awaitable.ts';
import { type Attributes, type Change, FileType, type NewAttributes, type Time } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeSetting, Caller } from '../filesystem.ts';
import { AT_EMPTY_PATH, S_ISGID, S_ISUID, S_IXGRP } from './constants.ts';
import { mustBeRegular, procName } from './data-files.ts';
import { check, nodeError } from './errno.ts';
import { become, becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { fchmodat, fchownat, ftruncate, SELF, utimensat } from './libc.ts';
import { May, mustBeGranted, mustWrite } from './permission.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';
import { dropPrivilegeBits } from './write.ts';

/** Cutting off more than this can keep a disk busy for long: not on this thread. */
const LARGE_CUT = 16 << 20;

/** SETATTR (RFC 1813 §3.3.2): size first, then owner, mode and times, as the Linux server does. */
export function setAttributes(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  changes: NewAttributes,
  guard: Time | undefined,
  tell?: BeforeSetting,
): Awaitable<Change> {
  const before = statOf(inode.fd);
  if (guard !== undefined && (guard.seconds !== before.ctimeSeconds || guard.nanoseconds !== before.ctimeNanoseconds)) {
    throw new FsError('NOT_SYNC', 'setattr');
  }
  if (Object.values(changes).every((value) => value === undefined)) return { before, after: before };
  tell?.(before);
  const change = (inode.changes += 1);
  const resized = changes.size === undefined ? undefined : resize(volume, caller, inode, before, changes.size);
  return then(resized, () => {
    volume.guard.check();
    setOthers(volume, caller, inode, changes);
    const result = { before: inode.changes === change ? before : undefined, after: statOf(inode.fd) };
    return caller.sync ? then(volume.flusher.flush(inode, true), () => result) : result;
  });
}

/** Sets a file's size, with the permission that WRITE needs. */
export function resize(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  before: Attributes,
  size: number,
): Awaitable<void> {
  mustBeRegular(inode, 'truncate');
  mustWrite(caller, inode, before);
  if (size > volume.traits.limits.maxFileSize) throw new FsError('FBIG', 'truncate');
  const fd = volume.data.writable(inode, before);
  volume.guard.check();
  if (before.size - size > LARGE_CUT) {
    if (caller.uid !== 0) dropPrivilegeBits(volume, inode, before);
    becomeServer();
    return volume.guard.elsewhere(
      new Promise((resolve, reject) => {
        truncateInPool(fd, size, (error) => (error ? reject(nodeError(error, 'truncate')) : resolve()));
      }),
    );
  }
  become(caller);
  check(ftruncate(fd, size), 'truncate');
}

/** Owner, mode and times, each as the caller: the kernel decides. */
export function setOthers(volume: Volume, caller: Caller, inode: LocalInode, changes: NewAttributes): void {
  const chown = changes.uid !== undefined || changes.gid !== undefined;
  if (chown) {
    become(caller);
    check(fchownat(inode.fd, SELF, changes.uid ?? KEEP, changes.gid ?? KEEP, AT_EMPTY_PATH), 'chown');
  }
  // The mode of a symbolic link is not used by anyone and cannot be set.
  if (changes.mode !== undefined && inode.type !== FileType.LNK) {
    become(caller);
    const mode = chown && !inode.isDirectory ? withoutPrivilege(changes.mode) : changes.mode & 0o7777;
    check(fchmodat(volume.data.procFd, procName(inode.fd), mode, 0), 'chmod');
  }
  if (changes.atime !== undefined || changes.mtime !== undefined) {
    setTimes(caller, inode, changes.atime, changes.mtime);
  }
}

/** chown(2): an id that stays as it is. */
const KEEP = 0xffff_ffff;

/** A file given to somebody else must not run as them. */
function withoutPrivilege(mode: number): number {
  const kept = mode & 0o7777 & ~S_ISUID;
  return (kept & S_IXGRP) !== 0 ? kept & ~S_ISGID : kept;
}

const UTIME_NOW = 0x3fff_ffffn;
const UTIME_OMIT = 0x3fff_fffen;
const times = Buffer.allocUnsafeSlow(32);

function setTimes(
  caller: Caller,
  inode: LocalInode,
  atime: Time | 'now' | undefined,
  mtime: Time | 'now' | undefined,
): void {
  become(caller);
  const isLone = (atime ?? 'now') === 'now' && (mtime ?? 'now') === 'now' && atime !== mtime;
  if (isLone) {
    // The kernel wants the owner for one of the two; NFS lets whoever may write set it to the server's time.
    const now = statOf(inode.fd);
    if (now.uid !== caller.uid) {
      mustBeGranted(caller, inode, now, May.WRITE, 'utimes');
      becomeServer();
    }
  }
  putTime(0, atime);
  putTime(16, mtime);
  check(utimensat(inode.fd, SELF, times, AT_EMPTY_PATH), 'utimes');
}

function putTime(at: number, time: Time | 'now' | undefined): void {
  const given = time !== undefined && time !== 'now';
  if (given && time.nanoseconds >= 1_000_000_000) throw new FsError('INVAL', 'utimes');
  times.writeBigInt64LE(given ? BigInt(time.seconds) : 0n, at);
  times.writeBigInt64LE(given ? BigInt(time.nanoseconds) : time === 'now' ? UTIME_NOW : UTIME_OMIT, at + 8);
}

/** Sets both times of a file just made, to keep something in them. Throws what utimensat(2) says. */
export function stampTimes(fd: number, atimeSeconds: number, mtimeSeconds: number): void {
  putTime(0, { seconds: atimeSeconds, nanoseconds: 0 });
  putTime(16, { seconds: mtimeSeconds, nanoseconds: 0 });
  check(utimensat(fd, SELF, times, AT_EMPTY_PATH), 'utimes');
}
