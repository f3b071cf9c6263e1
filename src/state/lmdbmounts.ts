import { createHash } from 'node:crypto';
import type { Database } from 'lmdb';
import type { ChangeGuard } from '../common/licence.ts';
import type { Mount, MountKeeper } from './mounts.ts';

/** The mount table's lines in LMDB, written in the background: it is advisory, and a thousand clients may mount at once. */
export class LmdbMounts implements MountKeeper {
  private readonly database: Database<Buffer, Buffer>;
  private readonly guard: ChangeGuard;
  private readonly report: (error: unknown) => void;

  constructor(database: Database<Buffer, Buffer>, guard: ChangeGuard, report: (error: unknown) => void) {
    this.database = database;
    this.guard = guard;
    this.report = report;
  }

  load(): Mount[] {
    const mounts: Mount[] = [];
    for (const { value } of this.database.getRange({})) mounts.push(decode(value));
    return mounts;
  }

  keep(mount: Mount): void {
    this.guard.check();
    this.database.put(keyOf(mount), encode(mount)).catch(this.report);
  }

  drop(mount: Mount): void {
    this.guard.check();
    this.database.remove(keyOf(mount)).catch(this.report);
  }
}

/** A path may have 1024 bytes, and a client's name 255; a digest of both is always short enough for a key. */
function keyOf(mount: Mount): Buffer {
  return createHash('sha256').update(mount.client).update('\0').update(mount.path).digest();
}

function encode(mount: Mount): Buffer {
  const client = Buffer.from(mount.client);
  const head = Buffer.alloc(10);
  head.writeDoubleBE(mount.since, 0);
  head.writeUInt16BE(client.length, 8);
  return Buffer.concat([head, client, mount.path]);
}

function decode(value: Buffer): Mount {
  const pathAt = 10 + value.readUInt16BE(8);
  return {
    since: value.readDoubleBE(0),
    client: value.toString('utf8', 10, pathAt),
    path: Buffer.from(value.subarray(pathAt)),
  };
}
