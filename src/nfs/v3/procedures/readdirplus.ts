import { then } from '../../../common/awaitable.ts';
import type { Exports, FileListing, View } from '../../../exports/contract.ts';
import { FsError } from '../../../vfs/index.ts';
import { checkDirectory } from '../arguments.ts';
import { fattr3Of } from '../attributes.ts';
import { PLUS_BYTES, READDIRPLUS3res } from '../codecs.ts';
import { budget, COOKIE_VERIFIER, checkCookie, DIRECTORY_BYTES } from '../directory.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { type entryplus3, READDIRPLUS3args } from '../types.ts';

/**
 * READDIRPLUS (RFC 1813 §3.3.17): names from a position on, with attributes and handles where they can be had, in at most
 * `maxcount` bytes; the names, file numbers and cookies in about `dircount`.
 * Fails: NFS3ERR_NOTDIR, NFS3ERR_BAD_COOKIE, NFS3ERR_TOOSMALL (`maxcount` does not hold one entry), NFS3ERR_ACCES,
 * NFS3ERR_IO.
 */
export function readdirplus(exports: Exports) {
  return onFile(exports, {
    number: 17,
    name: 'READDIRPLUS',
    args: READDIRPLUS3args,
    res: READDIRPLUS3res,
    idempotent: true,
    object: ({ dir }) => dir,
    failed: (status, dir_attributes) => ({ status, dir_attributes }),
    work: ({ view, inode }, { cookie, cookieverf, dircount, maxcount }, call) => {
      checkDirectory(inode);
      checkCookie(cookie, cookieverf);
      const fits = budget(Math.min(maxcount, DIRECTORY_BYTES, call.peer.maxData), dircount, PLUS_BYTES);
      return then(view.readdir(inode, cookie, true, fits), ({ entries, eof, directory }) => {
        if (entries.length === 0 && !eof) throw new FsError('TOOSMALL', 'readdirplus');
        return {
          status: NFS3_OK,
          dir_attributes: fattr3Of(view, directory),
          cookieverf: COOKIE_VERIFIER,
          reply: { entries: entries.map((entry) => entryplus3Of(exports, view, entry)), eof },
        };
      });
    },
  });
}

function entryplus3Of(exports: Exports, directory: View, entry: FileListing['entries'][number]): entryplus3 {
  const { fileid, name, cookie, inode, attributes, view = directory } = entry;
  return {
    fileid,
    name,
    cookie,
    name_attributes: attributes === undefined ? undefined : fattr3Of(view, attributes),
    name_handle: inode === undefined ? undefined : exports.handleOf(view, inode),
  };
}
