import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FsError } from '../../../vfs/index.ts';
import { checkDirectory } from '../arguments.ts';
import { fattr3Of } from '../attributes.ts';
import { budget, COOKIE_VERIFIER, checkCookie, DIRECTORY_BYTES } from '../directory.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { READDIR3args, READDIR3res } from '../types.ts';

/**
 * READDIR (RFC 1813 §3.3.16): names from a position on, in at most `count` bytes.
 * Fails: NFS3ERR_NOTDIR, NFS3ERR_BAD_COOKIE, NFS3ERR_TOOSMALL (`count` does not hold one entry), NFS3ERR_ACCES,
 * NFS3ERR_IO.
 */
export function readdir(exports: Exports) {
  return onFile(exports, {
    number: 16,
    name: 'READDIR',
    args: READDIR3args,
    res: READDIR3res,
    idempotent: true,
    object: ({ dir }) => dir,
    failed: (status, dir_attributes) => ({ status, dir_attributes }),
    work: ({ view, inode }, { cookie, cookieverf, count }, call) => {
      checkDirectory(inode);
      checkCookie(cookie, cookieverf);
      const bytes = Math.min(count, DIRECTORY_BYTES, call.peer.maxData);
      return then(view.readdir(inode, cookie, false, budget(bytes, bytes, 0)), ({ entries, eof, directory }) => {
        if (entries.length === 0 && !eof) throw new FsError('TOOSMALL', 'readdir');
        return {
          status: NFS3_OK,
          dir_attributes: fattr3Of(view, directory),
          cookieverf: COOKIE_VERIFIER,
          reply: { entries: [...entries], eof },
        };
      });
    },
  });
}
