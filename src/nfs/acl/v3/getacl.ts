import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { result, struct, uint32 } from '../../../xdr/index.ts';
import { fattr3Of, post_op_attr } from '../../v3/attributes.ts';
import { onFile } from '../../v3/runner.ts';
import { NFS3_OK, nfsstat3 } from '../../v3/status.ts';
import { nfs_fh3 } from '../../v3/types.ts';
import { checkMask, secattrOf } from '../convert.ts';
import { secattr } from '../types.ts';

export const GETACL3args = struct({ fh: nfs_fh3, mask: uint32 });
export const GETACL3res = result(nfsstat3, { attr: post_op_attr, acl: secattr }, { attr: post_op_attr });

/** ACLPROC3_GETACL: a file's ACLs, those that `mask` asks for. Fails: NFS3ERR_INVAL (`mask`), NFS3ERR_IO. */
export function getacl(exports: Exports) {
  return onFile(exports, {
    number: 1,
    name: 'ACLPROC3_GETACL',
    args: GETACL3args,
    res: GETACL3res,
    idempotent: true,
    object: ({ fh }) => fh,
    failed: (status, attr) => ({ status, attr }),
    work: ({ view, inode }, { mask }) => {
      checkMask(mask);
      return then(view.acls(inode), ({ acls, attributes }) => ({
        status: NFS3_OK,
        attr: fattr3Of(view, attributes),
        acl: secattrOf(acls, attributes, mask),
      }));
    },
  });
}
