import type { FsErrorCode } from '../../vfs/index.ts';
import { enumeration, type TypeOf } from '../../xdr/index.ts';

/** `stat` (RFC 1094 §2.3.1). */
export const NFS_OK = 0;
export const NFSERR_PERM = 1;
export const NFSERR_NOENT = 2;
export const NFSERR_IO = 5;
export const NFSERR_NXIO = 6;
export const NFSERR_ACCES = 13;
export const NFSERR_EXIST = 17;
export const NFSERR_NODEV = 19;
export const NFSERR_NOTDIR = 20;
export const NFSERR_ISDIR = 21;
export const NFSERR_FBIG = 27;
export const NFSERR_NOSPC = 28;
export const NFSERR_ROFS = 30;
/** Not in RFC 1094, but what NFSACL's version 2 says with these numbers where there are no ACLs (`linux/nfs.h`). */
export const NFSERR_OPNOTSUPP = 45;
export const NFSERR_NAMETOOLONG = 63;
export const NFSERR_NOTEMPTY = 66;
export const NFSERR_DQUOT = 69;
export const NFSERR_STALE = 70;
export const NFSERR_WFLUSH = 99;

export const stat = enumeration([
  NFS_OK,
  NFSERR_PERM,
  NFSERR_NOENT,
  NFSERR_IO,
  NFSERR_NXIO,
  NFSERR_ACCES,
  NFSERR_EXIST,
  NFSERR_NODEV,
  NFSERR_NOTDIR,
  NFSERR_ISDIR,
  NFSERR_FBIG,
  NFSERR_NOSPC,
  NFSERR_ROFS,
  NFSERR_OPNOTSUPP,
  NFSERR_NAMETOOLONG,
  NFSERR_NOTEMPTY,
  NFSERR_DQUOT,
  NFSERR_STALE,
  NFSERR_WFLUSH,
]);
export type stat = TypeOf<typeof stat>;
/** A status other than NFS_OK. */
export type Failure = Exclude<stat, typeof NFS_OK>;

/** Nothing is said: the client asks again after a while. */
export const SILENCE: unique symbol = Symbol('silence');

/**
 * RFC 1094 has fewer words than file systems have errors. Those without one become the nearest that tells a client's
 * user something, as knfsd's `nfsd_map_status` does it; what says nothing to a user is NFSERR_IO.
 */
const STATUS: { readonly [Code in FsErrorCode]: Failure | typeof SILENCE } = {
  PERM: NFSERR_PERM,
  NOENT: NFSERR_NOENT,
  IO: NFSERR_IO,
  NXIO: NFSERR_NXIO,
  ACCES: NFSERR_ACCES,
  EXIST: NFSERR_EXIST,
  XDEV: NFSERR_ACCES,
  NODEV: NFSERR_NODEV,
  NOTDIR: NFSERR_NOTDIR,
  ISDIR: NFSERR_ISDIR,
  INVAL: NFSERR_IO,
  FBIG: NFSERR_FBIG,
  NOSPC: NFSERR_NOSPC,
  ROFS: NFSERR_ROFS,
  // The directory or the file is full: of links.
  MLINK: NFSERR_NOSPC,
  NAMETOOLONG: NFSERR_NAMETOOLONG,
  NOTEMPTY: NFSERR_NOTEMPTY,
  DQUOT: NFSERR_DQUOT,
  STALE: NFSERR_STALE,
  BADHANDLE: NFSERR_STALE,
  NOT_SYNC: NFSERR_IO,
  BAD_COOKIE: NFSERR_IO,
  NOTSUPP: NFSERR_PERM,
  TOOSMALL: NFSERR_IO,
  BADTYPE: NFSERR_IO,
  // There is no "try later"; an error would reach the program. As knfsd does, the call is dropped.
  JUKEBOX: SILENCE,
};

/** Where one procedure's answer to a failure differs from everyone else's. */
export type StatusExceptions = { readonly [Code in FsErrorCode]?: Failure };

/** The one map from what a file system says to what NFSv2 says. */
export function statusOf(code: FsErrorCode, exceptions?: StatusExceptions): Failure | typeof SILENCE {
  return exceptions?.[code] ?? STATUS[code];
}
