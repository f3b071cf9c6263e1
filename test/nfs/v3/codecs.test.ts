import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fattr3,
  fattr3Declaration,
  post_op_attr,
  postOpAttrDeclaration,
  wcc_data,
  wccDataDeclaration,
} from '../../../src/nfs/v3/attributes.ts';
import * as byHand from '../../../src/nfs/v3/codecs.ts';
import { nfs3Program } from '../../../src/nfs/v3/program.ts';
import * as declared from '../../../src/nfs/v3/types.ts';
import { type Xdr, XdrError, XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import fc from '../../properties.ts';
import { noExports } from '../exports.ts';
import * as any from './arbitraries.ts';

function bytesOf<T>(type: Xdr<T>, value: T): Buffer {
  const writer = new XdrWriter();
  type.write(writer, value);
  return writer.toBuffer();
}

function readAll<T>(type: Xdr<T>, bytes: Buffer): T {
  const reader = new XdrReader(bytes);
  const value = type.read(reader);
  reader.finish();
  return value;
}

/** The codec written by hand writes and reads the declaration's bytes. */
function sameAsDeclared<T>(hand: Xdr<T>, declaration: Xdr<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = bytesOf(declaration, value);
      assert.deepEqual(bytesOf(hand, value), bytes);
      assert.deepEqual(readAll(hand, bytes), readAll(declaration, bytes));
    }),
  );
}

const status = fc.constantFrom(1 as const, 2 as const, 70 as const, 10001 as const, 10008 as const);
const ok = fc.constant(0 as const);
const postOpAttr = any.maybe(any.attributes);

/** Arguments of each procedure but NULL, by its name. */
const ARGUMENTS: { readonly [name: string]: fc.Arbitrary<unknown> } = {
  GETATTR: any.record({ object: any.handle }),
  SETATTR: any.record({ object: any.handle, new_attributes: any.newAttributes, guard: any.maybe(any.time) }),
  LOOKUP: any.record({ what: any.diropargs }),
  ACCESS: any.record({ object: any.handle, access: any.word }),
  READLINK: any.record({ symlink: any.handle }),
  READ: any.record({ file: any.handle, offset: any.size, count: any.word }),
  WRITE: any.record({
    file: any.handle,
    offset: any.size,
    count: any.word,
    stable: fc.constantFrom(0, 1, 2),
    data: any.bytes(1, 100).map((bytes) => [bytes]),
  }),
  CREATE: any.record({ where: any.diropargs, how: any.how }),
  MKDIR: any.record({ where: any.diropargs, attributes: any.newAttributes }),
  SYMLINK: any.record({
    where: any.diropargs,
    symlink: any.record({ symlink_attributes: any.newAttributes, symlink_data: any.bytes(0, 5000) }),
  }),
  MKNOD: any.record({ where: any.diropargs, what: any.node }),
  REMOVE: any.record({ object: any.diropargs }),
  RMDIR: any.record({ object: any.diropargs }),
  RENAME: any.record({ from: any.diropargs, to: any.diropargs }),
  LINK: any.record({ file: any.handle, link: any.diropargs }),
  READDIR: any.record({ dir: any.handle, cookie: any.hyper, cookieverf: any.verifier, count: any.word }),
  READDIRPLUS: any.record({
    dir: any.handle,
    cookie: any.hyper,
    cookieverf: any.verifier,
    dircount: any.word,
    maxcount: any.word,
  }),
  FSSTAT: any.record({ fsroot: any.handle }),
  FSINFO: any.record({ fsroot: any.handle }),
  PATHCONF: any.record({ object: any.handle }),
  COMMIT: any.record({ file: any.handle, offset: any.size, count: any.word }),
};

const rows = nfs3Program(noExports).procedures.filter(({ name }) => name !== 'NULL');

test('fattr3, post_op_attr and wcc_data by hand: the bytes of their declarations (RFC 1813 §2.6)', () => {
  sameAsDeclared(fattr3, fattr3Declaration, any.attributes);
  sameAsDeclared(post_op_attr, postOpAttrDeclaration, postOpAttr);
  sameAsDeclared(wcc_data, wccDataDeclaration, any.wcc);
});

