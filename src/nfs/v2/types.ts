import { bool, fixed, list, opaque, result, struct, type TypeOf, uint32, type Xdr } from '../../xdr/index.ts';
import { fattr, timeval } from './attributes.ts';
import { stat } from './status.ts';

/** FHSIZE, MAXDATA and MAXPATHLEN (RFC 1094 §2.2). */
const FHSIZE = 32;
export const MAXDATA = 8192;
export const MAXPATHLEN = 1024;
/**
 * Most bytes of a name and of a link's text that are taken in. What is too long is to be answered with
 * NFSERR_NAMETOOLONG (RFC 1094 §2.3.1), so more must be read than there may be.
 */
const MAX_WIRE_NAME = 4096;
const MAX_WIRE_PATH = 8192;
/** Most entries in a directory's reply. Only a client reads one. */
const MAX_ENTRIES = 1024;

export const fhandle = fixed(FHSIZE);
export const filename = opaque(MAX_WIRE_NAME);
export const path = opaque(MAX_WIRE_PATH);
/** `nfscookie`: four bytes that mean nothing to a client; to us they are a number. */
const nfscookie = uint32;

/** `sattr` (RFC 1094 §2.3.6). -1 in a field leaves what it is about as it is. */
export const sattr = struct({ mode: uint32, uid: uint32, gid: uint32, size: uint32, atime: timeval, mtime: timeval });
export type sattr = TypeOf<typeof sattr>;

/** `diropargs` (RFC 1094 §2.3.10). */
export const diropargs = struct({ dir: fhandle, name: filename });

/** `attrstat` and `diropres` (RFC 1094 §2.3.9, §2.3.11). */
export const attrstat = result(stat, { attributes: fattr }, {});
export const diropres = result(stat, { file: fhandle, attributes: fattr }, {});
export type diropres = TypeOf<typeof diropres>;
/** A status alone, as REMOVE and others answer. */
export const statres = result(stat, {}, {});

/** Bytes that leave in a reply: by reference where there are many; `release` is called once they are gone. */
export interface Bulk {
  readonly bytes: Buffer;
  readonly release?: (() => void) | undefined;
}

const nfsdata: Xdr<Bulk> = {
  read: (from) => ({ bytes: from.opaque(MAXDATA) }),
  write: (to, { bytes, release }) => to.bulk(bytes, release),
};

/** The same in a call, in the pieces it was received in. */
const pieces: Xdr<readonly Buffer[]> = {
  read: (from) => from.segments(MAXDATA),
  write: (to, value) => to.opaque(Buffer.concat(value)),
};

export const fhandleargs = struct({ file: fhandle });
export const sattrargs = struct({ file: fhandle, attributes: sattr });
export const readargs = struct({ file: fhandle, offset: uint32, count: uint32, totalcount: uint32 });
export const writeargs = struct({
  file: fhandle,
  beginoffset: uint32,
  offset: uint32,
  totalcount: uint32,
  data: pieces,
});
export const createargs = struct({ where: diropargs, attributes: sattr });
export const renameargs = struct({ from: diropargs, to: diropargs });
export const linkargs = struct({ from: fhandle, to: diropargs });
export const symlinkargs = struct({ from: diropargs, to: path, attributes: sattr });
export const readdirargs = struct({ dir: fhandle, cookie: nfscookie, count: uint32 });

export const readlinkres = result(stat, { data: path }, {});
export const readres = result(stat, { attributes: fattr, data: nfsdata }, {});
export const entry = struct({ fileid: uint32, name: filename, cookie: nfscookie });
export const readdirres = result(stat, { entries: list(entry, MAX_ENTRIES), eof: bool }, {});
export const statfsres = result(
  stat,
  { tsize: uint32, bsize: uint32, blocks: uint32, bfree: uint32, bavail: uint32 },
  {},
);
