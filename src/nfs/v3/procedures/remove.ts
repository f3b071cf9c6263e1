import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FsError } from '../../../vfs/index.ts';
import { beforeRemoving } from '../../replay/index.ts';
import { checkName, isDot, isDotDot } from '../arguments.ts';
import { wccDataOf } from '../attributes.ts';
import { directoryUnchanged } from '../made.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { REMOVE3args, REMOVE3res } from '../types.ts';

/**
 * REMOVE (RFC 1813 §3.3.12): takes a name of anything but a directory away. Replay: recorded.
 * Fails: NFS3ERR_NOENT, NFS3ERR_NOTDIR, NFS3ERR_ISDIR, NFS3ERR_ACCES (also for `.` and `..`), NFS3ERR_PERM (sticky
 * directory), NFS3ERR_NAMETOOLONG, NFS3ERR_ROFS, NFS3ERR_IO.
 */
export function remove(exports: Exports) {
  return onFile(exports, {
    number: 12,
    name: 'REMOVE',
    args: REMOVE3args,
    res: REMOVE3res,
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
      // These two cannot be removed by anyone: of §3.3.12's errors, NFS3ERR_ACCES says that.
      if (isDot(name) || isDotDot(name)) throw new FsError('ACCES', 'remove');
      const { view, inode } = directory;
      const removed = view.remove(inode, name, beforeRemoving(call, directory));
      return then(removed, (change) => ({ status: NFS3_OK, dir_wcc: wccDataOf(view, change) }));
    },
  });
}
