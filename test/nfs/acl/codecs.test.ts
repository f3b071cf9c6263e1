import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclsOf, secattrOf } from '../../../src/nfs/acl/convert.ts';
import { aclPrograms } from '../../../src/nfs/acl/program.ts';
import { secattr } from '../../../src/nfs/acl/types.ts';
import { type Acl, AclTag, type Attributes } from '../../../src/vfs/index.ts';
import { type Xdr, XdrError, XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import fc from '../../properties.ts';
import { noExports } from '../exports.ts';
import { bytes, record, word } from '../v3/arbitraries.ts';

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

const entries = fc.array(record({ type: word, id: word, perm: word }), { maxLength: 40 });
const counted = record({ count: word, entries });
const attributes: fc.Arbitrary<secattr> = record({ mask: word, access: counted, default: counted });

test('secattr: what was written is read; cut short anywhere it is refused', () => {
  fc.assert(
    fc.property(attributes, fc.nat(), (value, cut) => {
      const whole = bytesOf(secattr, value);
      assert.deepEqual(readAll(secattr, whole), value);
      assert.throws(() => readAll(secattr, whole.subarray(0, cut % whole.length)), XdrError);
    }),
  );
});

test('secattr: the bytes that Linux sends for a file of mode 640 owned by 5:6', () => {
  const owner = { mode: 0o640, uid: 5, gid: 6 } as Attributes;
  const encoded = bytesOf(secattr, secattrOf({ access: undefined, default: undefined }, owner, 15));
  const words = Array.from({ length: encoded.length / 4 }, (_, at) => encoded.readUInt32BE(at * 4));
  assert.deepEqual(words, [15, 4, 4, 1, 5, 6, 4, 6, 4, 16, 0, 4, 32, 0, 0, 0, 0]);
});

test('secattr: more than 1024 entries are refused before memory is taken for them', () => {
  const head = bytesOf(secattr, { mask: 1, access: { count: 0, entries: [] }, default: { count: 0, entries: [] } });
  head.writeUInt32BE(1025, 8);
  assert.throws(() => readAll(secattr, head), XdrError);
});

test('An ACL goes to the wire and back, whoever owns the file', () => {
  const permissions = fc.nat(7);
  const ids = fc.uniqueArray(fc.nat(0xffff_fffe), { maxLength: 10 }).map((list) => list.sort((a, b) => a - b));
  const acls = fc.tuple(ids, ids, fc.infiniteStream(permissions)).map(([users, groups, random]): Acl => {
    const entry = (tag: AclTag, id = 0) => ({ tag, id, permissions: random.next().value as number });
    const named = users.length + groups.length > 0;
    return [
      ...[entry(AclTag.USER_OBJ), ...users.map((id) => entry(AclTag.USER, id)), entry(AclTag.GROUP_OBJ)],
      ...groups.map((id) => entry(AclTag.GROUP, id)),
      ...(named ? [entry(AclTag.MASK)] : []),
      entry(AclTag.OTHER),
    ];
  });
  fc.assert(
    fc.property(acls, acls, word, word, (access, inherited, uid, gid) => {
      const owner = { mode: 0, uid, gid } as Attributes;
      const sent = readAll(secattr, bytesOf(secattr, secattrOf({ access, default: inherited }, owner, 15)));
      assert.deepEqual(aclsOf(sent), { access, default: inherited });
      const shuffled = { ...sent, access: { ...sent.access, entries: sent.access.entries.toReversed() } };
      assert.deepEqual(aclsOf(shuffled).access, access);
    }),
  );
});

for (const { version, procedures } of aclPrograms(noExports)) {
  for (const { name, args } of procedures) {
    test(`${name} of version ${version}: any bytes are read or refused with XdrError`, () => {
      fc.assert(
        fc.property(bytes(0, 200), (noise) => {
          try {
            readAll(args, noise);
          } catch (error) {
            assert.ok(error instanceof XdrError);
          }
        }),
      );
    });
  }
}
