import type { Awaitable } from '../../common/awaitable.ts';
import type { Attributes } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { Caller, Found } from '../filesystem.ts';
import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH } from './constants.ts';
import { isDot, isDotDot } from './directory.ts';
import { codeOf } from './errno.ts';
import { becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { close, DOT_DOT, errno, openat } from './libc.ts';
import { May, mustBeGranted } from './permission.ts';
import { statOf } from './stat.ts';
import { statInTurn } from './turn.ts';
import type { Seen, Volume } from './volume.ts';

/** More levels than any path can name. */
const DEEPEST = 4096;

export function lookup(volume: Volume, caller: Caller, directory: LocalInode, name: Buffer): Awaitable<Found> {
  if (!directory.isDirectory) throw new FsError('NOTDIR', 'lookup');
  const attributes = statInTurn(directory);
  mustBeGranted(caller, directory, attributes, May.EXECUTE, 'lookup');
  if (isDot(name)) return { inode: directory, attributes, directory: attributes };
  if (isDotDot(name)) {
    const parent = parentOf(volume, directory);
    return { inode: parent.inode, attributes: parent.attributes, directory: attributes };
  }
  const seen = volume.find(caller, directory, name, attributes);
  if (!(seen instanceof Promise)) return found(seen, attributes);
  return seen.then((late) => found(late, statOf(directory.fd)));
}

function found(seen: Seen | undefined, attributes: Attributes): Found {
  if (seen === undefined) throw new FsError('NOENT', 'lookup');
  return { inode: seen.inode, attributes: seen.attributes, directory: attributes };
}

/** `..`: the root's is the root. A directory that was moved out of the export has none here: STALE. */
function parentOf(volume: Volume, directory: LocalInode): Seen {
  if (directory === volume.root) return { inode: directory, attributes: statOf(directory.fd) };
  // Who may search has been checked; directories further up are no concern of the caller's.
  becomeServer();
  const fd = up(directory.fd);
  if (!isBeneath(volume, fd)) {
    close(fd);
    throw new FsError('STALE', 'lookup');
  }
  return volume.adopt(fd);
}

function up(fd: number): number {
  const parent = openat(fd, DOT_DOT, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (parent >= 0) return parent;
  const code = codeOf(errno());
  // The kernel says NOENT for a directory that is no longer below the root of its mount, or was removed.
  throw new FsError(code === 'NOENT' ? 'STALE' : code, 'lookup');
}

/** Climbs from a directory: true if that leads to the export's root. */
function isBeneath(volume: Volume, directory: number): boolean {
  let at = directory;
  let below: ReturnType<Volume['keyOf']> | undefined;
  try {
    for (let level = 0; level < DEEPEST; level += 1) {
      const key = volume.keyOf(statOf(at));
      if (key === volume.root.fileKey) return true;
      // The top of the tree is its own parent.
      if (key === below) return false;
      below = key;
      const next = up(at);
      if (at !== directory) close(at);
      at = next;
    }
    return false;
  } finally {
    if (at !== directory) close(at);
  }
}
