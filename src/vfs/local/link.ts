import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Attributes, Change } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeMaking, Caller } from '../filesystem.ts';
import { AT_SYMLINK_FOLLOW } from './constants.ts';
import { procName } from './data-files.ts';
import { type LocalInode, rememberChild } from './inode.ts';
import { cString, linkat } from './libc.ts';
import { changing, mustBeNew, peek, settled } from './namespace.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';

/** LINK (RFC 1813 §3.3.15). A directory cannot be linked: ISDIR, as the Linux server says. */
export function link(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  directory: LocalInode,
  name: Buffer,
  tell?: BeforeMaking,
): Awaitable<{ file: Attributes; directory: Change }> {
  if (inode.isDirectory) throw new FsError('ISDIR', 'link');
  mustBeNew(name, 'link');
  return then(peek(volume, caller, directory, name), (existing) => {
    if (existing !== undefined) throw new FsError('EXIST', 'link');
    tell?.(undefined);
    volume.handles.seen([{ directory, name, body: inode.body }]);
    const { before, after } = linked(volume, caller, inode, directory, name);
    inode.changes += 1;
    rememberChild(directory, name.toString('latin1'), inode);
    return settled(volume, caller, [inode, directory], {
      file: statOf(inode.fd),
      directory: { before, after },
    });
  });
}

function linked(volume: Volume, caller: Caller, inode: LocalInode, directory: LocalInode, name: Buffer): Change {
  try {
    return changing(volume, caller, directory, 'link', () =>
      linkat(volume.data.procFd, procName(inode.fd), directory.fd, cString(name), AT_SYMLINK_FOLLOW),
    );
  } catch (error) {
    volume.handles.gone(directory, name, inode.body);
    throw error;
  }
}
