/** What a file system operation can fail with: the second error ladder. The words are those of errno(3) and RFC 1813 §2.6. */
export type FsErrorCode =
  | 'PERM'
  | 'NOENT'
  | 'IO'
  | 'NXIO'
  | 'ACCES'
  | 'EXIST'
  | 'XDEV'
  | 'NODEV'
  | 'NOTDIR'
  | 'ISDIR'
  | 'INVAL'
  | 'FBIG'
  | 'NOSPC'
  | 'ROFS'
  | 'MLINK'
  | 'NAMETOOLONG'
  | 'NOTEMPTY'
  | 'DQUOT'
  /** The file is gone. */
  | 'STALE'
  /** The handle was never one of ours. */
  | 'BADHANDLE'
  /** SETATTR's guard did not hold. */
  | 'NOT_SYNC'
  | 'BAD_COOKIE'
  | 'NOTSUPP'
  | 'TOOSMALL'
  | 'BADTYPE'
  /** Not now: the caller is to try again later (a lease on the file, too many files open). */
  | 'JUKEBOX';

/**
 * A failed file system operation. Not an Error: a failed LOOKUP is an everyday answer, and a stack trace would cost
 * more than the call.
 */
export class FsError {
  readonly code: FsErrorCode;
  /** What was tried, for the log: `open`, `rename`. */
  readonly operation: string;

  constructor(code: FsErrorCode, operation: string) {
    this.code = code;
    this.operation = operation;
  }

  toString(): string {
    return `${this.operation}: ${this.code}`;
  }
}
