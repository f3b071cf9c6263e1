import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError } from '../../../vfs/index.ts';
import { fattrOf, MAX_SIZE } from '../attributes.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { MAXDATA, readargs, readres } from '../types.ts';

/**
 * READ (RFC 1094 §2.2.7): at most 8192 bytes of a regular file; fewer only at its end.
 * Fails: NFSERR_ISDIR, NFSERR_IO (another kind of file), NFSERR_ACCES, NFSERR_FBIG (beyond what 32 bits can tell).
 */
export function read(exports: Exports) {
  return onFile(exports, {
    number: 6,
    name: 'READ',
    args: readargs,
    res: readres,
    idempotent: true,
    object: ({ file }) => file,
    failed,
    work: ({ view, inode }, { offset, count }, { peer }) => {
      if (inode.type !== FileType.REG) throw new FsError(inode.type === FileType.DIR ? 'ISDIR' : 'INVAL', 'read');
      const wanted = Math.min(count, MAXDATA, peer.maxData);
      return then(view.read(inode, offset, wanted), ({ data, attributes, release }) => {
        // A larger file is told to end here. Who reads up to there must not believe that this was all of it.
        if (offset + data.length >= MAX_SIZE && attributes.size > MAX_SIZE) {
          release?.();
          throw new FsError('FBIG', 'read');
        }
        return { status: NFS_OK, attributes: fattrOf(view, attributes), data: { bytes: data, release } };
      });
    },
  });
}
