import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { fattrOf } from '../../v2/attributes.ts';
import { failed, onFile } from '../../v2/runner.ts';
import { NFS_OK } from '../../v2/status.ts';
import { attrstat, fhandleargs } from '../../v2/types.ts';

/** ACLPROC2_GETATTR: as NFSv2's GETATTR. Fails: NFSERR_STALE, NFSERR_IO. */
export function getattr(exports: Exports) {
  return onFile(exports, {
    number: 3,
    name: 'ACLPROC2_GETATTR',
    args: fhandleargs,
    res: attrstat,
    idempotent: true,
    object: ({ file }) => file,
    failed,
    work: ({ view, inode }) =>
      then(view.attributes(inode), (attributes) => ({ status: NFS_OK, attributes: fattrOf(view, attributes) })),
  });
}
