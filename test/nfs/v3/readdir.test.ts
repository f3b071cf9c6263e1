import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_BAD_COOKIE, NFS3ERR_NOTDIR, NFS3ERR_TOOSMALL } from '../../../src/nfs/v3/status.ts';
import { READDIR3args } from '../../../src/nfs/v3/types.ts';
import { XdrWriter } from '../../../src/xdr/index.ts';
import {
  assertAttributes,
  assertFailures,
  assertHandlesRefused,
  assertStatus,
  type Ok,
  type Server,
  serve,
} from './harness.ts';

const ZERO = Buffer.alloc(8);
const argsOf = (dir: Buffer, count = 65_536, cookie = 0n, cookieverf: Buffer = ZERO) => ({
  dir,
  cookie,
  cookieverf,
  count,
});
const namesOf = (result: Ok<'READDIR'>) => result.reply.entries.map(({ name }) => name.toString('latin1'));

async function withFiles(server: Server, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `${i}-${'n'.repeat(i % 40)}`);
  for (const name of names) await writeFile(join(server.folder, name), '');
  return names;
}

/** Lists the exported folder in as many calls as it takes. */
async function listAll(server: Server, count: number): Promise<string[]> {
  const names: string[] = [];
  let cookie = 0n;
  for (;;) {
    const result = await server.ok('READDIR', argsOf(server.root, count, cookie));
    names.push(...namesOf(result));
    if (result.reply.eof) return names;
    cookie = result.reply.entries.at(-1)!.cookie;
  }
}

test('READDIR: every name with its file number, . and .. among them, and the directory’s attributes (§3.3.16)', async (t) => {
  const server = await serve(t);
  const names = await withFiles(server, 20);
  await mkdir(join(server.folder, 'directory'));
  const result = await server.ok('READDIR', argsOf(server.root));
  assert.deepEqual(namesOf(result).sort(), ['.', '..', 'directory', ...names].sort());
  assert.equal(result.reply.eof, true);
  assert.deepEqual(result.cookieverf, ZERO);
  assertAttributes(result.dir_attributes, (await server.ok('GETATTR', { object: server.root })).obj_attributes);
  const entry = result.reply.entries.find(({ name }) => name.toString() === 'directory')!;
  const { obj_attributes } = await server.ok('GETATTR', { object: await server.handle('directory') });
  assert.equal(entry.fileid, (BigInt(obj_attributes.fileidHigh) << 32n) | BigInt(obj_attributes.fileidLow));
});

test('READDIR from cookie to cookie: every name once, whatever the count (§3.3.16)', async (t) => {
  const server = await serve(t);
  const names = await withFiles(server, 60);
  for (const count of [200, 512, 1000, 4096]) {
    assert.deepEqual((await listAll(server, count)).sort(), ['.', '..', ...names].sort(), `count ${count}`);
  }
});

test('READDIR: cookies stay good while names come and go (§3.3.16)', async (t) => {
  const server = await serve(t);
  const names = await withFiles(server, 60);
  const first = await server.ok('READDIR', argsOf(server.root, 1000));
  assert.equal(first.reply.eof, false);
  const seen = new Set(namesOf(first));
  const gone = names.filter((name) => !seen.has(name)).slice(0, 5);
  for (const name of gone) await rm(join(server.folder, name));
  for (const name of [...seen].filter((name) => name !== '.' && name !== '..').slice(0, 5)) {
    await rm(join(server.folder, name));
  }
  const rest = await server.ok('READDIR', argsOf(server.root, 65_536, first.reply.entries.at(-1)!.cookie));
  const expected = names.filter((name) => !seen.has(name) && !gone.includes(name));
  assert.deepEqual(
    namesOf(rest)
      .filter((name) => name !== '.' && name !== '..')
      .sort(),
    expected.sort(),
  );
});

test('READDIR: the result never exceeds count, nor what the transport carries (§3.3.16)', async (t) => {
  const server = await serve(t);
  await withFiles(server, 60);
  const bytesFor = async (count: number) => {
    const writer = new XdrWriter();
    READDIR3args.write(writer, argsOf(server.root, count));
    // count is about READDIR3resok, which stands behind the status.
    return (await server.callBytes('READDIR', writer.toBuffer())).length - 4;
  };
  for (let count = 150; count < 1200; count += 7) {
    const bytes = await bytesFor(count);
    assert.ok(bytes <= count, `${bytes} bytes for a count of ${count}`);
  }
  server.maxData = 500;
  assert.ok((await bytesFor(0xffff_ffff)) <= 500);
});

test('READDIR: count is used up as far as whole entries go (§3.3.16)', async (t) => {
  const server = await serve(t);
  for (let i = 0; i < 9; i++) await writeFile(join(server.folder, `${i}`), '');
  // 104 bytes around the list, and 28 for each entry: every name here takes 4 bytes.
  const result = await server.ok('READDIR', argsOf(server.root, 104 + 5 * 28));
  assert.equal(result.reply.entries.length, 5);
  const less = await server.ok('READDIR', argsOf(server.root, 104 + 5 * 28 - 1));
  assert.equal(less.reply.entries.length, 4);
});

test('READDIR: a count that holds no entry: NFS3ERR_TOOSMALL (§3.3.16)', async (t) => {
  const server = await serve(t);
  for (const count of [0, 103, 104, 131]) {
    assertStatus(await server.call('READDIR', argsOf(server.root, count)), NFS3ERR_TOOSMALL);
  }
  assert.equal((await server.ok('READDIR', argsOf(server.root, 132))).reply.entries.length, 1);
});

test('READDIR behind the last entry: no entries and eof', async (t) => {
  const server = await serve(t);
  const { reply } = await server.ok('READDIR', argsOf(server.root));
  const behind = await server.ok('READDIR', argsOf(server.root, 65_536, reply.entries.at(-1)!.cookie));
  assert.deepEqual(behind.reply, { entries: [], eof: true });
});

test('READDIR: a verifier that was never given: NFS3ERR_BAD_COOKIE; at the start it does not matter (§3.3.16)', async (t) => {
  const server = await serve(t);
  const verifier = Buffer.alloc(8, 1);
  assertStatus(await server.call('READDIR', argsOf(server.root, 4096, 5n, verifier)), NFS3ERR_BAD_COOKIE);
  await server.ok('READDIR', argsOf(server.root, 4096, 0n, verifier));
});

test('READDIR: a cookie that is no position of the kernel’s: NFS3ERR_BAD_COOKIE (§3.3.16)', async (t) => {
  const server = await serve(t);
  assertStatus(await server.call('READDIR', argsOf(server.root, 4096, 2n ** 64n - 1n)), NFS3ERR_BAD_COOKIE);
});

test('READDIR of a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await server.call('READDIR', argsOf(await server.handle('file'))), NFS3ERR_NOTDIR);
});

test('READDIR: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'READDIR', (dir) => argsOf(dir));
});

test('READDIR: what the file system fails with is the status, with the attributes (§3.3.16)', async (t) => {
  const server = await serve(t);
  const { obj_attributes } = await server.ok('GETATTR', { object: server.root });
  const codes = ['IO', 'ACCES', 'BAD_COOKIE', 'JUKEBOX'] as const;
  await assertFailures(server, 'READDIR', argsOf(server.root), 'readdir', codes, (result) =>
    assertAttributes(result.dir_attributes, obj_attributes),
  );
});
