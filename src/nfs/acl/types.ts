import { array, struct, type TypeOf, uint32 } from '../../xdr/index.ts';

/** NFS_ACL_MAX_ENTRIES of Linux. */
const MAX_ENTRIES = 1024;

/** Bits of `mask`: which ACLs, or only their lengths. */
export const NFS_ACL = 1;
export const NFS_ACLCNT = 2;
export const NFS_DFACL = 4;
export const NFS_DFACLCNT = 8;
export const ALL_ACLS = 15;

/** `aclent`: what it is about (and NFS_ACL_DEFAULT), whom, and read, write, execute. */
export const aclent = struct({ type: uint32, id: uint32, perm: uint32 });
export type aclent = TypeOf<typeof aclent>;

/** The length of an ACL, which may be asked for alone, and its entries. */
export const counted = struct({ count: uint32, entries: array(aclent, MAX_ENTRIES) });
export type counted = TypeOf<typeof counted>;

/** `secattr`: Sun's protocol has no RFC; the format is that of Linux's `fs/nfs_common/nfsacl.c`. */
export const secattr = struct({ mask: uint32, access: counted, default: counted });
export type secattr = TypeOf<typeof secattr>;
