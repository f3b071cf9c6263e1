import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError } from '../../../vfs/index.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { fhandleargs, MAXPATHLEN, readlinkres } from '../types.ts';

/**
 * READLINK (RFC 1094 §2.2.6): a symbolic link's text. Fails: NFSERR_IO (not a symbolic link), NFSERR_NAMETOOLONG (a text
 * that the protocol cannot carry: cut short, it would lead elsewhere).
 */
export function readlink(exports: Exports) {
  return onFile(exports, {
    number: 5,
    name: 'READLINK',
    args: fhandleargs,
    res: readlinkres,
    idempotent: true,
    object: ({ file }) => file,
    failed,
    work: ({ view, inode }) => {
      if (inode.type !== FileType.LNK) throw new FsError('INVAL', 'readlink');
      return then(view.readlink(inode), ({ target }) => {
        if (target.length > MAXPATHLEN) throw new FsError('NAMETOOLONG', 'readlink');
        return { status: NFS_OK, data: target };
      });
    },
  });
}
