import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { fattr3Of } from '../attributes.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { FSSTAT3args, FSSTAT3res } from '../types.ts';

/** FSSTAT (RFC 1813 §3.3.18): how full the file system is. Fails: NFS3ERR_IO. */
export function fsstat(exports: Exports) {
  return onFile(exports, {
    number: 18,
    name: 'FSSTAT',
    args: FSSTAT3args,
    res: FSSTAT3res,
    idempotent: true,
    object: ({ fsroot }) => fsroot,
    failed: (status, obj_attributes) => ({ status, obj_attributes }),
    work: ({ view, inode }) =>
      then(view.space(), (space) =>
        then(view.attributes(inode), (attributes) => ({
          status: NFS3_OK,
          obj_attributes: fattr3Of(view, attributes),
          tbytes: space.totalBytes,
          fbytes: space.freeBytes,
          abytes: space.availableBytes,
          tfiles: space.totalFiles,
          ffiles: space.freeFiles,
          afiles: space.availableFiles,
          // The figures may be others the next second.
          invarsec: 0,
        })),
      ),
  });
}
