import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName } from '../../v3/arguments.ts';
import { newAttributesOf } from '../arguments.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { MAXPATHLEN, statres, symlinkargs } from '../types.ts';

/**
 * SYMLINK (RFC 1094 §2.2.14): a symbolic link; its text is not looked at. Replay: recorded.
 * Fails: NFSERR_EXIST (also for `.` and `..`), NFSERR_IO (an empty text, or one with NUL), NFSERR_NOTDIR, NFSERR_ACCES,
 * NFSERR_NAMETOOLONG (name or text), NFSERR_ROFS, NFSERR_NOSPC, NFSERR_DQUOT.
 */
export function symlink(exports: Exports) {
  return onFile(exports, {
    number: 13,
    name: 'SYMLINK',
    args: symlinkargs,
    res: statres,
    idempotent: false,
    replay: {
      making: {
        place: ({ from }) => from,
        type: () => FileType.LNK,
        result: () => ({ status: NFS_OK }),
      },
    },
    object: ({ from }) => from.dir,
    failed,
    work: (directory, { from: { name }, to, attributes }, call) => {
      checkNewName(directory, name);
      if (to.length === 0 || to.includes(0)) throw new FsError('INVAL', 'symlink');
      if (to.length > MAXPATHLEN) throw new FsError('NAMETOOLONG', 'symlink');
      const wanted = { ...newAttributesOf(attributes), size: undefined };
      const created = directory.view.symlink(directory.inode, name, to, wanted, beforeMaking(call, directory));
      return then(created, () => ({ status: NFS_OK }));
    },
  });
}
