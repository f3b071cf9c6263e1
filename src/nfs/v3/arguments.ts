import type { File } from '../../exports/contract.ts';
import { FileType, FsError, type Inode, MAX_OFFSET, type NewAttributes, type Time } from '../../vfs/index.ts';
import type { nfstime3 } from './attributes.ts';
import { SET_TO_CLIENT_TIME, SET_TO_SERVER_TIME, type sattr3, type set_time } from './types.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
const PERMISSION_BITS = 0o7777;
const MAX_NANOSECONDS = 999_999_999;
/** chown(2) takes this for "leave it as it is"; it is nobody's number. */
const NO_ID = 0xffff_ffff;

/** Throws NOTDIR unless this is a directory. */
export function checkDirectory(inode: Inode): void {
  if (inode.type !== FileType.DIR) throw new FsError('NOTDIR', 'directory');
}

/** Throws INVAL unless this is a regular file: READ, WRITE and COMMIT are for those alone (RFC 1813 §3.3.6, 7, 21). */
export function checkRegular(inode: Inode): void {
  if (inode.type !== FileType.REG) throw new FsError('INVAL', 'file');
}

/** Throws unless `name` may stand in this directory (RFC 1813 §3.2): NOTDIR, ACCES, NAMETOOLONG. */
export function checkName({ view, inode }: File, name: Buffer): void {
  checkDirectory(inode);
  // RFC 1813 §3.2: NFS3ERR_ACCES for the empty name, and for one with characters that no name here can have.
  if (name.length === 0) throw new FsError('ACCES', 'name');
  // §3.2: PATHCONF says no_trunc, so a longer name is refused, never cut.
  if (name.length > view.fileSystem.limits.maxNameBytes) throw new FsError('NAMETOOLONG', 'name');
  for (let i = 0; i < name.length; i++) {
    const byte = name[i];
    if (byte === SLASH || byte === 0) throw new FsError('ACCES', 'name');
  }
}

/** Throws unless an object may be made under `name`: as {@link checkName}, and EXIST for `.` and `..`, which are there. */
export function checkNewName(directory: File, name: Buffer): void {
  checkName(directory, name);
  if (isDot(name) || isDotDot(name)) throw new FsError('EXIST', 'name');
}

export function isDot(name: Buffer): boolean {
  return name.length === 1 && name[0] === DOT;
}

export function isDotDot(name: Buffer): boolean {
  return name.length === 2 && name[0] === DOT && name[1] === DOT;
}

/** What a `sattr3` asks for. Throws INVAL for a time or an owner that cannot be, FBIG for a size beyond every file. */
export function newAttributesOf({ mode, uid, gid, size, atime, mtime }: sattr3): NewAttributes {
  if (uid === NO_ID || gid === NO_ID) throw new FsError('INVAL', 'owner');
  if (size !== undefined && size > MAX_OFFSET) throw new FsError('FBIG', 'size');
  return {
    mode: mode === undefined ? undefined : mode & PERMISSION_BITS,
    uid,
    gid,
    size,
    atime: newTimeOf(atime),
    mtime: newTimeOf(mtime),
  };
}

function newTimeOf(set: set_time): Time | 'now' | undefined {
  switch (set.set_it) {
    case SET_TO_SERVER_TIME:
      return 'now';
    case SET_TO_CLIENT_TIME:
      return timeOf(set.time);
    default:
      return undefined;
  }
}

/** Throws INVAL for a time with a second or more of nanoseconds. */
export function timeOf({ seconds, nseconds }: nfstime3): Time {
  if (nseconds > MAX_NANOSECONDS) throw new FsError('INVAL', 'time');
  return { seconds, nanoseconds: nseconds };
}
