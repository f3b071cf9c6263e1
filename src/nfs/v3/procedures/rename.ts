import { then } from '../../../common/awaitable.ts';
import type { Exports, File } from '../../../exports/contract.ts';
import { type Change, FsError } from '../../../vfs/index.ts';
import { beforeRenaming } from '../../replay/index.ts';
import { checkName, isDot, isDotDot } from '../arguments.ts';
import { wccDataOf } from '../attributes.ts';
import { onTwoFiles } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { RENAME3args, RENAME3res } from '../types.ts';

/**
 * RENAME (RFC 1813 §3.3.14): moves a name, replacing the target atomically. Replay: recorded.
 * Fails: NFS3ERR_EXIST (a directory onto something else, or the reverse), NFS3ERR_NOTEMPTY, NFS3ERR_NOTDIR (where a name
 * is to come from or go to), NFS3ERR_NOENT, NFS3ERR_XDEV across exports, NFS3ERR_INVAL (`.`, `..`, a directory into itself), NFS3ERR_ACCES,
 * NFS3ERR_PERM (sticky directory), NFS3ERR_NAMETOOLONG, NFS3ERR_MLINK, NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT,
 * NFS3ERR_IO.
 */
export function rename(exports: Exports) {
  return onTwoFiles(exports, {
    number: 14,
    name: 'RENAME',
    args: RENAME3args,
    res: RENAME3res,
    idempotent: false,
    replay: { renaming: { places: ({ from, to }) => ({ from, to }), result: renamed } },
    objects: ({ from, to }) => [from.dir, to.dir],
    failed: (status, from, to) => ({
      status,
      fromdir_wcc: { before: undefined, after: from },
      todir_wcc: { before: undefined, after: to },
    }),
    work: (fromDirectory, toDirectory, { from, to }, call) => {
      checkName(fromDirectory, from.name);
      checkName(toDirectory, to.name);
      // §3.3.14: where these names are illegal, they are NFS3ERR_INVAL.
      const illegal = [from.name, to.name].some((name) => isDot(name) || isDotDot(name));
      if (illegal) throw new FsError('INVAL', 'rename');
      const { view } = fromDirectory;
      if (toDirectory.view.fileSystem !== view.fileSystem) throw new FsError('XDEV', 'rename');
      const before = beforeRenaming(call, fromDirectory);
      return then(view.rename(fromDirectory.inode, from.name, toDirectory.inode, to.name, before), (change) =>
        renamed(fromDirectory, toDirectory, change),
      );
    },
  });
}

function renamed(from: File, to: File, change: { readonly from: Change; readonly to: Change }) {
  return {
    status: NFS3_OK,
    fromdir_wcc: wccDataOf(from.view, change.from),
    todir_wcc: wccDataOf(to.view, change.to),
  } as const;
}
