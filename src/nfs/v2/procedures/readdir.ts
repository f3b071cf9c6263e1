import { then } from '../../../common/awaitable.ts';
import type { Exports, File, FileListing } from '../../../exports/contract.ts';
import { FsError } from '../../../vfs/index.ts';
import { padding } from '../../../xdr/index.ts';
import { checkDirectory } from '../../v3/arguments.ts';
import { fold } from '../attributes.ts';
import { type ShortCookies, wholeHashes } from '../cookies.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { MAXDATA, readdirargs, readdirres } from '../types.ts';

/** A result without entries: status, the list's end, eof. */
const EMPTY_BYTES = 12;
/** An entry without its name: the list's boolean, fileid, the name's length, cookie. */
const ENTRY_BYTES = 16;

/**
 * READDIR (RFC 1094 §2.2.17): names from a position on, in at most `count` bytes.
 * Fails: NFSERR_NOTDIR, NFSERR_ACCES, NFSERR_IO (`count` does not hold one entry; a position that is none).
 */
export function readdir(exports: Exports, cookies: ShortCookies) {
  return onFile(exports, {
    number: 16,
    name: 'READDIR',
    args: readdirargs,
    res: readdirres,
    idempotent: true,
    object: ({ dir }) => dir,
    failed,
    work: (directory, { cookie, count }, { peer }) => {
      checkDirectory(directory.inode);
      const from = cookies.lengthen(directory, cookie);
      const fits = budget(Math.min(count, MAXDATA, peer.maxData));
      return then(directory.view.readdir(directory.inode, from, false, fits), (listing) => {
        const { entries, eof } = whole(directory, from, listing);
        if (entries.length === 0 && !eof) throw new FsError('TOOSMALL', 'readdir');
        return {
          status: NFS_OK,
          entries: entries.map((entry) => ({
            fileid: fold(Number(entry.fileid >> 32n), Number(entry.fileid & 0xffff_ffffn)),
            name: entry.name,
            cookie: cookies.shorten(directory, entry.cookie),
          })),
          eof,
        };
      });
    },
  });
}

/** The listing, cut back to where a short cookie can take it up again. */
function whole(directory: File, from: bigint, { entries, eof }: FileListing): Pick<FileListing, 'entries' | 'eof'> {
  if (eof) return { entries, eof };
  const cookies = entries.map(({ cookie }) => cookie);
  return { entries: entries.slice(0, wholeHashes(directory, from, cookies)), eof };
}

function budget(bytes: number): (name: Buffer) => boolean {
  let left = bytes - EMPTY_BYTES;
  return (name) => {
    left -= ENTRY_BYTES + name.length + padding(name.length);
    return left >= 0;
  };
}