test('GETATTR3res by hand: the bytes of its declaration', () => {
  const results = fc.oneof(any.record({ status: ok, obj_attributes: any.attributes }), any.record({ status }));
  sameAsDeclared(byHand.GETATTR3res, declared.GETATTR3res, results);
});

test('LOOKUP3res by hand: the bytes of its declaration', () => {
  const results = fc.oneof(
    any.record({ status: ok, object: any.handle, obj_attributes: postOpAttr, dir_attributes: postOpAttr }),
    any.record({ status, dir_attributes: postOpAttr }),
  );
  sameAsDeclared(byHand.LOOKUP3res, declared.LOOKUP3res, results);
});

test('ACCESS3res by hand: the bytes of its declaration', () => {
  const results = fc.oneof(
    any.record({ status: ok, obj_attributes: postOpAttr, access: any.word }),
    any.record({ status, obj_attributes: postOpAttr }),
  );
  sameAsDeclared(byHand.ACCESS3res, declared.ACCESS3res, results);
});

test('READ3res by hand: the bytes of its declaration, with data by copy and by reference', () => {
  const data = fc.oneof(
    any.bytes(0, 70),
    fc.integer({ min: 16_380, max: 16_390 }).map((size) => Buffer.alloc(size, 7)),
  );
  const results = fc.oneof(
    any.record({
      status: ok,
      file_attributes: postOpAttr,
      count: any.word,
      eof: fc.boolean(),
      data: data.map((bytes) => ({ bytes })),
    }),
    any.record({ status, file_attributes: postOpAttr }),
  );
  sameAsDeclared(byHand.READ3res, declared.READ3res, results);
});

test('WRITE3res by hand: the bytes of its declaration', () => {
  const results = fc.oneof(
    any.record({
      status: ok,
      file_wcc: any.wcc,
      count: any.word,
      committed: fc.constantFrom(0 as const, 1 as const, 2 as const),
      verf: any.verifier,
    }),
    any.record({ status, file_wcc: any.wcc }),
  );
  sameAsDeclared(byHand.WRITE3res, declared.WRITE3res, results);
});

test('READDIRPLUS3res by hand: the bytes of its declaration', () => {
  const results = fc.oneof(
    any.record({
      status: ok,
      dir_attributes: postOpAttr,
      cookieverf: any.verifier,
      reply: any.record({ entries: fc.array(any.entryplus, { maxLength: 12 }), eof: fc.boolean() }),
    }),
    any.record({ status, dir_attributes: postOpAttr }),
  );
  sameAsDeclared(byHand.READDIRPLUS3res, declared.READDIRPLUS3res, results);
});

const HAND_READ = ['GETATTR', 'LOOKUP', 'ACCESS', 'READ', 'WRITE'] as const;
const DECLARED_ARGUMENTS: { readonly [Name in (typeof HAND_READ)[number]]: Xdr<unknown> } = {
  GETATTR: declared.GETATTR3args as Xdr<unknown>,
  LOOKUP: declared.LOOKUP3args as Xdr<unknown>,
  ACCESS: declared.ACCESS3args as Xdr<unknown>,
  READ: declared.READ3args as Xdr<unknown>,
  WRITE: declared.WRITE3args as Xdr<unknown>,
};

for (const name of HAND_READ) {
  test(`${name}3args by hand: reads what its declaration reads`, () => {
    const row = rows.find((candidate) => candidate.name === name)!;
    sameAsDeclared<unknown>(row.args, DECLARED_ARGUMENTS[name], ARGUMENTS[name]!);
  });
}

test('WRITE3args: data that comes in several pieces is handed over in pieces, uncopied (§3.3.7)', () => {
  fc.assert(
    fc.property(any.handle, any.bytes(1, 200), fc.nat(200), (file, data, cut) => {
      const bytes = bytesOf(declared.WRITE3args, { file, offset: 0, count: data.length, stable: 0, data: [data] });
      const head = bytes.length - Math.min(cut, data.length);
      const [first, second] = [bytes.subarray(0, head), bytes.subarray(head)];
      const reader = new XdrReader(first, 0, first.length, [second]);
      const read = byHand.WRITE3args.read(reader);
      reader.finish();
      assert.deepEqual(Buffer.concat(read.data), data);
      if (cut <= 3) assert.ok(read.data.every((piece) => piece.buffer === bytes.buffer));
    }),
  );
});

