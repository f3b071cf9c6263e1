import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeDevice, encodeDevice, fattr } from '../../../src/nfs/v2/attributes.ts';
import { nfs2Program } from '../../../src/nfs/v2/program.ts';
import * as types from '../../../src/nfs/v2/types.ts';
import { type Xdr, XdrError, XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import fc from '../../properties.ts';
import { noExports } from '../exports.ts';
import { bytes, record, word } from '../v3/arbitraries.ts';

const handle = bytes(32, 32);
const name = bytes(0, 300);
const time = record({ seconds: word, useconds: word });
const sattr = record({ mode: word, uid: word, gid: word, size: word, atime: time, mtime: time });
const where = record({ dir: handle, name });
const nothing = fc.constant(undefined);

/** Arguments of each procedure, by its name. */
const ARGUMENTS: { readonly [name: string]: fc.Arbitrary<unknown> } = {
  NULL: nothing,
  GETATTR: record({ file: handle }),
  SETATTR: record({ file: handle, attributes: sattr }),
  ROOT: nothing,
  LOOKUP: where,
  READLINK: record({ file: handle }),
  READ: record({ file: handle, offset: word, count: word, totalcount: word }),
  WRITECACHE: nothing,
  WRITE: record({
    ...{ file: handle, beginoffset: word, offset: word, totalcount: word },
    data: bytes(1, 300).map((data) => [data]),
  }),
  CREATE: record({ where, attributes: sattr }),
  REMOVE: where,
  RENAME: record({ from: where, to: where }),
  LINK: record({ from: handle, to: where }),
  SYMLINK: record({ from: where, to: bytes(0, 2000), attributes: sattr }),
  MKDIR: record({ where, attributes: sattr }),
  RMDIR: where,
  READDIR: record({ dir: handle, cookie: word, count: word }),
  STATFS: record({ file: handle }),
};

function bytesOf<T>(type: Xdr<T>, value: T): Buffer {
  const writer = new XdrWriter();
  type.write(writer, value);
  return writer.toBuffer();
}

function readAll<T>(type: Xdr<T>, from: Buffer): T {
  const reader = new XdrReader(from);
  const value = type.read(reader);
  reader.finish();
  return value;
}

const rows = nfs2Program(noExports).procedures;
for (const row of rows) {
  test(`${row.name} arguments: what was written is read, and cut short or with more behind it XdrError`, () => {
    fc.assert(
      fc.property(ARGUMENTS[row.name]!, fc.nat(), (value, cut) => {
        const whole = bytesOf(row.args, value);
        assert.deepEqual(readAll(row.args, whole), value);
        if (whole.length > 0) {
          assert.throws(() => readAll(row.args, whole.subarray(0, cut % whole.length)), XdrError);
        }
        assert.throws(() => readAll(row.args, Buffer.concat([whole, Buffer.alloc(4)])), XdrError);
      }),
    );
  });

  test(`${row.name} arguments: any bytes are read or refused with XdrError`, () => {
    fc.assert(
      fc.property(bytes(0, 400), (noise) => {
        try {
          readAll(row.args, noise);
        } catch (error) {
          assert.ok(error instanceof XdrError);
        }
      }),
    );
  });
}

test('fattr: 68 bytes, in the order of RFC 1094 §2.3.5', () => {
  const at = (from: number) => ({ seconds: from, useconds: from + 1 });
  const value: fattr = {
    ...{ type: 1, mode: 2, nlink: 3, uid: 4, gid: 5, size: 6, blocksize: 7, rdev: 8, blocks: 9, fsid: 10, fileid: 11 },
    ...{ atime: at(12), mtime: at(14), ctime: at(16) },
  };
  const encoded = bytesOf(fattr, value);
  assert.deepEqual(
    Array.from({ length: encoded.length / 4 }, (_, index) => encoded.readUInt32BE(index * 4)),
    Array.from({ length: 17 }, (_, index) => index + 1),
  );
});

test('diropres: the handle before the attributes; a failed one has nothing (RFC 1094 §2.3.11)', () => {
  const failed = bytesOf(types.diropres, { status: 2 });
  assert.deepEqual([...failed], [0, 0, 0, 2]);
});

test('device numbers: packed and unpacked, as mknod(2) knows them', () => {
  fc.assert(
    fc.property(fc.nat(0xfff), fc.nat(0xf_ffff), (major, minor) => {
      assert.deepEqual(decodeDevice(encodeDevice(major, minor)), { major, minor });
    }),
  );
});
