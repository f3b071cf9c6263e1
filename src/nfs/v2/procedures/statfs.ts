import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { fhandleargs, MAXDATA, statfsres } from '../types.ts';

const SMALLEST_BLOCK = 1024n;
/** Some clients take the counts for signed numbers. */
const MAX_BLOCKS = 0x7fff_ffffn;

/** STATFS (RFC 1094 §2.2.18): how full the file system is, in blocks that are so large that 31 bits count them. */
export function statfs(exports: Exports) {
  return onFile(exports, {
    number: 17,
    name: 'STATFS',
    args: fhandleargs,
    res: statfsres,
    idempotent: true,
    object: ({ file }) => file,
    failed,
    work: ({ view }) =>
      then(view.space(), ({ totalBytes, freeBytes, availableBytes }) => {
        let block = SMALLEST_BLOCK;
        while (totalBytes / block > MAX_BLOCKS) block *= 2n;
        return {
          status: NFS_OK,
          tsize: MAXDATA,
          bsize: Number(block),
          blocks: Number(totalBytes / block),
          bfree: Number(freeBytes / block),
          bavail: Number(availableBytes / block),
        };
      }),
  });
}
