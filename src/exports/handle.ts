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
 * A body of 14 bytes still makes a handle of 32, all that NFSv2 has: ext4 takes 9, xfs 9 to 13, tmpfs 13.
 */
const HANDLE_VERSION = 1;
const HEADER_BYTES = 2;
const FSID_BYTES = 8;
const MAC_BYTES = 8;
const OVERHEAD = HEADER_BYTES + FSID_BYTES + MAC_BYTES;

export interface OpenedHandle {
  readonly fsid: bigint;
  readonly body: Buffer;
}

/** @returns the wire handle of `body` in the file system `fsid`. `secret` is the cluster's: 32 bytes. */
export function sealHandle(secret: Buffer, fsid: bigint, body: Uint8Array): Buffer {
  if (body.length > MAX_HANDLE_BODY) throw new RangeError(`a handle body of ${body.length} bytes`);
  const handle = Buffer.allocUnsafe(OVERHEAD + body.length);
  handle[0] = HANDLE_VERSION;
  handle[1] = body.length;
  handle.writeBigUInt64BE(fsid, HEADER_BYTES);
  handle.set(body, HEADER_BYTES + FSID_BYTES);
  const signed = handle.length - MAC_BYTES;
  handle.set(macOf(secret, handle.subarray(0, signed)), signed);
  return handle;
}

/** The opposite of {@link sealHandle}. Throws BADHANDLE for bytes that it did not make. The body is a view of `bytes`. */
export function openHandle(secret: Buffer, bytes: Buffer): OpenedHandle {
  const length = bytes[1];
  const malformed =
    length === undefined ||
    bytes[0] !== HANDLE_VERSION ||
    length > MAX_HANDLE_BODY ||
    bytes.length !== OVERHEAD + length;
  if (malformed) throw new FsError('BADHANDLE', 'handle');
  const signed = bytes.length - MAC_BYTES;
  // In constant time, or the answer's delay would tell a forger how many bytes were right.
  if (!timingSafeEqual(macOf(secret, bytes.subarray(0, signed)), bytes.subarray(signed))) {
    throw new FsError('BADHANDLE', 'handle');
  }
  const bodyAt = HEADER_BYTES + FSID_BYTES;
  return { fsid: bytes.readBigUInt64BE(HEADER_BYTES), body: bytes.subarray(bodyAt, signed) };
}

const keys = new WeakMap<Buffer, KeyObject>();

function macOf(secret: Buffer, signed: Uint8Array): Buffer {
  let key = keys.get(secret);
  if (key === undefined) keys.set(secret, (key = createSecretKey(secret)));
  return createHmac('sha256', key).update(signed).digest().subarray(0, MAC_BYTES);
}
