import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { reason, StateError } from './error.ts';

/**
 * A look at an LMDB file before LMDB itself opens it: LMDB maps the file and believes it, so a damaged one would end
 * the process with a signal. The layout is that of lmdb 3.5 (data format 2), little-endian as all hosts we run on.
 */
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const PAGE_HEADER = 24;
const META_BYTES = 144;
const FIRST_TREE = 24;
const TREE_BYTES = 48;
const ROOT_IN_TREE = 40;
const LAST_PAGE = FIRST_TREE + 2 * TREE_BYTES;
const NO_ROOT = 0xffff_ffff_ffff_ffffn;

interface Meta {
  readonly pageSize: number;
  readonly roots: readonly bigint[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** Throws {@link StateError} if this cannot be an undamaged LMDB file. */
export function checkDataFile(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    throw new StateError(`cannot open ${path}: ${reason(error)}. Make it readable and writable for this user.`);
  }
  try {
    const { size } = fstatSync(fd);
    const first = readMeta(fd, 0, path);
    const second = readMeta(fd, first.pageSize, path);
    const latest = second.transaction > first.transaction ? second : first;
    const pageSize = BigInt(latest.pageSize);
    for (const root of latest.roots) {
      if (root !== NO_ROOT && (root + 1n) * pageSize > BigInt(size)) throw damaged(path, 'it is cut short');
    }
    // Reading a mapped page beyond the end of the file is a SIGBUS; a page of zeros is an error that LMDB reports.
    // A sound file may be short, too: pages that were taken and given back in one transaction are never written.
    const whole = Number((latest.lastPage + 1n) * pageSize);
    if (size < whole) ftruncateSync(fd, whole);
  } finally {
    closeSync(fd);
  }
}

/** The transaction that was committed last. Throws {@link StateError} as {@link checkDataFile} does. */
export function lastTransaction(path: string): bigint {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new StateError(`cannot read ${path}: ${reason(error)}. Restore the state directory from a backup.`);
  }
  try {
    const first = readMeta(fd, 0, path);
    const second = readMeta(fd, first.pageSize, path);
    return second.transaction > first.transaction ? second.transaction : first.transaction;
  } finally {
    closeSync(fd);
  }
}

export function damaged(path: string, what: string): StateError {
  return new StateError(
    `${path} is damaged: ${what}. Restore it from a backup. Without one, move it away: a new state is made, ` +
      'every file handle becomes stale and clients have to mount again.',
  );
}

function readMeta(fd: number, at: number, path: string): Meta {
  const page = Buffer.alloc(PAGE_HEADER + META_BYTES);
  if (readSync(fd, page, 0, page.length, at) < page.length) throw damaged(path, 'it is cut short');
  const meta = page.subarray(PAGE_HEADER);
  if (meta.readUInt32LE(0) !== MAGIC) throw damaged(path, 'it is not an LMDB file');
  const version = meta.readUInt32LE(4) & 0xffff;
  if (version !== DATA_VERSION) {
    throw new StateError(
      `${path} has LMDB data format ${version}, this version reads ${DATA_VERSION}. Use the version that wrote it.`,
    );
  }
  const pageSize = meta.readUInt32LE(FIRST_TREE);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
    throw damaged(path, `a page size of ${pageSize}`);
  }
  return {
    pageSize,
    roots: [0, 1].map((tree) => meta.readBigUInt64LE(FIRST_TREE + tree * TREE_BYTES + ROOT_IN_TREE)),
    lastPage: meta.readBigUInt64LE(LAST_PAGE),
    transaction: meta.readBigUInt64LE(LAST_PAGE + 8),
  };
}
