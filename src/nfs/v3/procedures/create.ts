import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { type CreateHow, FileType, type NewAttributes } from '../../../vfs/index.ts';
import { beforeMaking } from '../../replay/index.ts';
import { checkNewName, newAttributesOf } from '../arguments.ts';
import { directoryUnchanged, madeIn } from '../made.ts';
import { onFile } from '../runner.ts';
import { NFS3ERR_EXIST } from '../status.ts';
import { CREATE3args, CREATE3res, type createhow3, EXCLUSIVE, GUARDED } from '../types.ts';

/**
 * CREATE (RFC 1813 §3.3.8): a regular file. UNCHECKED takes an existing one, GUARDED refuses it, EXCLUSIVE takes it if
 * the same verifier made it. The handle and the attributes are always told.
 * Replay: recorded. Fails: NFS3ERR_EXIST, NFS3ERR_NOTDIR, NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG, NFS3ERR_INVAL,
 * NFS3ERR_ROFS, NFS3ERR_NOSPC, NFS3ERR_DQUOT, NFS3ERR_NOTSUPP (EXCLUSIVE, where no verifier can be kept), NFS3ERR_IO.
 */
export function create(exports: Exports) {
  return onFile(exports, {
    number: 8,
    name: 'CREATE',
    args: CREATE3args,
    res: CREATE3res,
    idempotent: false,
    // UNCHECKED on a directory's name: open(2) says EISDIR, §3.3.8 knows NFS3ERR_EXIST for it.
    exceptions: { ISDIR: NFS3ERR_EXIST },
    replay: {
      making: {
        place: ({ where }) => where,
        type: () => FileType.REG,
        onExisting: ({ how }) => sizeOf(how),
        result: (directory, made) => madeIn(directory, exports, made),
      },
    },
    object: ({ where }) => where.dir,
    failed: directoryUnchanged,
    work: (directory, { where, how }, call) => {
      checkNewName(directory, where.name);
      const created = directory.view.create(directory.inode, where.name, howOf(how), beforeMaking(call, directory));
      return then(created, (made) => madeIn(directory, exports, made));
    },
  });
}

/** What UNCHECKED sets on a file that is there already. */
function sizeOf(how: createhow3): NewAttributes | undefined {
  if (how.mode === EXCLUSIVE || how.mode === GUARDED || how.obj_attributes.size === undefined) return undefined;
  return { size: how.obj_attributes.size };
}

function howOf(how: createhow3): CreateHow {
  if (how.mode === EXCLUSIVE) return { mode: 'exclusive', verifier: how.verf };
  return { mode: how.mode === GUARDED ? 'guarded' : 'unchecked', attributes: newAttributesOf(how.obj_attributes) };
}
