import { type Awaitable, then } from '../../../common/awaitable.ts';
import type { Exports, File } from '../../../exports/contract.ts';
import { type BeforeSetting, type Change, FileType, FsError, type NewAttributes } from '../../../vfs/index.ts';
import { beforeSetting } from '../../replay/index.ts';
import { newAttributesOf } from '../arguments.ts';
import { fattrOf } from '../attributes.ts';
import { failed, onFile } from '../runner.ts';
import { NFS_OK } from '../status.ts';
import { attrstat, sattrargs } from '../types.ts';

/**
 * SETATTR (RFC 1094 §2.2.3): sets attributes. Replay: recorded, for a size set again would undo what came after it.
 * Fails: NFSERR_PERM, NFSERR_ACCES, NFSERR_ISDIR (a directory's size), NFSERR_IO (a time that cannot be), NFSERR_FBIG,
 * NFSERR_ROFS, NFSERR_NOSPC, NFSERR_DQUOT.
 */
export function setattr(exports: Exports) {
  return onFile(exports, {
    number: 2,
    name: 'SETATTR',
    args: sattrargs,
    res: attrstat,
    idempotent: false,
    replay: {
      setting: {
        file: ({ file }) => file,
        changes: ({ attributes }) => newAttributesOf(attributes),
        result: ({ view }, { after }) => ({ status: NFS_OK, attributes: fattrOf(view, after) }) as const,
      },
    },
    object: ({ file }) => file,
    failed,
    work: (file, { attributes }, call) =>
      then(set(file, newAttributesOf(attributes), beforeSetting(call, file)), ({ after }) => ({
        status: NFS_OK,
        attributes: fattrOf(file.view, after),
      })),
  });
}

function set({ view, inode }: File, changes: NewAttributes, before: BeforeSetting | undefined): Awaitable<Change> {
  if (changes.size !== undefined && inode.type !== FileType.REG) {
    throw new FsError(inode.type === FileType.DIR ? 'ISDIR' : 'INVAL', 'truncate');
  }
  const touch = (error: unknown): Awaitable<Change> => {
    if (!(error instanceof FsError) || error.code !== 'PERM' || !looksLikeTouch(changes)) throw error;
    return view.setAttributes(inode, { ...changes, atime: 'now', mtime: 'now' }, undefined, before);
  };
  try {
    const changed = view.setAttributes(inode, changes, undefined, before);
    return changed instanceof Promise ? changed.catch(touch) : changed;
  } catch (error) {
    return touch(error);
  }
}

/** How far a client's clock may be from ours. */
const CLOCK_ERROR_SECONDS = 30 * 60;

/**
 * Old clients cannot say "now": touch(1) sends their own time for both, which is the owner's right alone, while
 * touching is everyone's who may write. As knfsd, such a time is taken for the server's.
 */
function looksLikeTouch({ atime, mtime }: NewAttributes): boolean {
  if (typeof atime !== 'object' || typeof mtime !== 'object' || atime.seconds !== mtime.seconds) return false;
  return Math.abs(atime.seconds - Date.now() / 1000) < CLOCK_ERROR_SECONDS;
}
