import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { FileType, FsError, type NodeKind } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName, newAttributesOf } from '../arguments.ts';
import { directoryUnchanged, madeIn } from '../made.ts';
import { onFile } from '../runner.ts';
import { MKNOD3args, MKNOD3res, type mknoddata3, type sattr3 } from '../types.ts';

/**
 * MKNOD (RFC 1813 §3.3.11): a device, a socket or a pipe. Replay: recorded.
 * Fails: NFS3ERR_BADTYPE (any other type), NFS3ERR_PERM (a device, for who is not root), NFS3ERR_EXIST (also for `.` and
 * `..`), NFS3ERR_NOTDIR, NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG, NFS3ERR_INVAL, NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT,
 * NFS3ERR_IO.
 */
export function mknod(exports: Exports) {
  return onFile(exports, {
    number: 11,
    name: 'MKNOD',
    args: MKNOD3args,
    res: MKNOD3res,
    idempotent: false,
    replay: {
      making: {
        place: ({ where }) => where,
        type: ({ what }) => nodeOf(what).kind.type,
        result: (directory, made) => madeIn(directory, exports, made),
      },
    },
    object: ({ where }) => where.dir,
    failed: directoryUnchanged,
    work: (directory, { where, what }, call) => {
      const { kind, attributes } = nodeOf(what);
      checkNewName(directory, where.name);
      const { view, inode } = directory;
      const before = beforeMaking(call, directory);
      const created = view.mknod(inode, where.name, kind, newAttributesOf(attributes), before);
      return then(created, (made) => madeIn(directory, exports, made));
    },
  });
}

function nodeOf({ type, device, pipe }: mknoddata3): { kind: NodeKind; attributes: sattr3 } {
  if (device !== undefined) {
    const { specdata1: major, specdata2: minor } = device.spec;
    const deviceType = type === FileType.CHR ? FileType.CHR : FileType.BLK;
    return { kind: { type: deviceType, major, minor }, attributes: device.dev_attributes };
  }
  if (pipe !== undefined) {
    return {
      kind: { type: type === FileType.SOCK ? FileType.SOCK : FileType.FIFO },
      attributes: pipe.pipe_attributes,
    };
  }
  throw new FsError('BADTYPE', 'mknod');
}
