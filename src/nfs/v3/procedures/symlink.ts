import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName, newAttributesOf } from '../arguments.ts';
import { directoryUnchanged, madeIn } from '../made.ts';
import { onFile } from '../runner.ts';
import { SYMLINK3args, SYMLINK3res } from '../types.ts';

/** Linux's PATH_MAX without the NUL at its end. */
const MAX_LINK_BYTES = 4095;

/**
 * SYMLINK (RFC 1813 §3.3.10): a symbolic link; its text is not looked at. Replay: recorded.
 * Fails: NFS3ERR_EXIST (also for `.` and `..`), NFS3ERR_INVAL (an empty text, or one with NUL), NFS3ERR_NOTDIR,
 * NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (name or text), NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT, NFS3ERR_IO.
 */
export function symlink(exports: Exports) {
  return onFile(exports, {
    number: 10,
    name: 'SYMLINK',
    args: SYMLINK3args,
    res: SYMLINK3res,
    idempotent: false,
    replay: {
      making: {
        place: ({ where }) => where,
        type: () => FileType.LNK,
        result: (directory, made) => madeIn(directory, exports, made),
      },
    },
    object: ({ where }) => where.dir,
    failed: directoryUnchanged,
    work: (directory, { where, symlink: { symlink_attributes, symlink_data } }, call) => {
      checkNewName(directory, where.name);
      // symlink(2) takes text up to its first NUL, and none that is empty.
      if (symlink_data.length === 0 || symlink_data.includes(0)) throw new FsError('INVAL', 'symlink');
      if (symlink_data.length > MAX_LINK_BYTES) throw new FsError('NAMETOOLONG', 'symlink');
      const attributes = newAttributesOf(symlink_attributes);
      const before = beforeMaking(call, directory);
      const created = directory.view.symlink(directory.inode, where.name, symlink_data, attributes, before);
      return then(created, (made) => madeIn(directory, exports, made));
    },
  });
}
