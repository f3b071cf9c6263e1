import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError } from '../../../vfs/index.ts';
import { beforeSetting } from '../../replay/index.ts';
import { newAttributesOf, timeOf } from '../arguments.ts';
import { wccDataOf } from '../attributes.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { SETATTR3args, SETATTR3res } from '../types.ts';

/**
 * SETATTR (RFC 1813 §3.3.2): sets attributes, if the file's ctime is still the guard's.
 * Replay: recorded, for a guard that held once does not hold again.
 * Fails: NFS3ERR_NOT_SYNC (guard), NFS3ERR_INVAL (a time that cannot be; the size of what is not a regular file),
 * NFS3ERR_FBIG, NFS3ERR_PERM, NFS3ERR_ACCES, NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT, NFS3ERR_IO.
 */
export function setattr(exports: Exports) {
  return onFile(exports, {
    number: 2,
    name: 'SETATTR',
    args: SETATTR3args,
    res: SETATTR3res,
    idempotent: false,
    replay: {
      setting: {
        file: ({ object }) => object,
        changes: ({ new_attributes }) => newAttributesOf(new_attributes),
        result: ({ view }, change) => ({ status: NFS3_OK, obj_wcc: wccDataOf(view, change) }),
      },
    },
    object: ({ object }) => object,
    failed: (status, after) => ({ status, obj_wcc: { before: undefined, after } }),
    work: (file, { new_attributes, guard }, call) => {
      const { view, inode } = file;
      const changes = newAttributesOf(new_attributes);
      // truncate(2) of a directory is EISDIR, which is none of SETATTR's errors (§3.3.2).
      if (changes.size !== undefined && inode.type !== FileType.REG) throw new FsError('INVAL', 'truncate');
      const time = guard === undefined ? undefined : timeOf(guard);
      const set = view.setAttributes(inode, changes, time, beforeSetting(call, file));
      return then(set, (change) => ({ status: NFS3_OK, obj_wcc: wccDataOf(view, change) }));
    },
  });
}
