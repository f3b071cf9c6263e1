import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { result, struct, uint32 } from '../../../xdr/index.ts';
import { fattr, fattrOf } from '../../v2/attributes.ts';
import { failed, onFile } from '../../v2/runner.ts';
import { NFS_OK, stat } from '../../v2/status.ts';
import { fhandle } from '../../v2/types.ts';

/** The bits of NFSv3's ACCESS. Those beyond them mean nothing, so nobody has them. */
const ACCESS_ALL = 0x3f;

export const ACCESS2args = struct({ fh: fhandle, access: uint32 });
export const ACCESS2res = result(stat, { attr: fattr, access: uint32 }, {});

/** ACLPROC2_ACCESS: which of the asked permissions the caller has, for with ACLs the mode does not tell. Fails: NFSERR_IO. */
export function access(exports: Exports) {
  return onFile(exports, {
    number: 4,
    name: 'ACLPROC2_ACCESS',
    args: ACCESS2args,
    res: ACCESS2res,
    idempotent: true,
    object: ({ fh }) => fh,
    failed,
    work: ({ view, inode }, args) =>
      then(view.access(inode, args.access & ACCESS_ALL), ({ granted, attributes }) => ({
        status: NFS_OK,
        attr: fattrOf(view, attributes),
        access: granted,
      })),
  });
}
