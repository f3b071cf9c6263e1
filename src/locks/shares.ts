import type { Client } from './records.ts';

/** A share reservation (X/Open NLM_SHARE): what its owner does with the file, and what it denies all others meanwhile. */
export interface Share extends Client {
  readonly id: number;
  readonly file: string;
  /** The owner. */
  readonly owner: string;
  readonly oh: Buffer;
  readonly handle: Buffer;
  readonly localAddress: string;
  /** `fsh_access`: 1 read, 2 write, 3 both, 0 neither. */
  readonly access: number;
  /** `fsh_mode`: what others may not: 1 read, 2 write, 3 both, 0 nothing. */
  readonly mode: number;
  readonly state: number;
  readonly since: number;
}

/** Share reservations. Each owner has one at most for a file. */
export class ShareTable {
  private readonly files = new Map<string, Map<string, Share>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** @returns what the owner had before, or false if somebody else's stands in the way. */
  share(wanted: Share): { before: Share | undefined } | false {
    const shares = this.files.get(wanted.file) ?? new Map<string, Share>();
    for (const other of shares.values()) {
      if (other.owner === wanted.owner) continue;
      if ((other.access & wanted.mode) !== 0 || (other.mode & wanted.access) !== 0) return false;
    }
    const before = shares.get(wanted.owner);
    if (before === undefined) this.count += 1;
    shares.set(wanted.owner, wanted);
    this.files.set(wanted.file, shares);
    return { before };
  }

  unshare(file: string, owner: string): Share | undefined {
    const shares = this.files.get(file);
    const share = shares?.get(owner);
    if (shares?.delete(owner) === true) this.count -= 1;
    if (shares?.size === 0) this.files.delete(file);
    return share;
  }

  has(file: string): boolean {
    return this.files.has(file);
  }

  *[Symbol.iterator](): Generator<Share> {
    for (const shares of this.files.values()) yield* shares.values();
  }
}
