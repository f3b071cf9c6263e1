import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openHandle, pad32, sealAlias, sealHandle } from '../../src/exports/handle.ts';
import { FsError, MAX_HANDLE_BODY } from '../../src/vfs/index.ts';
import fc from '../properties.ts';

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((value) => Buffer.from(value));
const secrets = bytes(32, 32);
const fsids = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bodies = bytes(0, MAX_HANDLE_BODY);
const isBadHandle = (error: unknown) => error instanceof FsError && error.code === 'BADHANDLE';

test('file handle: what was sealed is opened', () => {
  fc.assert(
    fc.property(secrets, fsids, bodies, (secret, fsid, body) => {
      const opened = openHandle(secret, sealHandle(secret, fsid, body));
      assert.equal(opened.fsid, fsid);
      assert.deepEqual(opened.body, body);
    }),
  );
});

test('file handle: the same on every node that knows the secret', () => {
  fc.assert(
    fc.property(secrets, fsids, bodies, (secret, fsid, body) => {
      assert.deepEqual(sealHandle(secret, fsid, body), sealHandle(Buffer.from(secret), fsid, body));
    }),
  );
});

test('file handle: at most 64 bytes (RFC 1813 §2.4), and 32 for a body of up to 13 (RFC 1094 §2.3.3)', () => {
  const secret = randomBytes(32);
  const fsid = randomBytes(8).readBigUInt64BE();
  for (let length = 0; length <= MAX_HANDLE_BODY; length++) {
    const handle = sealHandle(secret, fsid, randomBytes(length));
    assert.ok(handle.length >= 16 && handle.length <= 64, `${handle.length} bytes for a body of ${length}`);
    if (length <= 13) assert.ok(handle.length <= 32, `${handle.length} bytes for a body of ${length}`);
  }
});

test('file handle: every single bit flip is refused', () => {
  fc.assert(
    fc.property(secrets, fsids, bodies, (secret, fsid, body) => {
      const handle = sealHandle(secret, fsid, body);
      for (let bit = 0; bit < handle.length * 8; bit++) {
        const forged = Buffer.from(handle);
        forged[bit >> 3]! ^= 1 << (bit & 7);
        assert.throws(() => openHandle(secret, forged), isBadHandle, `bit ${bit}`);
      }
    }),
    { numRuns: 10 },
  );
});

test('file handle: cut short, made longer, or of another cluster: refused', () => {
  fc.assert(
    fc.property(secrets, secrets, fsids, bodies, bytes(1, 64), (secret, other, fsid, body, tail) => {
      const handle = sealHandle(secret, fsid, body);
      for (let length = 0; length < handle.length; length++) {
        assert.throws(() => openHandle(secret, handle.subarray(0, length)), isBadHandle);
      }
      const longer = Buffer.concat([handle, tail]);
      if (pad32(handle)?.equals(longer) !== true) assert.throws(() => openHandle(secret, longer), isBadHandle);
      if (!other.equals(secret)) assert.throws(() => openHandle(other, handle), isBadHandle);
    }),
    { numRuns: 20 },
  );
});

test('file handle: filled up to 32 bytes for NFSv2 it opens as itself, and no other fill does (RFC 1094 §2.3.3)', () => {
  fc.assert(
    fc.property(secrets, fsids, bytes(0, 14), (secret, fsid, body) => {
      const handle = sealHandle(secret, fsid, body);
      const padded = pad32(handle);
      assert.equal(padded?.length, 32);
      assert.deepEqual(openHandle(secret, padded), openHandle(secret, handle));
      for (let bit = 0; bit < 32 * 8; bit++) {
        const forged = Buffer.from(padded);
        forged[bit >> 3]! ^= 1 << (bit & 7);
        assert.throws(() => openHandle(secret, forged), isBadHandle, `bit ${bit}`);
      }
      for (let length = 0; length < 32; length++) {
        if (length === handle.length) continue;
        assert.throws(() => openHandle(secret, padded.subarray(0, length)), isBadHandle, `${length} bytes`);
      }
    }),
    { numRuns: 20 },
  );
});

test('file handle: an alias has 32 bytes, is the same on every node, and of one body in one export alone', () => {
  fc.assert(
    fc.property(secrets, fsids, fsids, bytes(15, MAX_HANDLE_BODY), (secret, fsid, otherFsid, body) => {
      assert.equal(pad32(sealHandle(secret, fsid, body)), undefined);
      const { handle, alias } = sealAlias(secret, fsid, body);
      assert.equal(handle.length, 32);
      assert.deepEqual(sealAlias(Buffer.from(secret), fsid, body), { handle, alias });
      assert.deepEqual(openHandle(secret, handle), { fsid, body: alias, isAlias: true });
      assert.notDeepEqual(sealAlias(secret, fsid, Buffer.concat([body, Buffer.of(1)])).alias, alias);
      if (otherFsid !== fsid) assert.notDeepEqual(sealAlias(secret, otherFsid, body).alias, alias);
      for (let bit = 0; bit < 32 * 8; bit++) {
        const forged = Buffer.from(handle);
        forged[bit >> 3]! ^= 1 << (bit & 7);
        assert.throws(() => openHandle(secret, forged), isBadHandle, `bit ${bit}`);
      }
    }),
    { numRuns: 20 },
  );
});

test('file handle: arbitrary bytes are refused with BADHANDLE and nothing else', () => {
  const secret = randomBytes(32);
  fc.assert(
    fc.property(bytes(0, 64), (made) => {
      assert.throws(() => openHandle(secret, made), isBadHandle);
    }),
  );
});

test('file handle: parts of a wrong size are a fault of ours, not a handle', () => {
  const secret = randomBytes(32);
  assert.throws(() => sealHandle(secret, 2n ** 64n, randomBytes(9)), RangeError);
  assert.throws(() => sealHandle(secret, 1n, randomBytes(MAX_HANDLE_BODY + 1)), RangeError);
});
