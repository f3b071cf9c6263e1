import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { result, struct, uint32 } from '../../../xdr/index.ts';
import { fattr, fattrOf } from '../../v2/attributes.ts';
import { failed, onFile } from '../../v2/runner.ts';
import { NFS_OK, stat } from '../../v2/status.ts';
import { fhandle } from '../../v2/types.ts';
import { checkMask, secattrOf } from '../convert.ts';
import { secattr } from '../types.ts';

export const GETACL2args = struct({ fh: fhandle, mask: uint32 });
export const GETACL2res = result(stat, { attr: fattr, acl: secattr }, {});

/** ACLPROC2_GETACL: a file's ACLs, those that `mask` asks for. Fails: NFSERR_IO (also a `mask` that cannot be). */
export function getacl(exports: Exports) {
  return onFile(exports, {
    number: 1,
    name: 'ACLPROC2_GETACL',
    args: GETACL2args,
    res: GETACL2res,
    idempotent: true,
    object: ({ fh }) => fh,
    failed,
    work: ({ view, inode }, { mask }) => {
      checkMask(mask);
      return then(view.acls(inode), ({ acls, attributes }) => ({
        status: NFS_OK,
        attr: fattrOf(view, attributes),
        acl: secattrOf(acls, attributes, mask),
      }));
    },
  });
}
