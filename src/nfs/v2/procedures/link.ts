import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName } from '../../v3/arguments.ts';
import { failed, onTwoFiles } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { linkargs, statres } from '../types.ts';

/**
 * LINK (RFC 1094 §2.2.13): another name for a file. Replay: recorded.
 * Fails: NFSERR_EXIST (also for `.` and `..`), NFSERR_ISDIR (a directory), NFSERR_ACCES (also across exports),
 * NFSERR_NOTDIR, NFSERR_PERM, NFSERR_NAMETOOLONG, NFSERR_ROFS, NFSERR_NOSPC (also too many names), NFSERR_DQUOT, NFSERR_IO.
 */
export function link(exports: Exports) {
  return onTwoFiles(exports, {
    number: 12,
    name: 'LINK',
    args: linkargs,
    res: statres,
    idempotent: false,
    replay: {
      linking: {
        file: ({ from }) => from,
        place: ({ to }) => to,
        result: () => ({ status: NFS_OK }),
      },
    },
    objects: ({ from, to }) => [from, to.dir],
    failed,
    work: ({ view, inode }, directory, { to: { name } }, call) => {
      checkNewName(directory, name);
      if (directory.view.fileSystem !== view.fileSystem) throw new FsError('XDEV', 'link');
      if (inode.type === FileType.DIR) throw new FsError('ISDIR', 'link');
      return then(view.link(inode, directory.inode, name, beforeMaking(call, directory)), () => ({ status: NFS_OK }));
    },
  });
}
