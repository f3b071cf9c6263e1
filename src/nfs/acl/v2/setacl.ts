import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { struct } from '../../../xdr/index.ts';
import { beforeSettingAcls } from '../../replay/index.ts';
import { fattrOf } from '../../v2/attributes.ts';
import { failed, onFile } from '../../v2/runner.ts';
import { NFS_OK, NFSERR_OPNOTSUPP } from '../../v2/status.ts';
import { attrstat, fhandle } from '../../v2/types.ts';
import { aclsOf } from '../convert.ts';
import { secattr } from '../types.ts';

export const SETACL2args = struct({ fh: fhandle, acl: secattr });

/**
 * ACLPROC2_SETACL: replaces a file's ACLs. Replay: recorded, for the file may have others meanwhile.
 * Fails: NFSERR_PERM (not the owner), NFSERR_IO (an ACL that makes no sense), NFSERR_ACCES (a default ACL on something else
 * than a directory), NFSERR_OPNOTSUPP (storage without ACLs), NFSERR_ROFS, NFSERR_NOSPC, NFSERR_DQUOT.
 */
export function setacl(exports: Exports) {
  return onFile(exports, {
    number: 2,
    name: 'ACLPROC2_SETACL',
    args: SETACL2args,
    res: attrstat,
    idempotent: false,
    exceptions: { NOTSUPP: NFSERR_OPNOTSUPP },
    replay: {
      settingAcls: {
        file: ({ fh }) => fh,
        result: ({ view }, { after }) => ({ status: NFS_OK, attributes: fattrOf(view, after) }) as const,
      },
    },
    object: ({ fh }) => fh,
    failed,
    work: (file, { acl }, call) =>
      then(file.view.setAcls(file.inode, aclsOf(acl), beforeSettingAcls(call, file)), ({ after }) => ({
        status: NFS_OK,
        attributes: fattrOf(file.view, after),
      })),
  });
}
