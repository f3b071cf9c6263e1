import { constants } from 'node:os';
import { FsError, type FsErrorCode } from '../error.ts';
import { errno } from './libc.ts';

const e = constants.errno;

/** What each errno means to a client. Anything else is an I/O error. */
const CODES: ReadonlyMap<number, FsErrorCode> = new Map<number, FsErrorCode>([
  [e.EPERM, 'PERM'],
  [e.ENOENT, 'NOENT'],
  [e.EIO, 'IO'],
  [e.ENXIO, 'NXIO'],
  [e.EACCES, 'ACCES'],
  [e.EEXIST, 'EXIST'],
  [e.EXDEV, 'XDEV'],
  [e.ENODEV, 'NODEV'],
  [e.ENOTDIR, 'NOTDIR'],
  [e.EISDIR, 'ISDIR'],
  [e.EINVAL, 'INVAL'],
  [e.EFBIG, 'FBIG'],
  [e.EOVERFLOW, 'FBIG'],
  [e.ENOSPC, 'NOSPC'],
  [e.EROFS, 'ROFS'],
  [e.EMLINK, 'MLINK'],
  [e.ENAMETOOLONG, 'NAMETOOLONG'],
  [e.ENOTEMPTY, 'NOTEMPTY'],
  [e.EDQUOT, 'DQUOT'],
  [e.ESTALE, 'STALE'],
  [e.EOPNOTSUPP, 'NOTSUPP'],
  [e.ENOTSUP, 'NOTSUPP'],
  // A name that may not be followed: what was asked needs something else than a symbolic link.
  [e.ELOOP, 'INVAL'],
  // Bytes that are no name in the file system's own encoding.
  [e.EILSEQ, 'INVAL'],
  // A program that runs on the server: RFC 1813 has no better word.
  [e.ETXTBSY, 'ACCES'],
  // A mount point of the server: it may not be removed or renamed.
  [e.EBUSY, 'ACCES'],
  // All of these pass: the caller is to try again.
  [e.EAGAIN, 'JUKEBOX'],
  [e.EWOULDBLOCK, 'JUKEBOX'],
  [e.EINTR, 'JUKEBOX'],
  [e.EMFILE, 'JUKEBOX'],
  [e.ENFILE, 'JUKEBOX'],
  [e.ENOMEM, 'JUKEBOX'],
]);

export function codeOf(number: number): FsErrorCode {
  return CODES.get(number) ?? 'IO';
}

/** Throws the last system call's errno. */
export function fail(operation: string): never {
  throw new FsError(codeOf(errno()), operation);
}

/** A result below zero is an error. */
export function check(result: number, operation: string): number {
  if (result < 0) fail(operation);
  return result;
}

/** What Node.js's own file functions failed with: they give errno negated. */
export function nodeError(error: NodeJS.ErrnoException, operation: string): FsError {
  return new FsError(codeOf(-(error.errno ?? 0)), operation);
}
