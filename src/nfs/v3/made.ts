import type { Exports, File } from '../../exports/contract.ts';
import type { Created } from '../../vfs/index.ts';
import { type fattr3, fattr3Of, wccDataOf } from './attributes.ts';
import { type Failure, NFS3_OK } from './status.ts';

/** The result of CREATE, MKDIR, SYMLINK and MKNOD: what was made, and what that did to the directory. */
export function madeIn({ view }: File, exports: Exports, { inode, attributes, directory }: Created) {
  return {
    status: NFS3_OK,
    obj: exports.handleOf(view, inode),
    obj_attributes: fattr3Of(view, attributes),
    dir_wcc: wccDataOf(view, directory),
  } as const;
}

/** The failed result of a procedure that would have changed one directory. */
export function directoryUnchanged(status: Failure, after: fattr3 | undefined) {
  return { status, dir_wcc: { before: undefined, after } };
}
