import { array, type Fields, struct, type TypeOf, uint32, union } from '../wire.ts';
import { attrstat, fattr, fhandle, nfsstat } from './nfs2.ts';
import { nfs_fh3, nfsstat3, post_op_attr } from './nfs3.ts';
import { procedure, program } from './program.ts';

/** NFSACL (Sun's side protocol without an RFC; as Linux has it in `fs/nfs_common/nfsacl.c`). */
export const aclent = struct({ type: uint32, id: uint32, perm: uint32 });
export const secattr = struct({
  mask: uint32,
  access: struct({ count: uint32, entries: array(aclent, 1024) }),
  default: struct({ count: uint32, entries: array(aclent, 1024) }),
});
export type secattr = TypeOf<typeof secattr>;

const result2 = <Ok extends Fields>(ok: Ok) => union('status', nfsstat, { NFS_OK: ok }, {});
const result3 = <Ok extends Fields>(ok: Ok) => union('status', nfsstat3, { NFS3_OK: ok }, { attr: post_op_attr });

export const ACL2 = program('NFSACLv2', 100_227, 2, {
  NULL: procedure(0),
  GETACL: procedure(1, struct({ fh: fhandle, mask: uint32 }), result2({ attr: fattr, acl: secattr })),
  SETACL: procedure(2, struct({ fh: fhandle, acl: secattr }), attrstat),
  GETATTR: procedure(3, struct({ fh: fhandle }), attrstat),
  ACCESS: procedure(4, struct({ fh: fhandle, access: uint32 }), result2({ attr: fattr, access: uint32 })),
});
export const ACL3 = program('NFSACLv3', 100_227, 3, {
  NULL: procedure(0),
  GETACL: procedure(1, struct({ fh: nfs_fh3, mask: uint32 }), result3({ attr: post_op_attr, acl: secattr })),
  SETACL: procedure(2, struct({ fh: nfs_fh3, acl: secattr }), result3({ attr: post_op_attr })),
});
