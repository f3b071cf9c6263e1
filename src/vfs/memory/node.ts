import { type Attributes, type Change, FileType, type Time } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { Caller, Inode } from '../filesystem.ts';

export const May = { READ: 4, WRITE: 2, EXECUTE: 1 } as const;

const BLOCK = 1 << 16;

/** A directory's entry: the cookie stays its own while others come and go. */
export interface Entry {
  readonly name: Buffer;
  readonly node: MemoryNode;
  readonly cookie: bigint;
}

/** A file of {@link MemoryFileSystem}. */
export class MemoryNode implements Inode {
  readonly body: Buffer;
  readonly type: FileType;
  readonly closed = false;
  handle: Buffer | undefined = undefined;

  readonly id: number;
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  size = 0;
  rdevMajor = 0;
  rdevMinor = 0;
  atime: Time;
  mtime: Time;
  ctime: Time;
  target: Buffer = Buffer.alloc(0);
  parent: MemoryNode | undefined = undefined;
  /** By name, as latin1, in the order of their cookies. */
  readonly entries = new Map<string, Entry>();
  readonly #blocks = new Map<number, Buffer>();

  constructor(id: number, type: FileType, mode: number, owner: { uid: number; gid: number }, now: Time) {
    this.id = id;
    this.type = type;
    this.mode = mode & 0o7777;
    this.uid = owner.uid;
    this.gid = owner.gid;
    this.nlink = type === FileType.DIR ? 2 : 1;
    this.atime = this.mtime = this.ctime = now;
    this.body = Buffer.alloc(9);
    this.body[0] = type;
    this.body.writeBigUInt64BE(BigInt(id), 1);
  }

  attributes(): Attributes {
    return {
      type: this.type,
      mode: this.mode,
      nlink: this.nlink,
      uid: this.uid,
      gid: this.gid,
      size: this.type === FileType.LNK ? this.target.length : this.size,
      used: this.#blocks.size * BLOCK,
      rdevMajor: this.rdevMajor,
      rdevMinor: this.rdevMinor,
      fileidHigh: Math.floor(this.id / 0x1_0000_0000),
      fileidLow: this.id >>> 0,
      atimeSeconds: this.atime.seconds,
      atimeNanoseconds: this.atime.nanoseconds,
      mtimeSeconds: this.mtime.seconds,
      mtimeNanoseconds: this.mtime.nanoseconds,
      ctimeSeconds: this.ctime.seconds,
      ctimeNanoseconds: this.ctime.nanoseconds,
    };
  }

  unchanged(): Change {
    return { before: this.attributes(), after: this.attributes() };
  }

  /** Which of the wanted bits of {@link May} the mode grants. */
  granted(caller: Caller, wanted: number): number {
    if (caller.uid === 0) {
      return this.type === FileType.DIR || (this.mode & 0o111) !== 0 ? wanted : wanted & ~May.EXECUTE;
    }
    const isMember = caller.gid === this.gid || caller.groups.includes(this.gid);
    return wanted & (caller.uid === this.uid ? this.mode >> 6 : isMember ? this.mode >> 3 : this.mode);
  }

  mustGrant(caller: Caller, wanted: number, operation: string): void {
    if (this.granted(caller, wanted) !== wanted) throw new FsError('ACCES', operation);
  }

  mustBeDirectory(operation: string): void {
    if (this.type !== FileType.DIR) throw new FsError('NOTDIR', operation);
    if (this.nlink === 0) throw new FsError('STALE', operation);
  }

  mustBeRegular(operation: string): void {
    if (this.type === FileType.DIR) throw new FsError('ISDIR', operation);
    if (this.type !== FileType.REG) throw new FsError('INVAL', operation);
  }

  /** RFC 1813 §4.4: the owner may write whatever the mode says. */
  mustBeWritable(caller: Caller): void {
    if (this.uid !== caller.uid) this.mustGrant(caller, May.WRITE, 'write');
  }

  /** Takes set-user-ID away, and set-group-ID where it is no mark of mandatory locking. */
  dropPrivilege(): void {
    this.mode &= ~((this.mode & 0o010) !== 0 ? 0o6000 : 0o4000);
  }

  read(offset: number, length: number): Buffer {
    const out = Buffer.alloc(Math.max(0, Math.min(length, this.size - offset)));
    this.#eachBlock(offset, out.length, (number, start, at, part) => {
      this.#blocks.get(number)?.copy(out, at, start, start + part);
    });
    return out;
  }

  write(offset: number, data: Buffer): void {
    this.#eachBlock(offset, data.length, (number, start, at, part) => {
      let block = this.#blocks.get(number);
      if (block === undefined) this.#blocks.set(number, (block = Buffer.alloc(BLOCK)));
      data.copy(block, start, at, at + part);
    });
    this.size = Math.max(this.size, offset + data.length);
  }

  truncate(size: number): void {
    for (const [number, block] of this.#blocks) {
      if (number * BLOCK >= size) this.#blocks.delete(number);
      else if ((number + 1) * BLOCK > size) block.fill(0, size - number * BLOCK);
    }
    this.size = size;
  }

  #eachBlock(
    offset: number,
    length: number,
    visit: (number: number, start: number, at: number, part: number) => void,
  ): void {
    for (let at = 0; at < length; ) {
      const number = Math.floor((offset + at) / BLOCK);
      const start = offset + at - number * BLOCK;
      const part = Math.min(BLOCK - start, length - at);
      visit(number, start, at, part);
      at += part;
    }
  }
}
