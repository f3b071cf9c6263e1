import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { checkName } from '../arguments.ts';
import { fattr3Of } from '../attributes.ts';
import { LOOKUP3args, LOOKUP3res } from '../codecs.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';

/**
 * LOOKUP (RFC 1813 §3.3.3): the handle of a name in a directory, `.` and `..` too; `..` of the export's root is the root.
 * Fails: NFS3ERR_NOENT, NFS3ERR_NOTDIR, NFS3ERR_ACCES (also an empty name, or one with `/` or NUL: §3.2),
 * NFS3ERR_NAMETOOLONG, NFS3ERR_IO.
 */
export function lookup(exports: Exports) {
  return onFile(exports, {
    number: 3,
    name: 'LOOKUP',
    args: LOOKUP3args,
    res: LOOKUP3res,
    idempotent: true,
    object: ({ what }) => what.dir,
    failed: (status, dir_attributes) => ({ status, dir_attributes }),
    work: (directory, { what }) => {
      checkName(directory, what.name);
      return then(directory.view.lookup(directory.inode, what.name), (found) => ({
        status: NFS3_OK,
        object: exports.handleOf(found.view, found.inode),
        obj_attributes: fattr3Of(found.view, found.attributes),
        dir_attributes: fattr3Of(directory.view, found.directory),
      }));
    },
  });
}
