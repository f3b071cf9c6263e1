import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FsError } from '../../../vfs/index.ts';
import { beforeRemoving } from '../../replay/index.ts';
import { checkName, isDot, isDotDot } from '../arguments.ts';
import { wccDataOf } from '../attributes.ts';
import { directoryUnchanged } from '../made.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { RMDIR3args, RMDIR3res } from '../types.ts';

/**
 * RMDIR (RFC 1813 §3.3.13): takes an empty directory away. Replay: recorded.
 * Fails: NFS3ERR_NOENT, NFS3ERR_NOTDIR, NFS3ERR_NOTEMPTY, NFS3ERR_INVAL (`.`), NFS3ERR_EXIST (`..`), NFS3ERR_ACCES,
 * NFS3ERR_PERM (sticky directory), NFS3ERR_NAMETOOLONG, NFS3ERR_ROFS, NFS3ERR_IO.
 */
export function rmdir(exports: Exports) {
  return onFile(exports, {
    number: 13,
    name: 'RMDIR',
    args: RMDIR3args,
    res: RMDIR3res,
    idempotent: false,
    replay: {
      removing: {
        place: ({ object }) => object,
        result: ({ view }, change) => ({ status: NFS3_OK, dir_wcc: wccDataOf(view, change) }),
      },
    },
    object: ({ object }) => object.dir,
    failed: directoryUnchanged,
    work: (directory, { object: { name } }, call) => {
      checkName(directory, name);
      // §3.3.13: where these names are illegal, `.` is NFS3ERR_INVAL and `..` is NFS3ERR_EXIST.
      if (isDot(name)) throw new FsError('INVAL', 'rmdir');
      if (isDotDot(name)) throw new FsError('EXIST', 'rmdir');
      const { view, inode } = directory;
      const removed = view.rmdir(inode, name, beforeRemoving(call, directory));
      return then(removed, (change) => ({ status: NFS3_OK, dir_wcc: wccDataOf(view, change) }));
    },
  });
}
