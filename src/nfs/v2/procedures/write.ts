import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError, Stability } from '../../../vfs/index.ts';
import { fattrOf, MAX_SIZE } from '../attributes.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { attrstat, writeargs } from '../types.ts';

/**
 * WRITE (RFC 1094 §2.2.9): bytes into a regular file, on stable storage when the reply leaves. `beginoffset` and
 * `totalcount` mean nothing. Replay: run again, for the same bytes come to the same place.
 * Fails: NFSERR_ISDIR, NFSERR_IO (another kind of file), NFSERR_FBIG, NFSERR_ACCES, NFSERR_ROFS, NFSERR_NOSPC,
 * NFSERR_DQUOT.
 */
export function write(exports: Exports) {
  return onFile(exports, {
    number: 8,
    name: 'WRITE',
    args: writeargs,
    res: attrstat,
    idempotent: true,
    object: ({ file }) => file,
    failed,
    work: ({ view, inode }, { offset, data }) => {
      if (inode.type !== FileType.REG) throw new FsError(inode.type === FileType.DIR ? 'ISDIR' : 'INVAL', 'write');
      let length = 0;
      for (const piece of data) length += piece.length;
      if (offset + length > MAX_SIZE) throw new FsError('FBIG', 'write');
      return then(view.write(inode, offset, data, Stability.DATA_SYNC), ({ count, file }) => {
        // The reply has no count: a client takes a success for all of it.
        if (count < length) throw new FsError('NOSPC', 'write');
        return { status: NFS_OK, attributes: fattrOf(view, file.after) };
      });
    },
  });
}
