/** File types, with the numbers of `ftype3` (RFC 1813 §2.6). */
export const FileType = { REG: 1, DIR: 2, BLK: 3, CHR: 4, LNK: 5, SOCK: 6, FIFO: 7 } as const;
export type FileType = (typeof FileType)[keyof typeof FileType];

/** A point in time as the kernel keeps it: seconds since 1970 (may be negative) and nanoseconds. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/**
 * A file's attributes at one moment. Plain numbers, times unpacked: one is made for nearly every reply.
 * `size` and `used` are exact up to 2^53; the file number is kept in two halves because it may be larger.
 */
export interface Attributes {
  readonly type: FileType;
  /** Permission bits with set-uid, set-gid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes of storage that the file takes. */
  readonly used: number;
  /** For devices; zero otherwise. */
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  readonly fileidHigh: number;
  readonly fileidLow: number;
  readonly atimeSeconds: number;
  readonly atimeNanoseconds: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly ctimeSeconds: number;
  readonly ctimeNanoseconds: number;
}

/** What an operation did to one object's attributes. `before` is undefined if it could not be had atomically. */
export interface Change {
  readonly before: Attributes | undefined;
  readonly after: Attributes;
}

/** Attributes to set. A field that is undefined stays as it is. */
export interface NewAttributes {
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly size?: number | undefined;
  /** `'now'`: the server's clock. */
  readonly atime?: Time | 'now' | undefined;
  readonly mtime?: Time | 'now' | undefined;
}
