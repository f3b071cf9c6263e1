import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { checkRegular } from '../arguments.ts';
import { wccDataOf } from '../attributes.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { COMMIT3args, COMMIT3res } from '../types.ts';

/**
 * COMMIT (RFC 1813 §3.3.21): brings a file's unstable data to stable storage; all of it, whatever range was asked.
 * Fails: NFS3ERR_INVAL (not a regular file), NFS3ERR_IO.
 */
export function commit(exports: Exports) {
  return onFile(exports, {
    number: 21,
    name: 'COMMIT',
    args: COMMIT3args,
    res: COMMIT3res,
    idempotent: true,
    object: ({ file }) => file,
    failed: (status, after) => ({ status, file_wcc: { before: undefined, after } }),
    work: ({ view, inode }) => {
      checkRegular(inode);
      return then(view.commit(inode), (change) => ({
        status: NFS3_OK,
        file_wcc: wccDataOf(view, change),
        // As it is after the flush: another than WRITE's tells the client that data was lost on the way (§3.3.21).
        verf: view.fileSystem.writeVerifier,
      }));
    },
  });
}
