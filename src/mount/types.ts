import { array, enumeration, fixed, list, opaque, result, struct, type TypeOf, uint32 } from '../xdr/index.ts';

export const MOUNTPROG = 100005;

/** Bytes (RFC 1813 §5.1.3, RFC 1094 §A.3). */
const MNTPATHLEN = 1024;
const MNTNAMLEN = 255;
const FHSIZE3 = 64;
const FHSIZE = 32;
/** What a list of another server may have. */
const MAX_LIST = 1_000_000;
const MAX_FLAVORS = 32;

/** RFC 1813 §5.1.5. Version 1 answers with the same numbers: they are those of errno and of NFSv2 (RFC 1094 §A.3). */
export const MNT3_OK = 0;
export const MNT3ERR_PERM = 1;
export const MNT3ERR_NOENT = 2;
export const MNT3ERR_IO = 5;
export const MNT3ERR_ACCES = 13;
export const MNT3ERR_NOTDIR = 20;
export const MNT3ERR_INVAL = 22;
export const MNT3ERR_NAMETOOLONG = 63;
export const MNT3ERR_NOTSUPP = 10004;
export const MNT3ERR_SERVERFAULT = 10006;

export const mountstat3 = enumeration([
  MNT3_OK,
  MNT3ERR_PERM,
  MNT3ERR_NOENT,
  MNT3ERR_IO,
  MNT3ERR_ACCES,
  MNT3ERR_NOTDIR,
  MNT3ERR_INVAL,
  MNT3ERR_NAMETOOLONG,
  MNT3ERR_NOTSUPP,
  MNT3ERR_SERVERFAULT,
]);
export type mountstat3 = TypeOf<typeof mountstat3>;
export type MountFailure = Exclude<mountstat3, typeof MNT3_OK>;

export const dirpath = opaque(MNTPATHLEN);
const name = opaque(MNTNAMLEN);

export const mountres3 = result(mountstat3, { fhandle: opaque(FHSIZE3), auth_flavors: array(uint32, MAX_FLAVORS) }, {});

/** Version 1's answer to MNT (RFC 1094 §A.5). */
export const fhstatus = result(mountstat3, { directory: fixed(FHSIZE) }, {});

export const mountlist = list(struct({ ml_hostname: name, ml_directory: dirpath }), MAX_LIST);
export const exports = list(struct({ ex_dir: dirpath, ex_groups: list(name, MAX_LIST) }), MAX_LIST);
