import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName } from '../../v3/arguments.ts';
import { newAttributesOf } from '../arguments.ts';
import { failed, madeFile, onFile } from '../runner.ts';
import { createargs, diropres } from '../types.ts';

/**
 * MKDIR (RFC 1094 §2.2.15): a directory. Replay: recorded.
 * Fails: NFSERR_EXIST (also for `.` and `..`), NFSERR_NOTDIR, NFSERR_ACCES, NFSERR_NAMETOOLONG, NFSERR_ROFS, NFSERR_NOSPC,
 * NFSERR_DQUOT, NFSERR_IO.
 */
export function mkdir(exports: Exports) {
  return onFile(exports, {
    number: 14,
    name: 'MKDIR',
    args: createargs,
    res: diropres,
    idempotent: false,
    replay: {
      making: {
        place: ({ where }) => where,
        type: () => FileType.DIR,
        result: (directory, made) => madeFile(exports, directory, made),
      },
    },
    object: ({ where }) => where.dir,
    failed,
    work: (directory, { where: { name }, attributes }, call) => {
      checkNewName(directory, name);
      const wanted = { ...newAttributesOf(attributes), size: undefined };
      const created = directory.view.mkdir(directory.inode, name, wanted, beforeMaking(call, directory));
      return then(created, (made) => madeFile(exports, directory, made));
    },
  });
}
