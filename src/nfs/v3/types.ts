import { FileType } from '../../vfs/index.ts';
import {
  bool,
  enumeration,
  fixed,
  list,
  opaque,
  optional,
  result,
  size64,
  struct,
  type TypeOf,
  uint32,
  uint64,
  union,
  type Xdr,
} from '../../xdr/index.ts';
import { fattr3, nfstime3, post_op_attr, wcc_data } from './attributes.ts';
import { nfsstat3 } from './status.ts';

export type { wcc_data } from './attributes.ts';

/** NFS3_FHSIZE (RFC 1813 §2.4). */
export const NFS3_FHSIZE = 64;
/**
 * Most bytes of a name that are taken in. A name too long for the file system is to be answered with NFS3ERR_NAMETOOLONG
 * (RFC 1813 §3.2), so more must be read than any file system takes.
 */
const MAX_WIRE_NAME = 4096;
/** Most bytes of a symbolic link's text: Linux's PATH_MAX, and as with names somewhat more is read. */
const MAX_WIRE_PATH = 8192;
/** rtmax and wtmax: the most bytes that one READ or WRITE carries. */
export const MAX_TRANSFER = 1024 * 1024;
/** Most entries in a directory reply. Only a client reads one. */
const MAX_ENTRIES = 65_536;

/** `nfs_fh3`. */
export const nfs_fh3 = opaque(NFS3_FHSIZE);
export const filename3 = opaque(MAX_WIRE_NAME);
export const nfspath3 = opaque(MAX_WIRE_PATH);
export const cookieverf3 = fixed(8);
export const createverf3 = fixed(8);
export const writeverf3 = fixed(8);
export const stable_how = enumeration([0, 1, 2]);
export const diropargs3 = struct({ dir: nfs_fh3, name: filename3 });
export type diropargs3 = TypeOf<typeof diropargs3>;
export const post_op_fh3 = optional(nfs_fh3);

/** `specdata3`: a device's numbers. */
export const specdata3 = struct({ specdata1: uint32, specdata2: uint32 });

/** `time_how`: leave the time, set it to the server's, or to the one given. */
export const DONT_CHANGE = 0;
export const SET_TO_SERVER_TIME = 1;
export const SET_TO_CLIENT_TIME = 2;
const set_time = union('set_it', { 0: {}, 1: {}, 2: { time: nfstime3 } });
export type set_time = TypeOf<typeof set_time>;

/** `sattr3`. */
export const sattr3 = struct({
  mode: optional(uint32),
  uid: optional(uint32),
  gid: optional(uint32),
  size: optional(size64),
  atime: set_time,
  mtime: set_time,
});
export type sattr3 = TypeOf<typeof sattr3>;

/** Bytes that leave in a reply: by reference where there are many; `release` is called once they are gone. */
export interface Bulk {
  readonly bytes: Buffer;
  readonly release?: (() => void) | undefined;
}

const bulk: Xdr<Bulk> = {
  read: (from) => ({ bytes: from.opaque(MAX_TRANSFER) }),
  write: (to, { bytes, release }) => to.bulk(bytes, release),
};

/** Bytes that came in a call, in the pieces they were received in. The message itself is their bound. */
const pieces: Xdr<readonly Buffer[]> = {
  read: (from) => from.segments(from.remaining),
  write: (to, value) => to.opaque(Buffer.concat(value)),
};

export const GETATTR3args = struct({ object: nfs_fh3 });
export const GETATTR3res = result(nfsstat3, { obj_attributes: fattr3 }, {});

export const SETATTR3args = struct({ object: nfs_fh3, new_attributes: sattr3, guard: optional(nfstime3) });
export const SETATTR3res = result(nfsstat3, { obj_wcc: wcc_data }, { obj_wcc: wcc_data });

export const LOOKUP3args = struct({ what: diropargs3 });
export const LOOKUP3res = result(
  nfsstat3,
  { object: nfs_fh3, obj_attributes: post_op_attr, dir_attributes: post_op_attr },
  { dir_attributes: post_op_attr },
);

export const ACCESS3args = struct({ object: nfs_fh3, access: uint32 });
export const ACCESS3res = result(
  nfsstat3,
  { obj_attributes: post_op_attr, access: uint32 },
  { obj_attributes: post_op_attr },
);

export const READLINK3args = struct({ symlink: nfs_fh3 });
export const READLINK3res = result(
  nfsstat3,
  { symlink_attributes: post_op_attr, data: nfspath3 },
  { symlink_attributes: post_op_attr },
);

export const READ3args = struct({ file: nfs_fh3, offset: size64, count: uint32 });
export const READ3res = result(
  nfsstat3,
  { file_attributes: post_op_attr, count: uint32, eof: bool, data: bulk },
  { file_attributes: post_op_attr },
);

export const WRITE3args = struct({ file: nfs_fh3, offset: size64, count: uint32, stable: stable_how, data: pieces });
export const WRITE3res = result(
  nfsstat3,
  { file_wcc: wcc_data, count: uint32, committed: stable_how, verf: writeverf3 },
  { file_wcc: wcc_data },
);

/** `createmode3`. */
export const UNCHECKED = 0;
export const GUARDED = 1;
export const EXCLUSIVE = 2;
export const createhow3 = union('mode', {
  0: { obj_attributes: sattr3 },
  1: { obj_attributes: sattr3 },
  2: { verf: createverf3 },
});
export type createhow3 = TypeOf<typeof createhow3>;

const madeObject = { obj: post_op_fh3, obj_attributes: post_op_attr, dir_wcc: wcc_data };

