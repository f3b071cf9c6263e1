import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FsError, MAX_OFFSET } from '../../../vfs/index.ts';
import { checkRegular } from '../arguments.ts';
import { wccDataOf } from '../attributes.ts';
import { WRITE3args, WRITE3res } from '../codecs.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { MAX_TRANSFER } from '../types.ts';

/**
 * WRITE (RFC 1813 §3.3.7): bytes into a regular file, at most wtmax of them; a larger WRITE is done in part.
 * Replay: run again, for the same bytes come to the same place.
 * Fails: NFS3ERR_INVAL (not a regular file; `count` is not the length of `data`), NFS3ERR_FBIG, NFS3ERR_ACCES,
 * NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT, NFS3ERR_IO.
 */
export function write(exports: Exports) {
  return onFile(exports, {
    number: 7,
    name: 'WRITE',
    args: WRITE3args,
    res: WRITE3res,
    idempotent: true,
    object: ({ file }) => file,
    failed: (status, after) => ({ status, file_wcc: { before: undefined, after } }),
    work: ({ view, inode }, { offset, count, stable, data }) => {
      checkRegular(inode);
      // RFC 1813 leaves open what counts when `count` and the data's length differ. Whichever were taken, a client that
      // meant the other would have wrong bytes in its file or miss some, so neither is.
      if (lengthOf(data) !== count) throw new FsError('INVAL', 'write');
      const taken = Math.min(count, MAX_TRANSFER);
      if (offset > MAX_OFFSET - taken) throw new FsError('FBIG', 'write');
      // The verifier from before the write: should a flush fail meanwhile, this data may be among what was lost, and only
      // the older verifier makes the client send it again (§3.3.7).
      const verf = view.fileSystem.writeVerifier;
      const written = view.write(inode, offset, taken < count ? firstBytes(data, taken) : data, stable);
      return then(written, (done) => ({
        status: NFS3_OK,
        file_wcc: wccDataOf(view, done.file),
        count: done.count,
        committed: done.committed,
        verf,
      }));
    },
  });
}

function lengthOf(pieces: readonly Buffer[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function firstBytes(pieces: readonly Buffer[], bytes: number): Buffer[] {
  const first: Buffer[] = [];
  let missing = bytes;
  for (const piece of pieces) {
    if (missing === 0) break;
    const part = piece.subarray(0, missing);
    first.push(part);
    missing -= part.length;
  }
  return first;
}
