import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { MAX_OFFSET } from '../../../vfs/index.ts';
import { checkRegular } from '../arguments.ts';
import { fattr3Of } from '../attributes.ts';
import { READ3args, READ3res } from '../codecs.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { MAX_TRANSFER } from '../types.ts';

/**
 * READ (RFC 1813 §3.3.6): bytes of a regular file, at most rtmax of them; fewer at the end of the file.
 * Fails: NFS3ERR_INVAL (not a regular file), NFS3ERR_ACCES, NFS3ERR_IO.
 */
export function read(exports: Exports) {
  return onFile(exports, {
    number: 6,
    name: 'READ',
    args: READ3args,
    res: READ3res,
    idempotent: true,
    object: ({ file }) => file,
    failed: (status, file_attributes) => ({ status, file_attributes }),
    work: ({ view, inode }, args, call) => {
      checkRegular(inode);
      // No file reaches beyond MAX_OFFSET, so what is asked from there on is at the end of the file.
      const offset = Math.min(args.offset, MAX_OFFSET);
      const count = Math.min(args.count, MAX_TRANSFER, call.peer.maxData, MAX_OFFSET - offset);
      return then(view.read(inode, offset, count), ({ data, eof, attributes, release }) => ({
        status: NFS3_OK,
        file_attributes: fattr3Of(view, attributes),
        count: data.length,
        eof,
        data: { bytes: data, release },
      }));
    },
  });
}
