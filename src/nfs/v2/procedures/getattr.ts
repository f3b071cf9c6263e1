import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { fattrOf } from '../attributes.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { attrstat, fhandleargs } from '../types.ts';

/** GETATTR (RFC 1094 §2.2.2): a file's attributes. Fails: NFSERR_STALE, NFSERR_IO. */
export function getattr(exports: Exports) {
  return onFile(exports, {
    number: 1,
    name: 'GETATTR',
    args: fhandleargs,
    res: attrstat,
    idempotent: true,
    object: ({ file }) => file,
    failed,
    work: ({ view, inode }) =>
      then(view.attributes(inode), (attributes) => ({ status: NFS_OK, attributes: fattrOf(view, attributes) })),
  });
}
