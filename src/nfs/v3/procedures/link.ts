import { then } from '../../../common/awaitable.ts';
import type { Exports, File } from '../../../exports/contract.ts';
import { type Attributes, type Change, FileType, FsError } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName } from '../arguments.ts';
import { fattr3Of, wccDataOf } from '../attributes.ts';
import { onTwoFiles } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { LINK3args, LINK3res } from '../types.ts';

/**
 * LINK (RFC 1813 §3.3.15): another name for a file. Replay: recorded.
 * Fails: NFS3ERR_EXIST (also for `.` and `..`), NFS3ERR_XDEV across exports, NFS3ERR_INVAL (a directory),
 * NFS3ERR_NOTDIR, NFS3ERR_ACCES, NFS3ERR_PERM, NFS3ERR_MLINK, NFS3ERR_NAMETOOLONG, NFS3ERR_ROFS, NFS3ERR_NOSPC,
 * NFS3ERR_DQUOT, NFS3ERR_IO.
 */
export function link(exports: Exports) {
  return onTwoFiles(exports, {
    number: 15,
    name: 'LINK',
    args: LINK3args,
    res: LINK3res,
    idempotent: false,
    replay: { linking: { file: ({ file }) => file, place: ({ link }) => link, result: linked } },
    objects: ({ file, link: { dir } }) => [file, dir],
    failed: (status, file_attributes, after) => ({
      status,
      file_attributes,
      linkdir_wcc: { before: undefined, after },
    }),
    work: (file, directory, { link: { name } }, call) => {
      const { view, inode } = file;
      checkNewName(directory, name);
      if (directory.view.fileSystem !== view.fileSystem) throw new FsError('XDEV', 'link');
      // link(2) says EPERM, which a client would take for a matter of rights; §3.3.15 has NFS3ERR_INVAL.
      if (inode.type === FileType.DIR) throw new FsError('INVAL', 'link');
      const before = beforeMaking(call, directory);
      return then(view.link(inode, directory.inode, name, before), (done) => linked(file, directory, done));
    },
  });
}

function linked(file: File, directory: File, done: { readonly file: Attributes; readonly directory: Change }) {
  return {
    status: NFS3_OK,
    file_attributes: fattr3Of(file.view, done.file),
    linkdir_wcc: wccDataOf(directory.view, done.directory),
  } as const;
}