export const CREATE3args = struct({ where: diropargs3, how: createhow3 });
export const CREATE3res = result(nfsstat3, madeObject, { dir_wcc: wcc_data });

export const MKDIR3args = struct({ where: diropargs3, attributes: sattr3 });
export const MKDIR3res = result(nfsstat3, madeObject, { dir_wcc: wcc_data });

export const symlinkdata3 = struct({ symlink_attributes: sattr3, symlink_data: nfspath3 });
export const SYMLINK3args = struct({ where: diropargs3, symlink: symlinkdata3 });
export const SYMLINK3res = result(nfsstat3, madeObject, { dir_wcc: wcc_data });

const devicedata3 = struct({ dev_attributes: sattr3, spec: specdata3 });
const pipedata3 = struct({ pipe_attributes: sattr3 });

/** `mknoddata3`: one of the two bodies, or neither. */
export interface mknoddata3 {
  type: number;
  device: TypeOf<typeof devicedata3> | undefined;
  pipe: TypeOf<typeof pipedata3> | undefined;
}

/**
 * CHR and BLK bring a device's numbers, SOCK and FIFO attributes alone. Every other type, also one that there is not, has
 * an empty body (the union's default arm), so that it can be answered with NFS3ERR_BADTYPE.
 */
export const mknoddata3: Xdr<mknoddata3> = {
  read: (from) => {
    const type = from.uint32();
    return {
      type,
      device: type === FileType.CHR || type === FileType.BLK ? devicedata3.read(from) : undefined,
      pipe: type === FileType.SOCK || type === FileType.FIFO ? pipedata3.read(from) : undefined,
    };
  },
  write: (to, { type, device, pipe }) => {
    to.uint32(type);
    if (device !== undefined) devicedata3.write(to, device);
    if (pipe !== undefined) pipedata3.write(to, pipe);
  },
};

export const MKNOD3args = struct({ where: diropargs3, what: mknoddata3 });
export const MKNOD3res = result(nfsstat3, madeObject, { dir_wcc: wcc_data });

export const REMOVE3args = struct({ object: diropargs3 });
export const REMOVE3res = result(nfsstat3, { dir_wcc: wcc_data }, { dir_wcc: wcc_data });

export const RMDIR3args = struct({ object: diropargs3 });
export const RMDIR3res = result(nfsstat3, { dir_wcc: wcc_data }, { dir_wcc: wcc_data });

const renamed = { fromdir_wcc: wcc_data, todir_wcc: wcc_data };
export const RENAME3args = struct({ from: diropargs3, to: diropargs3 });
export const RENAME3res = result(nfsstat3, renamed, renamed);

const linked = { file_attributes: post_op_attr, linkdir_wcc: wcc_data };
export const LINK3args = struct({ file: nfs_fh3, link: diropargs3 });
export const LINK3res = result(nfsstat3, linked, linked);

export const entry3 = struct({ fileid: uint64, name: filename3, cookie: uint64 });
export const dirlist3 = struct({ entries: list(entry3, MAX_ENTRIES), eof: bool });
export const READDIR3args = struct({ dir: nfs_fh3, cookie: uint64, cookieverf: cookieverf3, count: uint32 });
export const READDIR3res = result(
  nfsstat3,
  { dir_attributes: post_op_attr, cookieverf: cookieverf3, reply: dirlist3 },
  { dir_attributes: post_op_attr },
);

export const entryplus3 = struct({
  fileid: uint64,
  name: filename3,
  cookie: uint64,
  name_attributes: post_op_attr,
  name_handle: post_op_fh3,
});
export type entryplus3 = TypeOf<typeof entryplus3>;
export const dirlistplus3 = struct({ entries: list(entryplus3, MAX_ENTRIES), eof: bool });
export const READDIRPLUS3args = struct({
  dir: nfs_fh3,
  cookie: uint64,
  cookieverf: cookieverf3,
  dircount: uint32,
  maxcount: uint32,
});
export const READDIRPLUS3res = result(
  nfsstat3,
  { dir_attributes: post_op_attr, cookieverf: cookieverf3, reply: dirlistplus3 },
  { dir_attributes: post_op_attr },
);

export const FSSTAT3args = struct({ fsroot: nfs_fh3 });
export const FSSTAT3res = result(
  nfsstat3,
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
);

/** FSINFO's `properties` (RFC 1813 §3.3.19). */
export const FSF3_LINK = 0x0001;
export const FSF3_SYMLINK = 0x0002;
export const FSF3_HOMOGENEOUS = 0x0008;
export const FSF3_CANSETTIME = 0x0010;

export const FSINFO3args = struct({ fsroot: nfs_fh3 });
export const FSINFO3res = result(
  nfsstat3,
  {
    obj_attributes: post_op_attr,
    rtmax: uint32,
    rtpref: uint32,
    rtmult: uint32,
    wtmax: uint32,
    wtpref: uint32,
    wtmult: uint32,
    dtpref: uint32,
    maxfilesize: size64,
    time_delta: nfstime3,
    properties: uint32,
  },
  { obj_attributes: post_op_attr },
);

export const PATHCONF3args = struct({ object: nfs_fh3 });
export const PATHCONF3res = result(
  nfsstat3,
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
);

export const COMMIT3args = struct({ file: nfs_fh3, offset: size64, count: uint32 });
export const COMMIT3res = result(nfsstat3, { file_wcc: wcc_data, verf: writeverf3 }, { file_wcc: wcc_data });
