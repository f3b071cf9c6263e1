import { FsError } from '../error.ts';
import type { HandleIndex, Place } from '../ports.ts';
import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY } from './constants.ts';
import { parseEntries } from './directory.ts';
import { codeOf } from './errno.ts';
import type { HandleScheme, Sighting } from './handles.ts';
import { becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { close, cString, DOT, errno, getdents64, openat, openat2, openat2InPool, ownCString } from './libc.ts';
import { birthOf } from './stat.ts';

/** The first byte: no kernel handle has this type. Then the file's number and the time of its birth. */
const TYPE = 0;
const LENGTH = 1 + 8 + 8 + 4;
/** More levels than a path can have. */
const DEEPEST = 2048;
const AS_PATH = O_PATH | O_NOFOLLOW | O_CLOEXEC;
const CHUNK = 1 << 15;

/** What {@link IndexHandles} needs of the volume it serves. */
export interface Opener {
  readonly root: LocalInode;
  /** RESOLVE_ flags that keep a lookup on this file system. */
  readonly resolve: number;
  /** The open inode with that body, if there is one. */
  known(body: Buffer): LocalInode | undefined;
  /** Opens and keeps an inode. */
  resolveBody(body: Buffer): Promise<LocalInode>;
  pin(inode: LocalInode, by: 1 | -1): void;
}

/**
 * Handles for a server that may not open files by kernel handle: what the file is (number, time of birth) stands in the
 * handle, where it is stands in a durable index. Where a file system keeps no time of birth, a number that was given to
 * a new file in the very place of the old one cannot be told apart.
 */
export class IndexHandles implements HandleScheme {
  readonly #index: HandleIndex;
  readonly #opener: () => Opener;

  constructor(index: HandleIndex, opener: () => Opener) {
    this.#index = index;
    this.#opener = opener;
  }

  bodyOf(fd: number): Buffer {
    const birth = birthOf(fd);
    const body = Buffer.allocUnsafe(LENGTH);
    body[0] = TYPE;
    body.writeBigUInt64BE(birth.ino, 1);
    body.writeBigInt64BE(birth.seconds, 9);
    body.writeUInt32BE(birth.nanoseconds, 17);
    return body;
  }

  async open(body: Buffer): Promise<number> {
    if (body.length !== LENGTH || body[0] !== TYPE) throw new FsError('BADHANDLE', 'resolve');
    const places = this.#index.places(body);
    const parents: LocalInode[] = [];
    const { pin } = this.#opener();
    let hindrance: FsError | undefined;
    try {
      for (const place of places) {
        const parent = await this.#parent(place, body);
        if (parent === undefined) continue;
        pin(parent, 1);
        parents.push(parent);
        const fd = await this.#openAt(parent, place.name, body).catch(hindranceOf);
        if (fd instanceof FsError) hindrance ??= fd;
        else if (fd >= 0) return fd;
        else this.#index.remove(body, place);
      }
      // Not where it was: it may have another name in the same directory by now.
      for (const parent of new Set(parents)) {
        const fd = await this.#search(parent, body);
        if (fd >= 0) return fd;
      }
      throw hindrance ?? new FsError('STALE', 'resolve');
    } finally {
      for (const parent of parents) pin(parent, -1);
    }
  }

  seen(entries: readonly Sighting[]): void {
    if (entries.length === 0) return;
    becomeServer();
    this.#index.add(
      entries.map(({ directory, name, body }) => ({ key: body, place: { parent: directory.body, name } })),
    );
  }

  gone(directory: LocalInode, name: Buffer, body: Buffer): void {
    becomeServer();
    this.#index.remove(body, { parent: directory.body, name });
  }

  /** The directory of a place, opened in turn by its own places; undefined if it is gone. */
  async #parent(place: Place, child: Buffer): Promise<LocalInode | undefined> {
    if (!this.#leadsToRoot(place.parent, child)) return undefined;
    try {
      return await this.#opener().resolveBody(place.parent);
    } catch (error) {
      if (error instanceof FsError && (error.code === 'STALE' || error.code === 'BADHANDLE')) return undefined;
      throw error;
    }
  }

  /** Guards against a circle, which directories moved back and forth could leave in the index. */
  #leadsToRoot(start: Buffer, child: Buffer): boolean {
    const { root, known } = this.#opener();
    const pending: Buffer[] = [start];
    const visited = new Set<string>([child.toString('latin1')]);
    for (let at = pending.pop(); at !== undefined && visited.size < DEEPEST; at = pending.pop()) {
      const key = at.toString('latin1');
      if (visited.has(key)) continue;
      if (at.equals(root.body) || known(at) !== undefined) return true;
      visited.add(key);
      pending.push(...this.#index.places(at).map((place) => place.parent));
    }
    return false;
  }

  /**
   * Opens a name if it is the wanted file; -1 if it is not. Throws what keeps it from being looked at: too few
   * descriptors, a directory that may not be searched now, a mount on top of it. The file may be there all the same.
   */
  async #openAt(parent: LocalInode, name: Buffer, body: Buffer): Promise<number> {
    becomeServer();
    const ahead = await openat2InPool(parent.fd, ownCString(name), AS_PATH);
    if (ahead >= 0) close(ahead);
    becomeServer();
    const fd = openat2(parent.fd, cString(name), AS_PATH, this.#opener().resolve);
    if (fd < 0) {
      const code = codeOf(errno());
      if (code === 'NOENT' || code === 'NOTDIR') return -1;
      // As a lookup has it: RFC 1813 has XDEV for other things than a mount.
      throw new FsError(code === 'XDEV' ? 'ACCES' : code, 'resolve');
    }
    if (this.bodyOf(fd).equals(body)) return fd;
    close(fd);
    return -1;
  }

  /** Looks through a directory for an entry with the file's number. */
  async #search(parent: LocalInode, body: Buffer): Promise<number> {
    const ino = body.readBigUInt64BE(1);
    becomeServer();
    const listing = openat(parent.fd, DOT, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC, 0);
    if (listing < 0) {
      const code = codeOf(errno());
      if (code === 'JUKEBOX') throw new FsError(code, 'resolve');
      return -1;
    }
    try {
      const chunk = Buffer.allocUnsafeSlow(CHUNK);
      for (let length = 0; (length = Number(getdents64(listing, chunk, CHUNK))) > 0; ) {
        for (const entry of parseEntries(chunk, length)) {
          if (entry.ino !== ino) continue;
          const fd = await this.#openAt(parent, entry.name, body);
          if (fd < 0) continue;
          this.#index.add([{ key: body, place: { parent: parent.body, name: entry.name } }]);
          return fd;
        }
      }
      return -1;
    } finally {
      close(listing);
    }
  }
}

function hindranceOf(error: unknown): FsError {
  if (error instanceof FsError) return error;
  throw error;
}
