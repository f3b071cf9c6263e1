import { type Awaitable, then } from '../../common/awaitable.ts';
import { type Change, FileType, type NewAttributes } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeMaking, Caller, Created, NodeKind } from '../filesystem.ts';
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK } from './constants.ts';
import type { LocalInode } from './inode.ts';
import { cString, mkdirat, mknodat, ownCString, symlinkat } from './libc.ts';
import { changing, mustBeNew, peek, settled } from './namespace.ts';
import { setOthers } from './set-attributes.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';

/** PATH_MAX with its NUL. */
const MAX_TARGET = 4095;

export function mkdir(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  attributes: NewAttributes,
  before?: BeforeMaking,
): Awaitable<Created> {
  const mode = attributes.mode ?? 0;
  return make(volume, caller, directory, name, attributes, 'mkdir', before, () =>
    mkdirat(directory.fd, cString(name), mode & 0o7777),
  );
}

export function symlink(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  target: Buffer,
  attributes: NewAttributes,
  before?: BeforeMaking,
): Awaitable<Created> {
  if (target.length === 0 || target.includes(0)) throw new FsError('INVAL', 'symlink');
  if (target.length > MAX_TARGET) throw new FsError('NAMETOOLONG', 'symlink');
  const terminated = ownCString(target);
  return make(volume, caller, directory, name, attributes, 'symlink', before, () =>
    symlinkat(terminated, directory.fd, cString(name)),
  );
}

export function mknod(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  kind: NodeKind,
  attributes: NewAttributes,
  before?: BeforeMaking,
): Awaitable<Created> {
  const mode = ((attributes.mode ?? 0) & 0o7777) | formatOf(kind);
  const device = 'major' in kind ? deviceNumber(kind.major, kind.minor) : 0;
  return make(volume, caller, directory, name, attributes, 'mknod', before, () =>
    mknodat(directory.fd, cString(name), mode, device),
  );
}

function formatOf(kind: NodeKind): number {
  switch (kind.type) {
    case FileType.CHR:
      return S_IFCHR;
    case FileType.BLK:
      return S_IFBLK;
    case FileType.SOCK:
      return S_IFSOCK;
    case FileType.FIFO:
      return S_IFIFO;
  }
}

/** The kernel keeps 12 bits of major and 20 bits of minor number. */
function deviceNumber(major: number, minor: number): number {
  if (major > 0xfff || minor > 0xfffff) throw new FsError('INVAL', 'mknod');
  return (minor & 0xff) + major * 0x100 + (minor >>> 8) * 0x10_0000;
}

function make(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  name: Buffer,
  attributes: NewAttributes,
  operation: string,
  tell: BeforeMaking | undefined,
  call: () => number,
): Awaitable<Created> {
  mustBeNew(name, operation);
  return then(peek(volume, caller, directory, name), (existing) => {
    if (existing !== undefined) throw new FsError('EXIST', operation);
    tell?.(undefined);
    const { before, after } = changing(volume, caller, directory, operation, call);
    const made = volume.findNow(caller, directory, name);
    // Somebody on the server was quicker to remove it.
    if (made === undefined) throw new FsError('NOENT', operation);
    return finish(volume, caller, directory, made.inode, attributes, { before, after });
  });
}

/** What follows the making of any object: the rest of its attributes, stable storage. */
export function finish(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  inode: LocalInode,
  attributes: NewAttributes,
  change: Change,
): Awaitable<Created> {
  // The mode was given to the call that made it. Clients send their own ids along; only root's count, as on Linux.
  const rest: NewAttributes = {
    ...(caller.uid === 0 && { uid: attributes.uid, gid: attributes.gid }),
    atime: attributes.atime,
    mtime: attributes.mtime,
  };
  setOthers(volume, caller, inode, rest);
  const isAlone = !attributes.size && Object.values(rest).every((value) => value === undefined);
  return settled(volume, caller, isAlone && volume.traits.journals ? [directory] : [inode, directory], {
    inode,
    attributes: statOf(inode.fd),
    directory: change,
  });
}
