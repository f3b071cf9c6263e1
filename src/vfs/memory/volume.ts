import { type Change, FileType, type Time } from '../attributes.ts';
import { FsError } from '../error.ts';
import { type Caller, type FileSystemLimits, type Inode, MAX_OFFSET } from '../filesystem.ts';
import { MemoryNode } from './node.ts';

/** The files of a {@link MemoryFileSystem}, and the names that lead to them. */
export class MemoryVolume {
  readonly root: MemoryNode;
  readonly limits: FileSystemLimits = {
    maxFileSize: MAX_OFFSET,
    maxNameBytes: 255,
    maxLinks: 32_000,
    timeDelta: { seconds: 0, nanoseconds: 1 },
    caseInsensitive: false,
    casePreserving: true,
    hashedCookies: false,
  };
  /** The server's clock. */
  readonly now: () => Time;
  readonly #nodes = new Map<number, MemoryNode>();
  #lastId = 0;
  /** `.` and `..` have the first two. */
  #lastCookie = 2n;

  constructor(now: () => Time) {
    this.now = now;
    this.root = this.newNode(FileType.DIR, 0o755, { uid: 0, gid: 0 });
    this.root.parent = this.root;
  }

  get files(): number {
    return this.#nodes.size;
  }

  clear(): void {
    this.#nodes.clear();
  }

  find(id: number): MemoryNode | undefined {
    return this.#nodes.get(id);
  }

  /** The file that an inode is; fails STALE if it is gone. */
  live(inode: Inode): MemoryNode {
    if (!(inode instanceof MemoryNode)) throw new FsError('BADHANDLE', 'inode');
    if (this.#nodes.get(inode.id) !== inode) throw new FsError('STALE', 'inode');
    return inode;
  }

  newNode(type: FileType, mode: number, owner: { uid: number; gid: number }): MemoryNode {
    const node = new MemoryNode(++this.#lastId, type, mode, owner, this.now());
    this.#nodes.set(node.id, node);
    return node;
  }

  named(directory: MemoryNode, name: Buffer): MemoryNode | undefined {
    if (isDots(name)) return name.length === 1 ? directory : directory.parent;
    mustBeName(name, 'lookup');
    return directory.entries.get(name.toString('latin1'))?.node;
  }

  enlist(directory: MemoryNode, name: Buffer, node: MemoryNode): void {
    const own = Buffer.from(name);
    directory.entries.set(own.toString('latin1'), { name: own, node, cookie: ++this.#lastCookie });
    if (node.type !== FileType.DIR) return;
    node.parent = directory;
    directory.nlink += 1;
  }

  unlist(directory: MemoryNode, name: Buffer, node: MemoryNode): void {
    directory.entries.delete(name.toString('latin1'));
    if (node.type === FileType.DIR) directory.nlink -= 1;
  }

  /** Takes a name away, and with its last name the file. */
  drop(directory: MemoryNode, name: Buffer): void {
    const node = this.named(directory, name);
    if (node === undefined) return;
    this.unlist(directory, name, node);
    node.nlink = node.type === FileType.DIR ? 0 : node.nlink - 1;
    node.ctime = this.now();
    if (node.nlink === 0) this.#nodes.delete(node.id);
  }

  /** Runs a change of a directory's entries. */
  changing(directory: MemoryNode, change: () => void): Change {
    const before = directory.attributes();
    change();
    this.changedEntries(directory);
    return { before, after: directory.attributes() };
  }

  changedEntries(directory: MemoryNode): void {
    directory.mtime = directory.ctime = this.now();
  }

  changedData(caller: Caller, node: MemoryNode): void {
    if (caller.uid !== 0) node.dropPrivilege();
    node.mtime = node.ctime = this.now();
  }
}

export function isDots(name: Buffer): boolean {
  return name.length <= 2 && name.every((byte) => byte === 0x2e);
}

export function mustBeName(name: Buffer, operation: string): void {
  if (name.length > 255) throw new FsError('NAMETOOLONG', operation);
}
