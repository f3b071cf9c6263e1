import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError } from '../../../vfs/index.ts';
import { fattr3Of } from '../attributes.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { READLINK3args, READLINK3res } from '../types.ts';

/** READLINK (RFC 1813 §3.3.5): a symbolic link's text. Fails: NFS3ERR_INVAL (not a symbolic link), NFS3ERR_IO. */
export function readlink(exports: Exports) {
  return onFile(exports, {
    number: 5,
    name: 'READLINK',
    args: READLINK3args,
    res: READLINK3res,
    idempotent: true,
    object: ({ symlink }) => symlink,
    failed: (status, symlink_attributes) => ({ status, symlink_attributes }),
    work: ({ view, inode }) => {
      if (inode.type !== FileType.LNK) throw new FsError('INVAL', 'readlink');
      return then(view.readlink(inode), ({ target, attributes }) => ({
        status: NFS3_OK,
        symlink_attributes: fattr3Of(view, attributes),
        data: target,
      }));
    },
  });
}
