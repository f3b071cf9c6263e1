import { type Attributes, FileType } from '../attributes.ts';
import type { Caller, Inode } from '../filesystem.ts';
import type { FlushState } from './flush.ts';

/** What the kernel said that a caller may do with a file, and the attributes that it said it for. */
export interface Rights {
  readonly caller: Caller;
  /** Bits of MAY that were asked about, and those that were granted. */
  known: number;
  granted: number;
  mode: number;
  uid: number;
  gid: number;
  ctimeSeconds: number;
  ctimeNanoseconds: number;
  /** On the clock of performance.now(). */
  until: number;
}

/** Which file this is, for a Map: number and device of one file system. */
export type FileKey = number | string;

/** A file held open by an O_PATH descriptor, so that its number cannot be given to another file meanwhile. */
export class LocalInode implements Inode {
  readonly body: Buffer;
  readonly type: FileType;
  /** The body as a Map key. */
  readonly bodyKey: string;
  readonly fileKey: FileKey;
  handle: Buffer | undefined = undefined;
  closed = false;

  /** O_PATH; -1 once closed. */
  fd: number;
  /** O_RDONLY and O_RDWR on a regular file, O_RDONLY on a directory; -1 while not open. */
  readFd = -1;
  writeFd = -1;
  directoryFd = -1;

  /** Operations at work on it: while there are any, nothing is closed. */
  pins = 0;
  /** Removed: to be closed when the last operation has ended. */
  doomed = false;
  /** When it was last used, as a running number; `newer` and `older` chain all inodes in that order. */
  used = 0;
  newer: LocalInode | undefined = undefined;
  older: LocalInode | undefined = undefined;

  /** Directories: children by name. A hint that a name is in memory; it counts as true only while {@link isProven}. */
  children: Map<string, LocalInode> | undefined = undefined;
  /** Where it stands as such a hint. */
  parent: LocalInode | undefined = undefined;
  name = '';
  /** The parent's ctime at which the kernel was last seen to find it there, if nothing can have changed unseen since. */
  provenSeconds = -1;
  provenNanoseconds = -1;

  readonly rights: Rights[] = [];
  /** Counts the changes made here, so that a call that waited can tell whether its `before` still is one. */
  changes = 0;
  flush: FlushState | undefined = undefined;
  /** True from an UNSTABLE write until a flush that began after it. */
  dirty = false;
  /** The data descriptors were used since the last look for idle ones. */
  dataUsed = false;
  /** Directories: listing it took long the last time, so the next listing is read ahead in the thread pool. */
  slowUntil = 0;
  /** Directories: until then, names are looked up without going through the thread pool first. */
  quickUntil = 0;

  constructor(body: Buffer, bodyKey: string, fileKey: FileKey, type: FileType, fd: number) {
    this.body = body;
    this.bodyKey = bodyKey;
    this.fileKey = fileKey;
    this.type = type;
    this.fd = fd;
    this.closed = fd < 0;
  }

  get isDirectory(): boolean {
    return this.type === FileType.DIR;
  }
}

/** A directory's hint for a name. */
export function childOf(directory: LocalInode, name: string): LocalInode | undefined {
  return directory.children?.get(name);
}

/** Remembers that a name in a directory is this file. */
export function rememberChild(directory: LocalInode, name: string, child: LocalInode): void {
  if (child === directory || (child.parent === directory && child.name === name)) return;
  forgetPlace(child);
  directory.children ??= new Map();
  const other = directory.children.get(name);
  if (other !== undefined) other.parent = undefined;
  directory.children.set(name, child);
  child.parent = directory;
  child.name = name;
  child.provenNanoseconds = -1;
}

/**
 * Every change of a directory's entries moves its ctime, by a clock that ticks every few milliseconds. Once the ctime is
 * older than this, a change that is still to come cannot leave it as it is.
 */
const TICK_MS = 100;

/** The kernel has just found the child under its hint, and the directory's attributes were read before that. */
export function prove(child: LocalInode, directory: Attributes): void {
  const age = Date.now() - directory.ctimeSeconds * 1000 - directory.ctimeNanoseconds / 1e6;
  if (age < TICK_MS) return;
  child.provenSeconds = directory.ctimeSeconds;
  child.provenNanoseconds = directory.ctimeNanoseconds;
}

/** True if the hint still holds, for a directory that has these attributes now. */
export function isProven(child: LocalInode, directory: Attributes): boolean {
  return child.provenNanoseconds === directory.ctimeNanoseconds && child.provenSeconds === directory.ctimeSeconds;
}

/** Forgets what a name in a directory was. */
export function forgetChild(directory: LocalInode, name: string): void {
  const child = directory.children?.get(name);
  if (child !== undefined) forgetPlace(child);
}

/** Forgets where a file stands. */
export function forgetPlace(child: LocalInode): void {
  child.parent?.children?.delete(child.name);
  child.parent = undefined;
}
