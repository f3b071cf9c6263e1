import { type Awaitable, then } from '../../common/awaitable.ts';
import { type Attributes, type Change, FileType, type NewAttributes } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeMaking, Caller, Created, CreateHow } from '../filesystem.ts';
import {
  AT_SYMLINK_FOLLOW,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDWR,
  O_TMPFILE,
} from './constants.ts';
import { procName } from './data-files.ts';
import { codeOf } from './errno.ts';
import { become, becomeServer } from './identity.ts';
import { type LocalInode, rememberChild } from './inode.ts';
import { close, cString, DOT, errno, linkat, openat } from './libc.ts';
import { finish } from './make.ts';
import { changing, mustBeNew, peek, settled } from './namespace.ts';
import { resize, stampTimes } from './set-attributes.ts';
import { statOf } from './stat.ts';
import type { Seen, Volume } from './volume.ts';

const NEW_FILE = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

/** CREATE (RFC 1813 §3.3.8). */
export function create(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  how: CreateHow,
  before?: BeforeMaking,
): Awaitable<Created> {
  mustBeNew(name, 'create');
  return then(peek(volume, caller, directory, name), (existing) => {
    if (existing !== undefined) return openExisting(volume, caller, directory, how, existing, before);
    before?.(undefined);
    return how.mode === 'exclusive'
      ? createExclusive(volume, caller, directory, name, how.verifier)
      : createNew(volume, caller, directory, name, how.attributes);
  });
}

function openExisting(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  how: CreateHow,
  { inode, attributes }: Seen,
  before: BeforeMaking | undefined,
): Awaitable<Created> {
  const isOurs = how.mode === 'exclusive' && wasMadeWith(how.verifier, attributes);
  if (!isOurs && (how.mode !== 'unchecked' || inode.type !== FileType.REG)) throw new FsError('EXIST', 'create');
  const now = statOf(directory.fd);
  const unchanged = { before: now, after: now };
  if (how.mode !== 'unchecked' || how.attributes.size === undefined) {
    return settled(volume, caller, isOurs ? [inode, directory] : [], { inode, attributes, directory: unchanged });
  }
  before?.(attributes);
  inode.changes += 1;
  return then(resize(volume, caller, inode, attributes, how.attributes.size), () =>
    settled(volume, caller, [inode], { inode, attributes: statOf(inode.fd), directory: unchanged }),
  );
}

function createNew(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  attributes: NewAttributes,
): Awaitable<Created> {
  const mode = (attributes.mode ?? 0) & 0o7777;
  const { result, before, after } = changing(volume, caller, directory, 'create', () =>
    openat(directory.fd, cString(name), NEW_FILE, mode),
  );
  const inode = takeIn(volume, directory, name, result);
  const size = attributes.size ?? 0;
  const resized = size === 0 ? undefined : resize(volume, caller, inode, statOf(inode.fd), size);
  return then(resized, () => finish(volume, caller, directory, inode, attributes, { before, after }));
}

/** The inode of a file just made; the descriptor it was made with stays for the writes that follow. */
function takeIn(volume: Volume, directory: LocalInode, name: Buffer, fd: number): LocalInode {
  becomeServer();
  const path = openat(volume.data.procFd, procName(fd), O_PATH | O_CLOEXEC, 0);
  if (path < 0) {
    const code = codeOf(errno());
    close(fd);
    throw new FsError(code, 'create');
  }
  const { inode } = volume.adopt(path);
  volume.data.adopt(inode, fd);
  volume.handles.seen([{ directory, name, body: inode.body }]);
  rememberChild(directory, name.toString('latin1'), inode);
  return inode;
}

/**
 * The verifier is kept in the times, as the Linux server keeps it, and the file gets its name only once it is there: a
 * crash in between cannot leave a file that the retransmitted call would not know as its own.
 */
function createExclusive(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  verifier: Buffer,
): Awaitable<Created> {
  become(caller);
  const unnamed = openat(directory.fd, DOT, O_TMPFILE | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
  const { fd, change } =
    unnamed < 0
      ? createThenStamp(volume, caller, directory, name, verifier)
      : stampThenName(volume, caller, directory, name, verifier, unnamed);
  const inode = takeIn(volume, directory, name, fd);
  return finish(volume, caller, directory, inode, {}, change);
}

function stampThenName(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  verifier: Buffer,
  fd: number,
): { fd: number; change: Change } {
  try {
    stamp(fd, verifier);
    const { before, after } = changing(volume, caller, directory, 'create', () =>
      linkat(volume.data.procFd, procName(fd), directory.fd, cString(name), AT_SYMLINK_FOLLOW),
    );
    return { fd, change: { before, after } };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Where files without a name cannot be made. */
function createThenStamp(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  verifier: Buffer,
): { fd: number; change: Change } {
  const { result, before, after } = changing(volume, caller, directory, 'create', () =>
    openat(directory.fd, cString(name), NEW_FILE, 0),
  );
  try {
    stamp(result, verifier);
  } catch (error) {
    close(result);
    throw error;
  }
  return { fd: result, change: { before, after } };
}

/** Not every file system keeps more than 31 bits of seconds. */
const KEPT_BITS = 0x7fff_ffff;

function stamp(fd: number, verifier: Buffer): void {
  stampTimes(fd, verifier.readUInt32BE(0) & KEPT_BITS, verifier.readUInt32BE(4) & KEPT_BITS);
}

function wasMadeWith(verifier: Buffer, file: Attributes): boolean {
  return (
    file.type === FileType.REG &&
    file.size === 0 &&
    file.atimeSeconds === (verifier.readUInt32BE(0) & KEPT_BITS) &&
    file.mtimeSeconds === (verifier.readUInt32BE(4) & KEPT_BITS)
  );
}
