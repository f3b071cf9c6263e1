import { createHash } from 'node:crypto';
import { DIGITS, fileNameOf, numbered, parseJson } from './names.ts';
import type { Beat } from './observation.ts';

/** Who made a claim: written once. */
export interface Claim {
  readonly token: number;
  readonly holder: string;
  /** Tells the claim's beat file from those of nodes that wanted the same token. */
  readonly id: string;
}

/** A disk sector: written by a single write in place. */
const SECTOR_BYTES = 512;
const STATUS_BLOCK_BYTES = 4096;
const CHECKSUM_DIGITS = 16;

/** A claim as it is made. Whatever is longer has been contested. */
export const CLAIM_BYTES = SECTOR_BYTES;

export function folderOf(name: string): string {
  return `leases/${fileNameOf(name)}`;
}

export function claimPath(name: string, token: number): string {
  return `${folderOf(name)}/claim.${String(token).padStart(DIGITS, '0')}`;
}

export function beatPath(name: string, { token, id }: Pick<Claim, 'token' | 'id'>): string {
  return `${folderOf(name)}/beat.${String(token).padStart(DIGITS, '0')}.${id}`;
}

/** The token of a claim's file, or of a beat's. */
export function tokenIn(fileName: string, kind: 'claim' | 'beat'): number | undefined {
  const [prefix, digits, id] = fileName.split('.');
  if (prefix !== kind || digits === undefined || (kind === 'beat') !== (id !== undefined)) return undefined;
  return numbered(digits);
}

export function encodeClaim({ holder, id }: Claim): Buffer {
  return padded({ holder, id, format: 1 }, SECTOR_BYTES);
}

/** Undefined: damaged. */
export function decodeClaim(content: Buffer, token: number): Claim | undefined {
  const record = parseJson(content.toString('utf8', 0, CLAIM_BYTES));
  if (typeof record?.holder !== 'string' || typeof record.id !== 'string') return undefined;
  return { token, holder: record.holder, id: record.id };
}

/**
 * A released beat is longer than others: an NFS client that has the file in its cache notices another size even if both
 * were written within one tick of the server's clock.
 */
export function encodeBeat(count: number, beat: Beat): Buffer {
  return padded({ count, ...beat }, beat.released ? 2 * SECTOR_BYTES : SECTOR_BYTES);
}

/** What cannot be read is being written, so its holder is there. Only what says so whole is released. */
export function decodeBeat(content: Buffer | undefined): Beat {
  const record = content && parseJson(content.toString());
  const successor = record?.successor;
  return { released: record?.released === true, successor: typeof successor === 'string' ? successor : undefined };
}

/** A node's status, in place like a beat; it takes several sectors, so a checksum tells half of one and half of another. */
export function encodeStatus(incarnation: string, count: number, status: unknown): Buffer {
  const json = JSON.stringify({ incarnation, count, status });
  const text = `${checksum(json)} ${json}\n`;
  const bytes = Buffer.byteLength(text);
  return Buffer.concat([Buffer.from(text)], Math.ceil(bytes / STATUS_BLOCK_BYTES) * STATUS_BLOCK_BYTES);
}

/** Undefined: read while it was written. */
export function decodeStatus(content: Buffer): { readonly identity: string; readonly status: unknown } | undefined {
  const [line = ''] = content.toString().split('\n', 1);
  const identity = line.slice(0, CHECKSUM_DIGITS);
  const json = line.slice(CHECKSUM_DIGITS + 1);
  const record = checksum(json) === identity ? parseJson(json) : undefined;
  return record && { identity, status: record.status };
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, CHECKSUM_DIGITS);
}

function padded(record: object, bytes: number): Buffer {
  const text = JSON.stringify(record);
  if (Buffer.byteLength(text) >= bytes) throw new Error(`${text} is longer than ${bytes} bytes`);
  return Buffer.from(`${text.padEnd(bytes - 1 - (Buffer.byteLength(text) - text.length))}\n`);
}
