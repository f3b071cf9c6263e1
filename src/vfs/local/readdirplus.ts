import type { Awaitable } from '../../common/awaitable.ts';
import type { Attributes } from '../attributes.ts';
import type { Caller, DirectoryEntry } from '../filesystem.ts';
import { BTRFS, EXT4, O_CLOEXEC, O_NOFOLLOW, O_PATH, RESOLVE_CACHED, TMPFS, XFS } from './constants.ts';
import { isDot, isDotDot, type RawEntry } from './directory.ts';
import { codeOf } from './errno.ts';
import type { Sighting } from './handles.ts';
import { becomeEither } from './identity.ts';
import { LocalInode, rememberChild } from './inode.ts';
import { close, cString, errno, openat2, openat2InPool, ownCString } from './libc.ts';
import { withFileid } from './readdir.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';

const AS_PATH = O_PATH | O_NOFOLLOW | O_CLOEXEC;
/** `d_ino` and `d_type` as {@link RawEntry} has them: what a client may rely on to be `st_ino`. */
const NUMBERS_HOLD = new Set([EXT4, XFS, TMPFS, BTRFS]);

/** A folder that takes a larger part of the descriptors than this one is not kept open as a whole. */
const SHARE_OF_BUDGET = 1 / 8;

/**
 * Inode and attributes of every entry that can be had: at once for what is in memory, in the pool for the rest.
 * @param isWhole these are all entries of the directory.
 */
export function addDetails(
  volume: Volume,
  caller: Caller,
  directory: LocalInode,
  entries: readonly RawEntry[],
  isWhole: boolean,
): Awaitable<DirectoryEntry[]> {
  becomeEither(caller);
  // A long listing must not push out what clients work with; a small folder that is listed is being worked with.
  const { budget } = volume.cache;
  const keep = isWhole && entries.length < budget.limit * SHARE_OF_BUDGET;
  const details = entries.map((entry) => detail(volume, directory, entry, true, keep));
  const cold = entries.filter((_, at) => details[at] === 'cold');
  if (cold.length === 0) return assemble(volume, directory, entries, details);
  return warm(directory, cold).then(() => {
    becomeEither(caller);
    const late = details.map((each, at) =>
      each === 'cold' ? detail(volume, directory, entries[at]!, false, keep) : each,
    );
    return assemble(volume, directory, entries, late);
  });
}

interface Detail {
  readonly inode: LocalInode;
  readonly attributes: Attributes;
}

/** Several at once: the disk sorts them better than we do. */
async function warm(directory: LocalInode, entries: readonly RawEntry[]): Promise<void> {
  const opened = await Promise.all(
    entries.map((entry) => openat2InPool(directory.fd, ownCString(entry.name), AS_PATH)),
  );
  for (const fd of opened) if (fd >= 0) close(fd);
}

function detail(
  volume: Volume,
  directory: LocalInode,
  entry: RawEntry,
  cachedOnly: boolean,
  keep: boolean,
): Detail | 'cold' | undefined {
  if (isDotDot(entry.name)) return undefined;
  if (isDot(entry.name)) return { inode: directory, attributes: statOf(directory.fd) };
  const known = knownAs(volume, entry);
  if (known !== undefined) {
    volume.cache.touch(known);
    return { inode: known, attributes: statOf(known.fd) };
  }
  const cached = cachedOnly && !volume.traits.memory ? RESOLVE_CACHED : 0;
  const fd = openat2(directory.fd, cString(entry.name), AS_PATH, volume.traits.resolve | cached);
  if (fd < 0) return codeOf(errno()) === 'JUKEBOX' && cached !== 0 ? 'cold' : undefined;
  return keep || volume.cache.budget.plenty ? volume.adopt(fd) : lookAt(volume, fd);
}

/** The open inode with an entry's number: it is open, so the number is still its own. */
function knownAs(volume: Volume, entry: RawEntry): LocalInode | undefined {
  if (!NUMBERS_HOLD.has(volume.traits.kind) || entry.ino > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  // A btrfs subvolume's entry carries the number of the subvolume, which is another directory's number.
  if (volume.traits.kind === BTRFS && entry.isDirectory) return undefined;
  return volume.cache.byFile(Number(entry.ino));
}

/** What there is to tell of a file that is not kept open. */
function lookAt(volume: Volume, fd: number): Detail | undefined {
  try {
    const attributes = statOf(fd);
    const key = volume.keyOf(attributes);
    const known = volume.cache.byFile(key);
    if (known !== undefined) return { inode: known, attributes };
    const body = volume.handles.bodyOf(fd);
    return { inode: new LocalInode(body, body.toString('latin1'), key, attributes.type, -1), attributes };
  } finally {
    close(fd);
  }
}

function assemble(
  volume: Volume,
  directory: LocalInode,
  entries: readonly RawEntry[],
  details: readonly (Detail | 'cold' | undefined)[],
): DirectoryEntry[] {
  const out: DirectoryEntry[] = [];
  const fresh: { readonly entry: RawEntry; readonly inode: LocalInode }[] = [];
  for (const [at, entry] of entries.entries()) {
    const plain = withFileid(volume, directory, entry);
    const known = details[at];
    if (known === undefined || known === 'cold') {
      out.push(plain);
      continue;
    }
    const { inode, attributes } = known;
    out.push({ name: plain.name, fileid: plain.fileid, cookie: plain.cookie, inode, attributes });
    // A name that is remembered was put into the index before.
    const isRecorded = inode.parent === directory && inode.name === entry.key;
    if (inode !== directory && !isRecorded) fresh.push({ entry, inode });
  }
  if (fresh.length > 0) {
    volume.handles.seen(fresh.map(({ entry, inode }): Sighting => ({ directory, name: entry.name, body: inode.body })));
    for (const { entry, inode } of fresh) if (!inode.closed) rememberChild(directory, entry.key, inode);
  }
  return out;
}
