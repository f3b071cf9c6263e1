import type { FsErrorCode } from '../../vfs/index.ts';
import { enumeration, type TypeOf } from '../../xdr/index.ts';

/** `nfsstat3` (RFC 1813 §2.6). */
export const NFS3_OK = 0;
export const NFS3ERR_PERM = 1;
export const NFS3ERR_NOENT = 2;
export const NFS3ERR_IO = 5;
export const NFS3ERR_NXIO = 6;
export const NFS3ERR_ACCES = 13;
export const NFS3ERR_EXIST = 17;
export const NFS3ERR_XDEV = 18;
export const NFS3ERR_NODEV = 19;
export const NFS3ERR_NOTDIR = 20;
export const NFS3ERR_ISDIR = 21;
export const NFS3ERR_INVAL = 22;
export const NFS3ERR_FBIG = 27;
export const NFS3ERR_NOSPC = 28;
export const NFS3ERR_ROFS = 30;
export const NFS3ERR_MLINK = 31;
export const NFS3ERR_NAMETOOLONG = 63;
export const NFS3ERR_NOTEMPTY = 66;
export const NFS3ERR_DQUOT = 69;
export const NFS3ERR_STALE = 70;
export const NFS3ERR_REMOTE = 71;
export const NFS3ERR_BADHANDLE = 10001;
export const NFS3ERR_NOT_SYNC = 10002;
export const NFS3ERR_BAD_COOKIE = 10003;
export const NFS3ERR_NOTSUPP = 10004;
export const NFS3ERR_TOOSMALL = 10005;
export const NFS3ERR_SERVERFAULT = 10006;
export const NFS3ERR_BADTYPE = 10007;
export const NFS3ERR_JUKEBOX = 10008;

export const nfsstat3 = enumeration([
  NFS3_OK,
  NFS3ERR_PERM,
  NFS3ERR_NOENT,
  NFS3ERR_IO,
  NFS3ERR_NXIO,
  NFS3ERR_ACCES,
  NFS3ERR_EXIST,
  NFS3ERR_XDEV,
  NFS3ERR_NODEV,
  NFS3ERR_NOTDIR,
  NFS3ERR_ISDIR,
  NFS3ERR_INVAL,
  NFS3ERR_FBIG,
  NFS3ERR_NOSPC,
  NFS3ERR_ROFS,
  NFS3ERR_MLINK,
  NFS3ERR_NAMETOOLONG,
  NFS3ERR_NOTEMPTY,
  NFS3ERR_DQUOT,
  NFS3ERR_STALE,
  NFS3ERR_REMOTE,
  NFS3ERR_BADHANDLE,
  NFS3ERR_NOT_SYNC,
  NFS3ERR_BAD_COOKIE,
  NFS3ERR_NOTSUPP,
  NFS3ERR_TOOSMALL,
  NFS3ERR_SERVERFAULT,
  NFS3ERR_BADTYPE,
  NFS3ERR_JUKEBOX,
]);
export type nfsstat3 = TypeOf<typeof nfsstat3>;
/** A status other than NFS3_OK: the discriminant of a failed result. */
export type Failure = Exclude<nfsstat3, typeof NFS3_OK>;

const STATUS: { readonly [Code in FsErrorCode]: Failure } = {
  PERM: NFS3ERR_PERM,
  NOENT: NFS3ERR_NOENT,
  IO: NFS3ERR_IO,
  NXIO: NFS3ERR_NXIO,
  ACCES: NFS3ERR_ACCES,
  EXIST: NFS3ERR_EXIST,
  XDEV: NFS3ERR_XDEV,
  NODEV: NFS3ERR_NODEV,
  NOTDIR: NFS3ERR_NOTDIR,
  ISDIR: NFS3ERR_ISDIR,
  INVAL: NFS3ERR_INVAL,
  FBIG: NFS3ERR_FBIG,
  NOSPC: NFS3ERR_NOSPC,
  ROFS: NFS3ERR_ROFS,
  MLINK: NFS3ERR_MLINK,
  NAMETOOLONG: NFS3ERR_NAMETOOLONG,
  NOTEMPTY: NFS3ERR_NOTEMPTY,
  DQUOT: NFS3ERR_DQUOT,
  STALE: NFS3ERR_STALE,
  BADHANDLE: NFS3ERR_BADHANDLE,
  NOT_SYNC: NFS3ERR_NOT_SYNC,
  BAD_COOKIE: NFS3ERR_BAD_COOKIE,
  NOTSUPP: NFS3ERR_NOTSUPP,
  TOOSMALL: NFS3ERR_TOOSMALL,
  BADTYPE: NFS3ERR_BADTYPE,
  JUKEBOX: NFS3ERR_JUKEBOX,
};

/** Where one procedure's answer to a failure differs from everyone else's. */
export type StatusExceptions = { readonly [Code in FsErrorCode]?: Failure };

/** The one map from what a file system says to what NFSv3 says. */
export function statusOf(code: FsErrorCode, exceptions?: StatusExceptions): Failure {
  return exceptions?.[code] ?? STATUS[code];
}
