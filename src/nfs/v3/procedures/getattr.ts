import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { fattr3Of } from '../attributes.ts';
import { GETATTR3args, GETATTR3res } from '../codecs.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';

/** GETATTR (RFC 1813 §3.3.1): a file's attributes. Fails: NFS3ERR_IO. */
export function getattr(exports: Exports) {
  return onFile(exports, {
    number: 1,
    name: 'GETATTR',
    args: GETATTR3args,
    res: GETATTR3res,
    idempotent: true,
    object: ({ object }) => object,
    failed: (status) => ({ status }),
    work: ({ view, inode }) =>
      then(view.attributes(inode), (attributes) => ({
        status: NFS3_OK,
        obj_attributes: fattr3Of(view, attributes),
      })),
  });
}
