import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FsError } from '../../../vfs/index.ts';
import { beforeRenaming } from '../../replay/index.ts';
import { checkName, isDot, isDotDot } from '../../v3/arguments.ts';
import { failed, onTwoFiles } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { renameargs, statres } from '../types.ts';

/**
 * RENAME (RFC 1094 §2.2.12): moves a name, replacing the target atomically. Replay: recorded.
 * Fails: NFSERR_NOENT, NFSERR_NOTDIR, NFSERR_EXIST (a directory onto something else, or the reverse), NFSERR_NOTEMPTY,
 * NFSERR_ACCES (also across exports, and for `.` and `..`), NFSERR_IO (a directory into itself), NFSERR_PERM (sticky
 * directory), NFSERR_NAMETOOLONG, NFSERR_ROFS, NFSERR_NOSPC, NFSERR_DQUOT.
 */
export function rename(exports: Exports) {
  return onTwoFiles(exports, {
    number: 11,
    name: 'RENAME',
    args: renameargs,
    res: statres,
    idempotent: false,
    replay: {
      renaming: {
        places: ({ from, to }) => ({ from, to }),
        result: () => ({ status: NFS_OK }),
      },
    },
    objects: ({ from, to }) => [from.dir, to.dir],
    failed,
    work: (fromDirectory, toDirectory, { from, to }, call) => {
      checkName(fromDirectory, from.name);
      checkName(toDirectory, to.name);
      if ([from.name, to.name].some((name) => isDot(name) || isDotDot(name))) throw new FsError('ACCES', 'rename');
      const { view } = fromDirectory;
      if (toDirectory.view.fileSystem !== view.fileSystem) throw new FsError('XDEV', 'rename');
      const before = beforeRenaming(call, fromDirectory);
      const renamed = view.rename(fromDirectory.inode, from.name, toDirectory.inode, to.name, before);
      return then(renamed, () => ({ status: NFS_OK }));
    },
  });
}
