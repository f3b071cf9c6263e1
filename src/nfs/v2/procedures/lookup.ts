import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { checkName } from '../../v3/arguments.ts';
import { failed, foundFile, onFile } from '../runner.ts';
import { diropargs, diropres } from '../types.ts';

/**
 * LOOKUP (RFC 1094 §2.2.5): a name in a directory, `.` and `..` too; `..` of the export's root is the root.
 * Fails: NFSERR_NOENT, NFSERR_NOTDIR, NFSERR_ACCES, NFSERR_NAMETOOLONG, NFSERR_IO.
 */
export function lookup(exports: Exports) {
  return onFile(exports, {
    number: 4,
    name: 'LOOKUP',
    args: diropargs,
    res: diropres,
    idempotent: true,
    object: ({ dir }) => dir,
    failed,
    work: (directory, { name }) => {
      checkName(directory, name);
      return then(directory.view.lookup(directory.inode, name), (found) => foundFile(exports, found, found.attributes));
    },
  });
}
