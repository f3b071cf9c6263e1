import assert from 'node:assert/strict';
import { closeSync, constants, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DescriptorBudget } from '../../../src/vfs/local/descriptors.ts';
import { parseEntries } from '../../../src/vfs/local/directory.ts';
import { codeOf } from '../../../src/vfs/local/errno.ts';
import { statOf } from '../../../src/vfs/local/stat.ts';
import fc from '../../properties.ts';
import { failsWith } from '../support.ts';

test('struct stat is unpacked as Node.js unpacks it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-stat-'));
  try {
    writeFileSync(join(folder, 'f'), 'some bytes');
    for (const path of [folder, join(folder, 'f'), '/dev/null', '/dev/tty', '/']) {
      const fd = openSync(path, constants.O_RDONLY | 0o10000000);
      const ours = statOf(fd);
      const theirs = fstatSync(fd, { bigint: true });
      closeSync(fd);
      assert.equal((BigInt(ours.fileidHigh) << 32n) | BigInt(ours.fileidLow), theirs.ino);
      assert.equal(ours.mode, Number(theirs.mode) & 0o7777);
      assert.deepEqual([ours.nlink, ours.uid, ours.gid], [theirs.nlink, theirs.uid, theirs.gid].map(Number));
      assert.equal(BigInt(ours.size), theirs.size);
      assert.equal(BigInt(ours.used), theirs.blocks * 512n);
      assert.equal(BigInt(ours.mtimeSeconds) * 1_000_000_000n + BigInt(ours.mtimeNanoseconds), theirs.mtimeNs);
      assert.equal(BigInt(ours.ctimeSeconds) * 1_000_000_000n + BigInt(ours.ctimeNanoseconds), theirs.ctimeNs);
      assert.equal((BigInt(ours.rdevMajor) << 8n) | BigInt(ours.rdevMinor), theirs.rdev);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('errno: what passes is JUKEBOX, what is unknown is IO', () => {
  for (const number of [os.errno.EMFILE, os.errno.ENFILE, os.errno.EAGAIN, os.errno.ENOMEM]) {
    assert.equal(codeOf(number), 'JUKEBOX');
  }
  assert.equal(codeOf(os.errno.ETXTBSY), 'ACCES');
  assert.equal(codeOf(os.errno.EOPNOTSUPP), 'NOTSUPP');
  assert.equal(codeOf(os.errno.EDQUOT), 'DQUOT');
  assert.equal(codeOf(0), 'IO');
  assert.equal(codeOf(9999), 'IO');
});

const rawEntry = fc.record({
  name: fc.uint8Array({ minLength: 1, maxLength: 255 }).map((name) => Buffer.from(name.map((byte) => byte || 1))),
  ino: fc.bigInt(0n, 2n ** 64n - 1n),
  next: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  type: fc.nat(15),
});

test('getdents64: every entry comes out as it went in', () => {
  fc.assert(
    fc.property(fc.array(rawEntry, { maxLength: 20 }), (entries) => {
      const records = entries.map(({ name, ino, next, type }) => {
        const record = Buffer.alloc((19 + name.length + 1 + 7) & ~7);
        record.writeBigUInt64LE(ino, 0);
        record.writeBigInt64LE(next, 8);
        record.writeUInt16LE(record.length, 16);
        record[18] = type;
        name.copy(record, 19);
        return record;
      });
      const all = Buffer.concat(records);
      const parsed = parseEntries(Buffer.concat([all, Buffer.alloc(64, 0xff)]), all.length);
      const expected = entries.map(({ name, ino, next, type }) => {
        return { name, key: name.toString('latin1'), ino, next, isDirectory: type === 4 };
      });
      assert.deepEqual(parsed, expected);
    }),
  );
});

test('getdents64: bytes that are no records end with an error, not a loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        for (const entry of parseEntries(Buffer.from(bytes), bytes.length)) assert.ok(entry.name.length <= 255);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});

test('the budget closes what was unused longest, over all file systems; with nothing to close it says JUKEBOX', async () => {
  const budget = new DescriptorBudget(24);
  const closed: string[] = [];
  const keeper = (name: string, ages: number[]) => ({
    oldest: () => ages[0],
    reclaim: () => {
      closed.push(`${name}${ages.shift()}`);
      budget.release();
    },
  });
  budget.add(keeper('a', [1, 4]));
  budget.add(keeper('b', [2, 3]));
  for (let at = 0; at < 24; at += 1) budget.hold();
  assert.equal(budget.plenty, false);
  for (let at = 0; at < 4; at += 1) budget.hold();
  assert.deepEqual(closed, ['a1', 'b2', 'b3', 'a4']);
  await failsWith('JUKEBOX', () => budget.hold());
});
