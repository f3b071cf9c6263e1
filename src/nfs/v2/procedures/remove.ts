import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FsError } from '../../../vfs/index.ts';
import { beforeRemoving } from '../../replay/index.ts';
import { checkName, isDot, isDotDot } from '../../v3/arguments.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { diropargs, statres } from '../types.ts';

/**
 * REMOVE (RFC 1094 §2.2.11): takes a name of anything but a directory away. Replay: recorded.
 * Fails: NFSERR_NOENT, NFSERR_NOTDIR, NFSERR_ISDIR, NFSERR_ACCES (also for `.` and `..`), NFSERR_PERM (sticky directory),
 * NFSERR_NAMETOOLONG, NFSERR_ROFS, NFSERR_IO.
 */
export function remove(exports: Exports) {
  return onFile(exports, {
    number: 10,
    name: 'REMOVE',
    args: diropargs,
    res: statres,
    idempotent: false,
    replay: { removing: { place: (args) => args, result: () => ({ status: NFS_OK }) } },
    object: ({ dir }) => dir,
    failed,
    work: (directory, { name }, call) => {
      checkName(directory, name);
      if (isDot(name) || isDotDot(name)) throw new FsError('ACCES', 'remove');
      const removed = directory.view.remove(directory.inode, name, beforeRemoving(call, directory));
      return then(removed, () => ({ status: NFS_OK }));
    },
  });
}
