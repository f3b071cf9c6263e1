import {
  bool,
  enumeration,
  type Fields,
  fixed,
  list,
  opaque,
  optional,
  struct,
  type TypeOf,
  text,
  uint32,
  uint64,
  union,
  type Wire,
} from '../wire.ts';
import { procedure, program } from './program.ts';

/** NFS version 3 (RFC 1813): the types of §2 and the procedures of §3. */
export const nfsstat3 = enumeration({
  NFS3_OK: 0,
  NFS3ERR_PERM: 1,
  NFS3ERR_NOENT: 2,
  NFS3ERR_IO: 5,
  NFS3ERR_NXIO: 6,
  NFS3ERR_ACCES: 13,
  NFS3ERR_EXIST: 17,
  NFS3ERR_XDEV: 18,
  NFS3ERR_NODEV: 19,
  NFS3ERR_NOTDIR: 20,
  NFS3ERR_ISDIR: 21,
  NFS3ERR_INVAL: 22,
  NFS3ERR_FBIG: 27,
  NFS3ERR_NOSPC: 28,
  NFS3ERR_ROFS: 30,
  NFS3ERR_MLINK: 31,
  NFS3ERR_NAMETOOLONG: 63,
  NFS3ERR_NOTEMPTY: 66,
  NFS3ERR_DQUOT: 69,
  NFS3ERR_STALE: 70,
  NFS3ERR_REMOTE: 71,
  NFS3ERR_BADHANDLE: 10001,
  NFS3ERR_NOT_SYNC: 10002,
  NFS3ERR_BAD_COOKIE: 10003,
  NFS3ERR_NOTSUPP: 10004,
  NFS3ERR_TOOSMALL: 10005,
  NFS3ERR_SERVERFAULT: 10006,
  NFS3ERR_BADTYPE: 10007,
  NFS3ERR_JUKEBOX: 10008,
});
export type nfsstat3 = TypeOf<typeof nfsstat3>;

export const ftype3 = enumeration({ NF3REG: 1, NF3DIR: 2, NF3BLK: 3, NF3CHR: 4, NF3LNK: 5, NF3SOCK: 6, NF3FIFO: 7 });
export type ftype3 = TypeOf<typeof ftype3>;

/** NFS3_FHSIZE is 64 (§2.4). */
export const nfs_fh3 = opaque(64);
export const filename3 = text();
export const nfspath3 = text();
export const nfstime3 = struct({ seconds: uint32, nseconds: uint32 });
export type nfstime3 = TypeOf<typeof nfstime3>;
export const specdata3 = struct({ specdata1: uint32, specdata2: uint32 });

export const fattr3 = struct({
  type: ftype3,
  mode: uint32,
  nlink: uint32,
  uid: uint32,
  gid: uint32,
  size: uint64,
  used: uint64,
  rdev: specdata3,
  fsid: uint64,
  fileid: uint64,
  atime: nfstime3,
  mtime: nfstime3,
  ctime: nfstime3,
});
export type fattr3 = TypeOf<typeof fattr3>;
export const post_op_attr = optional(fattr3);
export type post_op_attr = TypeOf<typeof post_op_attr>;
export const wcc_attr = struct({ size: uint64, mtime: nfstime3, ctime: nfstime3 });
export const wcc_data = struct({ before: optional(wcc_attr), after: post_op_attr });
export type wcc_data = TypeOf<typeof wcc_data>;
export const post_op_fh3 = optional(nfs_fh3);

export const time_how = enumeration({ DONT_CHANGE: 0, SET_TO_SERVER_TIME: 1, SET_TO_CLIENT_TIME: 2 });
export const set_time = union('set_it', time_how, { SET_TO_CLIENT_TIME: { time: nfstime3 } });
export const sattr3 = struct({
  mode: optional(uint32),
  uid: optional(uint32),
  gid: optional(uint32),
  size: optional(uint64),
  atime: set_time,
  mtime: set_time,
});
export type sattr3 = TypeOf<typeof sattr3>;

export const diropargs3 = struct({ dir: nfs_fh3, name: filename3 });
export const cookieverf3 = fixed(8);
export const writeverf3 = fixed(8);
export const stable_how = enumeration({ UNSTABLE: 0, DATA_SYNC: 1, FILE_SYNC: 2 });
export type stable_how = TypeOf<typeof stable_how>;
export const createmode3 = enumeration({ UNCHECKED: 0, GUARDED: 1, EXCLUSIVE: 2 });
export const createhow3 = union('mode', createmode3, {
  UNCHECKED: { obj_attributes: sattr3 },
  GUARDED: { obj_attributes: sattr3 },
  EXCLUSIVE: { verf: fixed(8) },
});

/** A result: one body for NFS3_OK and another for every error. */
function result<Ok extends Fields, Fail extends Fields>(ok: Ok, fail: Fail) {
  return union('status', nfsstat3, { NFS3_OK: ok }, fail);
}

const made = result({ obj: post_op_fh3, obj_attributes: post_op_attr, dir_wcc: wcc_data }, { dir_wcc: wcc_data });
const removed = result({ dir_wcc: wcc_data }, { dir_wcc: wcc_data });
const renamed = { fromdir_wcc: wcc_data, todir_wcc: wcc_data };
const linked = { file_attributes: post_op_attr, linkdir_wcc: wcc_data };

