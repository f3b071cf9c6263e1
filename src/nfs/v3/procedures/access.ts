import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { fattr3Of } from '../attributes.ts';
import { ACCESS3args, ACCESS3res } from '../codecs.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';

/** ACCESS3_READ to ACCESS3_EXECUTE. Bits beyond them mean nothing, so nobody has them. */
const ACCESS3_ALL = 0x3f;

/** ACCESS (RFC 1813 §3.3.4): which of the asked permissions the caller has. Fails: NFS3ERR_IO. */
export function access(exports: Exports) {
  return onFile(exports, {
    number: 4,
    name: 'ACCESS',
    args: ACCESS3args,
    res: ACCESS3res,
    idempotent: true,
    object: ({ object }) => object,
    failed: (status, obj_attributes) => ({ status, obj_attributes }),
    work: ({ view, inode }, args) =>
      then(view.access(inode, args.access & ACCESS3_ALL), ({ granted, attributes }) => ({
        status: NFS3_OK,
        obj_attributes: fattr3Of(view, attributes),
        access: granted,
      })),
  });
}
