import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { FsError, MAX_HANDLE_BODY } from '../vfs/index.ts';

/**
 * The file handle: the same bytes for the same file on every node, which no client can make up.
 *
 *     version  1 byte   {@link HANDLE_VERSION}
 *     length   1 byte   of the body
 *     fsid     8 bytes  the export's, big-endian
 *     body     0 to 41  what the file system knows its file by; its first byte tells a kernel handle from an index entry
 *     mac      8 bytes  HMAC-SHA256 of all before, under the cluster's secret, cut to 8 bytes
 *
 * A body of 14 bytes still makes a handle of 32, all that NFSv2 has: ext4 takes 9, xfs 9 to 13, tmpfs 13. A shorter
 * handle is filled with zeros for NFSv2. In place of one that is longer stands an alias: of the same form, but with
 * {@link ALIAS_VERSION}, and with a digest for a body, which the state knows the real one by.
 */
const HANDLE_VERSION = 1;
const ALIAS_VERSION = 2;
/** `fhandle` (RFC 1094 §2.3.3). */
const SHORT_BYTES = 32;
const HEADER_BYTES = 2;
const FSID_BYTES = 8;
const MAC_BYTES = 8;
const OVERHEAD = HEADER_BYTES + FSID_BYTES + MAC_BYTES;
const ALIAS_BYTES = SHORT_BYTES - OVERHEAD;

export interface OpenedHandle {
  readonly fsid: bigint;
  readonly body: Buffer;
  /** The body is an alias for the real one. */
  readonly isAlias: boolean;
}

/** @returns the wire handle of `body` in the file system `fsid`. `secret` is the cluster's: 32 bytes. */
export function sealHandle(secret: Buffer, fsid: bigint, body: Uint8Array): Buffer {
  return seal(HANDLE_VERSION, secret, fsid, body);
}

/** @returns a handle of 32 bytes for a body whose own is longer, and the alias in it. */
export function sealAlias(secret: Buffer, fsid: bigint, body: Uint8Array): { handle: Buffer; alias: Buffer } {
  const scope = Buffer.alloc(FSID_BYTES);
  scope.writeBigUInt64BE(fsid);
  const digest = createHmac('sha256', keyOf(secret)).update('alias').update(scope).update(body).digest();
  const alias = digest.subarray(0, ALIAS_BYTES);
  return { handle: seal(ALIAS_VERSION, secret, fsid, alias), alias };
}

/** A handle for NFSv2; undefined if it is too long for that. */
export function pad32(handle: Buffer): Buffer | undefined {
  return handle.length > SHORT_BYTES ? undefined : Buffer.concat([handle], SHORT_BYTES);
}

/** The handle that was filled with zeros up to 32 bytes; any other bytes as they are. */
export function unpad32(bytes: Buffer): Buffer {
  const length = OVERHEAD + (bytes[1] ?? 0);
  if (bytes.length !== SHORT_BYTES || length >= SHORT_BYTES) return bytes;
  for (let at = length; at < SHORT_BYTES; at++) if (bytes[at] !== 0) return bytes;
  return bytes.subarray(0, length);
}

function seal(version: number, secret: Buffer, fsid: bigint, body: Uint8Array): Buffer {
  if (body.length > MAX_HANDLE_BODY) throw new RangeError(`a handle body of ${body.length} bytes`);
  const handle = Buffer.allocUnsafe(OVERHEAD + body.length);
  handle[0] = version;
  handle[1] = body.length;
  handle.writeBigUInt64BE(fsid, HEADER_BYTES);
  handle.set(body, HEADER_BYTES + FSID_BYTES);
  const signed = handle.length - MAC_BYTES;
  handle.set(macOf(secret, handle.subarray(0, signed)), signed);
  return handle;
}

/** The opposite of {@link sealHandle}, {@link sealAlias} and {@link pad32}. Throws BADHANDLE for bytes that they did not make. */
export function openHandle(secret: Buffer, padded: Buffer): OpenedHandle {
  const bytes = unpad32(padded);
  const length = bytes[1];
  const isAlias = bytes[0] === ALIAS_VERSION;
  const malformed =
    length === undefined ||
    (isAlias ? length !== ALIAS_BYTES : bytes[0] !== HANDLE_VERSION) ||
    length > MAX_HANDLE_BODY ||
    bytes.length !== OVERHEAD + length;
  if (malformed) throw new FsError('BADHANDLE', 'handle');
  const signed = bytes.length - MAC_BYTES;
  // In constant time, or the answer's delay would tell a forger how many bytes were right.
  if (!timingSafeEqual(macOf(secret, bytes.subarray(0, signed)), bytes.subarray(signed))) {
    throw new FsError('BADHANDLE', 'handle');
  }
  const bodyAt = HEADER_BYTES + FSID_BYTES;
  return { fsid: bytes.readBigUInt64BE(HEADER_BYTES), body: bytes.subarray(bodyAt, signed), isAlias };
}

const keys = new WeakMap<Buffer, KeyObject>();

function macOf(secret: Buffer, signed: Uint8Array): Buffer {
  return createHmac('sha256', keyOf(secret)).update(signed).digest().subarray(0, MAC_BYTES);
}

function keyOf(secret: Buffer): KeyObject {
  let key = keys.get(secret);
  if (key === undefined) keys.set(secret, (key = createSecretKey(secret)));
  return key;
}
