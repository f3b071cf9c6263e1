import { createHash, randomBytes } from 'node:crypto';
import type { Settings } from './settings.ts';

const PREFIX = 'fsid ';
const MASK_63 = 0x7fff_ffff_ffff_ffffn;

/** File system ids that were made once and are kept. The draw is an argument so that a collision can be tried. */
export class Fsids {
  private readonly settings: Settings;
  private readonly draw: () => bigint;
  private readonly known = new Map<string, bigint>();
  private readonly taken = new Set<bigint>();

  constructor(settings: Settings, draw: () => bigint = () => randomBytes(8).readBigUInt64BE()) {
    this.settings = settings;
    this.draw = draw;
    for (const [name, value] of settings.entries(PREFIX)) {
      const fsid = value.readBigUInt64BE();
      this.known.set(name, fsid);
      this.taken.add(fsid);
    }
  }

  fsidFor(key: string): bigint {
    // A key may be a path of 4096 bytes, which no database key can hold.
    const name = PREFIX + createHash('sha256').update(key).digest('hex');
    const kept = this.known.get(name);
    if (kept !== undefined) return kept;
    let fsid = 0n;
    while (fsid === 0n || this.taken.has(fsid)) fsid = this.draw() & MASK_63;
    const value = Buffer.alloc(8);
    value.writeBigUInt64BE(fsid);
    this.settings.set(name, value);
    this.known.set(name, fsid);
    this.taken.add(fsid);
    return fsid;
  }
}