for (const row of rows) {
  test(`${row.name} arguments: what was written is read`, () => {
    fc.assert(
      fc.property(ARGUMENTS[row.name]!, (value) => {
        assert.deepEqual(readAll(row.args, bytesOf(row.args, value)), value);
      }),
    );
  });

  test(`${row.name} arguments: cut short anywhere, XdrError`, () => {
    fc.assert(
      fc.property(
        ARGUMENTS[row.name]!,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (value, part) => {
          const bytes = bytesOf(row.args, value);
          const cut = bytes.subarray(0, Math.floor(bytes.length * part));
          assert.throws(() => readAll(row.args, cut), XdrError);
        },
      ),
    );
  });

  test(`${row.name} arguments: arbitrary bytes are read or are an XdrError, and nothing is made larger than they are`, () => {
    const arbitrary = fc.oneof(
      any.bytes(0, 400),
      // Bytes that begin well and then have a word replaced: most of these are wrong deep inside.
      fc.tuple(ARGUMENTS[row.name]!, fc.nat(100), any.word).map(([value, at, word]) => {
        const bytes = bytesOf(row.args, value);
        bytes.writeUInt32BE(word, Math.min(at * 4, bytes.length - 4));
        return bytes;
      }),
    );
    fc.assert(
      fc.property(arbitrary, (bytes) => {
        try {
          assert.ok(bufferBytes(readAll(row.args, bytes)) <= bytes.length);
        } catch (error) {
          if (!(error instanceof XdrError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
}

/** Bytes in all buffers of a decoded value. */
function bufferBytes(value: unknown): number {
  if (value instanceof Buffer) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + bufferBytes(part), 0);
}

test('nfs_fh3 of more than 64 bytes: XdrError, so GARBAGE_ARGS (§2.4)', () => {
  for (const [length, refused] of [
    [64, false],
    [65, true],
  ] as const) {
    const writer = new XdrWriter();
    writer.opaque(Buffer.alloc(length));
    const read = () => readAll(byHand.GETATTR3args, writer.toBuffer());
    if (refused) assert.throws(read, XdrError);
    else assert.equal(read().object.length, length);
  }
});

test('filename3 of more than 4096 bytes: XdrError, so GARBAGE_ARGS', () => {
  const dir = Buffer.alloc(32);
  const long = bytesOf(declared.LOOKUP3args, { what: { dir, name: Buffer.alloc(4097, 'a') } });
  assert.throws(() => readAll(byHand.LOOKUP3args, long), XdrError);
});

test('nfstime3: times before 1970 and after 2106 are told as the nearest there is, nanoseconds as they are (§2.6)', () => {
  const [value] = fc.sample(any.attributes, 1);
  const early = { ...value!, atimeSeconds: -1, mtimeSeconds: -(2 ** 40), mtimeNanoseconds: 999_999_999 };
  const late = { ...value!, ctimeSeconds: 2 ** 32, ctimeNanoseconds: 1 };
  for (const type of [fattr3, fattr3Declaration]) {
    const first = readAll(type, bytesOf(type, early));
    assert.deepEqual([first.atimeSeconds, first.mtimeSeconds, first.mtimeNanoseconds], [0, 0, 999_999_999]);
    const last = readAll(type, bytesOf(type, late));
    assert.deepEqual([last.ctimeSeconds, last.ctimeNanoseconds], [0xffff_ffff, 1]);
  }
  const wcc = { before: { ...early, ctimeSeconds: 2 ** 40 }, after: undefined };
  assert.deepEqual(bytesOf(wcc_data, wcc), bytesOf(wccDataDeclaration, wcc));
});

test('READ3res: the data’s memory is released once, when the reply is gone (§3.3.6)', () => {
  for (const size of [10, 20_000]) {
    let released = 0;
    const bytes = Buffer.alloc(size, 1);
    const data = { bytes, release: () => void released++ };
    const writer = new XdrWriter();
    byHand.READ3res.write(writer, { status: 0, file_attributes: undefined, count: size, eof: true, data });
    writer.toBuffer();
    assert.equal(released, 1, `${size} bytes`);
  }
});
