import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError, type NodeKind } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName } from '../../v3/arguments.ts';
import { given, givenMode, newAttributesOf } from '../arguments.ts';
import { decodeDevice } from '../attributes.ts';
import { failed, madeFile, onFile } from '../runner.ts';
import { NFSERR_EXIST } from '../status.ts';
import { createargs, diropres, type sattr } from '../types.ts';

/** Type bits of a mode. */
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFSOCK = 0o140000;
const S_IFBLK = 0o060000;
const S_IFCHR = 0o020000;
const S_IFIFO = 0o010000;

/**
 * CREATE (RFC 1094 §2.2.10): a regular file; of one that is there, only the size is set. With type bits in the mode it
 * makes what MKNOD makes in version 3. Replay: recorded.
 * Fails: NFSERR_EXIST (also for `.` and `..`), NFSERR_NOTDIR, NFSERR_ACCES, NFSERR_PERM (a device, for who is not root),
 * NFSERR_NAMETOOLONG, NFSERR_ROFS, NFSERR_NOSPC, NFSERR_DQUOT, NFSERR_IO (a type that cannot be made).
 */
export function create(exports: Exports) {
  return onFile(exports, {
    number: 9,
    name: 'CREATE',
    args: createargs,
    res: diropres,
    idempotent: false,
    exceptions: { ISDIR: NFSERR_EXIST },
    replay: {
      making: {
        place: ({ where }) => where,
        type: ({ attributes }) => kindOf(attributes)?.type ?? FileType.REG,
        onExisting: ({ attributes }) => {
          const size = kindOf(attributes) === undefined ? given(attributes.size) : undefined;
          return size === undefined ? undefined : { size };
        },
        result: (directory, made) => madeFile(exports, directory, made),
      },
    },
    object: ({ where }) => where.dir,
    failed,
    work: (directory, { where: { name }, attributes: asked }, call) => {
      checkNewName(directory, name);
      const { view, inode } = directory;
      const kind = kindOf(asked);
      const attributes = newAttributesOf(asked);
      const before = beforeMaking(call, directory);
      const created =
        kind === undefined
          ? view.create(inode, name, { mode: 'unchecked', attributes }, before)
          : view.mknod(inode, name, kind, { ...attributes, size: undefined }, before);
      return then(created, (made) => madeFile(exports, directory, made));
    },
  });
}

/**
 * What is to be made; undefined for a regular file. A device's number stands in `size`, and a character device without
 * one is a FIFO, for which `ftype` has no word: Sun's way, in which Linux and others ask for it.
 */
function kindOf({ mode, size }: sattr): NodeKind | undefined {
  const device = given(size);
  switch ((givenMode(mode) ?? 0) & S_IFMT) {
    case 0:
    case S_IFREG:
      return undefined;
    case S_IFCHR:
      return device === undefined ? { type: FileType.FIFO } : { type: FileType.CHR, ...decodeDevice(device) };
    case S_IFBLK:
      return { type: FileType.BLK, ...decodeDevice(device ?? 0) };
    case S_IFIFO:
      return { type: FileType.FIFO };
    case S_IFSOCK:
      return { type: FileType.SOCK };
    default:
      throw new FsError('BADTYPE', 'create');
  }
}
