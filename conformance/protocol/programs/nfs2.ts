import {
  bool,
  enumeration,
  type Fields,
  fixed,
  list,
  opaque,
  struct,
  type TypeOf,
  text,
  uint32,
  union,
} from '../wire.ts';
import { procedure, program } from './program.ts';

/** NFS version 2 (RFC 1094 §2). The numbers between are what servers are known to answer with. */
export const nfsstat = enumeration({
  NFS_OK: 0,
  NFSERR_PERM: 1,
  NFSERR_NOENT: 2,
  NFSERR_IO: 5,
  NFSERR_NXIO: 6,
  NFSERR_ACCES: 13,
  NFSERR_EXIST: 17,
  NFSERR_XDEV: 18,
  NFSERR_NODEV: 19,
  NFSERR_NOTDIR: 20,
  NFSERR_ISDIR: 21,
  NFSERR_INVAL: 22,
  NFSERR_FBIG: 27,
  NFSERR_NOSPC: 28,
  NFSERR_ROFS: 30,
  NFSERR_OPNOTSUPP: 45,
  NFSERR_NAMETOOLONG: 63,
  NFSERR_NOTEMPTY: 66,
  NFSERR_DQUOT: 69,
  NFSERR_STALE: 70,
  NFSERR_REMOTE: 71,
  NFSERR_WFLUSH: 99,
});
export type nfsstat = TypeOf<typeof nfsstat>;

/** §2.3.2; sockets and FIFOs have numbers in practice (NFSOCK, NFFIFO). */
export const ftype = enumeration({
  NFNON: 0,
  NFREG: 1,
  NFDIR: 2,
  NFBLK: 3,
  NFCHR: 4,
  NFLNK: 5,
  NFSOCK: 6,
  NFBAD: 7,
  NFFIFO: 8,
});

export const fhandle = fixed(32);
export const timeval = struct({ seconds: uint32, useconds: uint32 });
export const fattr = struct({
  type: ftype,
  mode: uint32,
  nlink: uint32,
  uid: uint32,
  gid: uint32,
  size: uint32,
  blocksize: uint32,
  rdev: uint32,
  blocks: uint32,
  fsid: uint32,
  fileid: uint32,
  atime: timeval,
  mtime: timeval,
  ctime: timeval,
});
export type fattr = TypeOf<typeof fattr>;

/** §2.3.6: -1 (0xffffffff) in a field leaves it as it is. */
export const sattr = struct({ mode: uint32, uid: uint32, gid: uint32, size: uint32, atime: timeval, mtime: timeval });
export type sattr = TypeOf<typeof sattr>;

export const filename = text();
export const path = text();
export const diropargs = struct({ dir: fhandle, name: filename });

function result<Ok extends Fields>(ok: Ok) {
  return union('status', nfsstat, { NFS_OK: ok }, {});
}
export const attrstat = result({ attributes: fattr });
const diropres = result({ file: fhandle, attributes: fattr });
const statres = result({});

export const entry = struct({ fileid: uint32, name: filename, cookie: uint32 });

export const NFS2 = program('NFSv2', 100_003, 2, {
  NULL: procedure(0),
  GETATTR: procedure(1, fhandle, attrstat),
  SETATTR: procedure(2, struct({ file: fhandle, attributes: sattr }), attrstat),
  ROOT: procedure(3),
  LOOKUP: procedure(4, diropargs, diropres),
  READLINK: procedure(5, fhandle, result({ data: path })),
  READ: procedure(
    6,
    struct({ file: fhandle, offset: uint32, count: uint32, totalcount: uint32 }),
    result({ attributes: fattr, data: opaque(8192) }),
  ),
  WRITECACHE: procedure(7),
  WRITE: procedure(
    8,
    struct({ file: fhandle, beginoffset: uint32, offset: uint32, totalcount: uint32, data: opaque() }),
    attrstat,
  ),
  CREATE: procedure(9, struct({ where: diropargs, attributes: sattr }), diropres),
  REMOVE: procedure(10, diropargs, statres),
  RENAME: procedure(11, struct({ from: diropargs, to: diropargs }), statres),
  LINK: procedure(12, struct({ from: fhandle, to: diropargs }), statres),
  SYMLINK: procedure(13, struct({ from: diropargs, to: path, attributes: sattr }), statres),
  MKDIR: procedure(14, struct({ where: diropargs, attributes: sattr }), diropres),
  RMDIR: procedure(15, diropargs, statres),
  READDIR: procedure(
    16,
    struct({ dir: fhandle, cookie: uint32, count: uint32 }),
    result({ entries: list(entry), eof: bool }),
  ),
  STATFS: procedure(
    17,
    fhandle,
    result({ tsize: uint32, bsize: uint32, blocks: uint32, bfree: uint32, bavail: uint32 }),
  ),
});
