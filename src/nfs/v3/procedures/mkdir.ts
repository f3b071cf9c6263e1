import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName, newAttributesOf } from '../arguments.ts';
import { directoryUnchanged, madeIn } from '../made.ts';
import { onFile } from '../runner.ts';
import { MKDIR3args, MKDIR3res } from '../types.ts';

/**
 * MKDIR (RFC 1813 §3.3.9): a directory. Replay: recorded.
 * Fails: NFS3ERR_EXIST (also for `.` and `..`), NFS3ERR_NOTDIR, NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG, NFS3ERR_INVAL,
 * NFS3ERR_MLINK, NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT, NFS3ERR_IO.
 */
export function mkdir(exports: Exports) {
  return onFile(exports, {
    number: 9,
    name: 'MKDIR',
    args: MKDIR3args,
    res: MKDIR3res,
    idempotent: false,
    replay: {
      making: {
        place: ({ where }) => where,
        type: () => FileType.DIR,
        result: (directory, made) => madeIn(directory, exports, made),
      },
    },
    object: ({ where }) => where.dir,
    failed: directoryUnchanged,
    work: (directory, { where, attributes }, call) => {
      checkNewName(directory, where.name);
      const { view, inode } = directory;
      const before = beforeMaking(call, directory);
      const created = view.mkdir(inode, where.name, newAttributesOf(attributes), before);
      return then(created, (made) => madeIn(directory, exports, made));
    },
  });
}