const device = { dev_attributes: sattr3, spec: specdata3 };
const pipe = { pipe_attributes: sattr3 };
export const mknoddata3 = union('type', ftype3, { NF3CHR: device, NF3BLK: device, NF3SOCK: pipe, NF3FIFO: pipe });

export const entry3 = struct({ fileid: uint64, name: filename3, cookie: uint64 });
export type entry3 = TypeOf<typeof entry3>;
export const entryplus3 = struct({
  fileid: uint64,
  name: filename3,
  cookie: uint64,
  name_attributes: post_op_attr,
  name_handle: post_op_fh3,
});
export type entryplus3 = TypeOf<typeof entryplus3>;

const listing = <E>(entry: Wire<E>) =>
  result(
    {
      dir_attributes: post_op_attr,
      cookieverf: cookieverf3,
      reply: struct({ entries: list(entry), eof: bool }),
    },
    { dir_attributes: post_op_attr },
  );

export const NFS3 = program('NFSv3', 100_003, 3, {
  NULL: procedure(0),
  GETATTR: procedure(1, struct({ object: nfs_fh3 }), result({ obj_attributes: fattr3 }, {})),
  SETATTR: procedure(
    2,
    struct({ object: nfs_fh3, new_attributes: sattr3, guard: optional(nfstime3) }),
    result({ obj_wcc: wcc_data }, { obj_wcc: wcc_data }),
  ),
  LOOKUP: procedure(
    3,
    struct({ what: diropargs3 }),
    result(
      { object: nfs_fh3, obj_attributes: post_op_attr, dir_attributes: post_op_attr },
      { dir_attributes: post_op_attr },
    ),
  ),
  ACCESS: procedure(
    4,
    struct({ object: nfs_fh3, access: uint32 }),
    result({ obj_attributes: post_op_attr, access: uint32 }, { obj_attributes: post_op_attr }),
  ),
  READLINK: procedure(
    5,
    struct({ symlink: nfs_fh3 }),
    result({ symlink_attributes: post_op_attr, data: nfspath3 }, { symlink_attributes: post_op_attr }),
  ),
  READ: procedure(
    6,
    struct({ file: nfs_fh3, offset: uint64, count: uint32 }),
    result(
      { file_attributes: post_op_attr, count: uint32, eof: bool, data: opaque() },
      { file_attributes: post_op_attr },
    ),
  ),
  WRITE: procedure(
    7,
    struct({ file: nfs_fh3, offset: uint64, count: uint32, stable: stable_how, data: opaque() }),
    result({ file_wcc: wcc_data, count: uint32, committed: stable_how, verf: writeverf3 }, { file_wcc: wcc_data }),
  ),
  CREATE: procedure(8, struct({ where: diropargs3, how: createhow3 }), made),
  MKDIR: procedure(9, struct({ where: diropargs3, attributes: sattr3 }), made),
  SYMLINK: procedure(
    10,
    struct({ where: diropargs3, symlink: struct({ symlink_attributes: sattr3, symlink_data: nfspath3 }) }),
    made,
  ),
  MKNOD: procedure(11, struct({ where: diropargs3, what: mknoddata3 }), made),
  REMOVE: procedure(12, struct({ object: diropargs3 }), removed),
  RMDIR: procedure(13, struct({ object: diropargs3 }), removed),
  RENAME: procedure(14, struct({ from: diropargs3, to: diropargs3 }), result(renamed, renamed)),
  LINK: procedure(15, struct({ file: nfs_fh3, link: diropargs3 }), result(linked, linked)),
  READDIR: procedure(
    16,
    struct({ dir: nfs_fh3, cookie: uint64, cookieverf: cookieverf3, count: uint32 }),
    listing(entry3),
  ),
  READDIRPLUS: procedure(
    17,
    struct({ dir: nfs_fh3, cookie: uint64, cookieverf: cookieverf3, dircount: uint32, maxcount: uint32 }),
    listing(entryplus3),
  ),
  FSSTAT: procedure(
    18,
    struct({ fsroot: nfs_fh3 }),
    result(
      {
        obj_attributes: post_op_attr,
        tbytes: uint64,
        fbytes: uint64,
        abytes: uint64,
        tfiles: uint64,
        ffiles: uint64,
        afiles: uint64,
        invarsec: uint32,
      },
      { obj_attributes: post_op_attr },
    ),
  ),
  FSINFO: procedure(
    19,
    struct({ fsroot: nfs_fh3 }),
    result(
      {
        obj_attributes: post_op_attr,
        rtmax: uint32,
        rtpref: uint32,
        rtmult: uint32,
        wtmax: uint32,
        wtpref: uint32,
        wtmult: uint32,
        dtpref: uint32,
        maxfilesize: uint64,
        time_delta: nfstime3,
        properties: uint32,
      },
      { obj_attributes: post_op_attr },
    ),
  ),
  PATHCONF: procedure(
    20,
    struct({ object: nfs_fh3 }),
    result(
      {
        obj_attributes: post_op_attr,
        linkmax: uint32,
        name_max: uint32,
        no_trunc: bool,
        chown_restricted: bool,
        case_insensitive: bool,
        case_preserving: bool,
      },
      { obj_attributes: post_op_attr },
    ),
  ),
  COMMIT: procedure(
    21,
    struct({ file: nfs_fh3, offset: uint64, count: uint32 }),
    result({ file_wcc: wcc_data, verf: writeverf3 }, { file_wcc: wcc_data }),
  ),
});
