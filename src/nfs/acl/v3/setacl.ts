import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { result, struct } from '../../../xdr/index.ts';
import { beforeSettingAcls } from '../../replay/index.ts';
import { fattr3Of, post_op_attr } from '../../v3/attributes.ts';
import { onFile } from '../../v3/runner.ts';
import { NFS3_OK, nfsstat3 } from '../../v3/status.ts';
import { nfs_fh3 } from '../../v3/types.ts';
import { aclsOf } from '../convert.ts';
import { secattr } from '../types.ts';

export const SETACL3args = struct({ fh: nfs_fh3, acl: secattr });
export const SETACL3res = result(nfsstat3, { attr: post_op_attr }, { attr: post_op_attr });

/**
 * ACLPROC3_SETACL: replaces a file's ACLs. Replay: recorded, for the file may have others meanwhile.
 * Fails: NFS3ERR_PERM (not the owner), NFS3ERR_INVAL (an ACL that makes no sense), NFS3ERR_ACCES (a default ACL on something
 * else than a directory), NFS3ERR_NOTSUPP (storage without ACLs), NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT, NFS3ERR_IO.
 */
export function setacl(exports: Exports) {
  return onFile(exports, {
    number: 2,
    name: 'ACLPROC3_SETACL',
    args: SETACL3args,
    res: SETACL3res,
    idempotent: false,
    replay: {
      settingAcls: {
        file: ({ fh }) => fh,
        result: ({ view }, { after }) => ({ status: NFS3_OK, attr: fattr3Of(view, after) }) as const,
      },
    },
    object: ({ fh }) => fh,
    failed: (status, attr) => ({ status, attr }),
    work: (file, { acl }, call) =>
      then(file.view.setAcls(file.inode, aclsOf(acl), beforeSettingAcls(call, file)), ({ after }) => ({
        status: NFS3_OK,
        attr: fattr3Of(file.view, after),
      })),
  });
}
