import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_BAD_COOKIE, NFS3ERR_NOTDIR, NFS3ERR_TOOSMALL } from '../../../src/nfs/v3/status.ts';
import { READDIRPLUS3args } from '../../../src/nfs/v3/types.ts';
import { XdrWriter } from '../../../src/xdr/index.ts';
import { assertAttributes, assertFailures, assertHandlesRefused, assertStatus, type Server, serve } from './harness.ts';

const ZERO = Buffer.alloc(8);
const argsOf = (dir: Buffer, maxcount = 65_536, dircount = 65_536, cookie = 0n, cookieverf: Buffer = ZERO) => ({
  dir,
  cookie,
  cookieverf,
  dircount,
  maxcount,
});

async function withFiles(server: Server, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `${i}-${'n'.repeat(i % 40)}`);
  for (const name of names) await writeFile(join(server.folder, name), name);
  return names;
}

test('READDIRPLUS: every name with what LOOKUP would tell of it (§3.3.17)', async (t) => {
  const server = await serve(t);
  const names = await withFiles(server, 10);
  await mkdir(join(server.folder, 'directory'));
  const { reply, dir_attributes, cookieverf } = await server.ok('READDIRPLUS', argsOf(server.root));
  assert.deepEqual(reply.entries.map(({ name }) => name.toString()).sort(), ['.', '..', 'directory', ...names].sort());
  assert.deepEqual([reply.eof, cookieverf], [true, ZERO]);
  assertAttributes(dir_attributes, (await server.ok('GETATTR', { object: server.root })).obj_attributes);
  for (const { name, fileid, name_attributes, name_handle } of reply.entries) {
    // What lies above the export's root is not told.
    if (name.toString() === '..') continue;
    const found = await server.ok('LOOKUP', { what: { dir: server.root, name } });
    assert.deepEqual(name_handle, found.object, name.toString());
    assertAttributes(name_attributes, found.obj_attributes!);
    assert.equal(fileid, (BigInt(name_attributes!.fileidHigh) << 32n) | BigInt(name_attributes!.fileidLow));
  }
});

test('READDIRPLUS from cookie to cookie: every name once, whatever the counts (§3.3.17)', async (t) => {
  const server = await serve(t);
  const names = await withFiles(server, 40);
  for (const [maxcount, dircount] of [
    [400, 65_536],
    [1000, 100],
    [4096, 512],
    [4096, 0],
  ] as const) {
    const listed: string[] = [];
    let cookie = 0n;
    for (let eof = false; !eof; ) {
      const { reply } = await server.ok('READDIRPLUS', argsOf(server.root, maxcount, dircount, cookie));
      listed.push(...reply.entries.map(({ name }) => name.toString()));
      cookie = reply.entries.at(-1)?.cookie ?? cookie;
      eof = reply.eof;
    }
    assert.deepEqual(listed.sort(), ['.', '..', ...names].sort(), `maxcount ${maxcount}, dircount ${dircount}`);
  }
});

test('READDIRPLUS: the result never exceeds maxcount, nor what the transport carries (§3.3.17)', async (t) => {
  const server = await serve(t);
  await withFiles(server, 40);
  const bytesFor = async (maxcount: number) => {
    const writer = new XdrWriter();
    READDIRPLUS3args.write(writer, argsOf(server.root, maxcount));
    // maxcount is about READDIRPLUS3resok, which stands behind the status.
    return (await server.callBytes('READDIRPLUS', writer.toBuffer())).length - 4;
  };
  for (let maxcount = 350; maxcount < 3000; maxcount += 37) {
    const bytes = await bytesFor(maxcount);
    assert.ok(bytes <= maxcount, `${bytes} bytes for a maxcount of ${maxcount}`);
  }
  server.maxData = 800;
  assert.ok((await bytesFor(0xffff_ffff)) <= 800);
});

test('READDIRPLUS: names, file numbers and cookies keep within dircount, but one entry is always given (§3.3.17)', async (t) => {
  const server = await serve(t);
  for (let i = 0; i < 9; i++) await writeFile(join(server.folder, `${i}`), '');
  // Every name here takes 4 bytes, so an entry without attributes and handle takes 28.
  for (const [dircount, entries] of [
    [3 * 28, 3],
    [3 * 28 - 1, 2],
    [28, 1],
    [0, 1],
  ] as const) {
    const { reply } = await server.ok('READDIRPLUS', argsOf(server.root, 65_536, dircount));
    assert.equal(reply.entries.length, entries, `dircount ${dircount}`);
  }
});

test('READDIRPLUS: a maxcount that holds no entry: NFS3ERR_TOOSMALL (§3.3.17)', async (t) => {
  const server = await serve(t);
  // 104 bytes around the list, 28 for an entry as in READDIR, 88 for its attributes, at most 72 for its handle.
  for (const maxcount of [0, 103, 104, 104 + 28 + 88 + 72 - 1]) {
    assertStatus(await server.call('READDIRPLUS', argsOf(server.root, maxcount)), NFS3ERR_TOOSMALL);
  }
  const { reply } = await server.ok('READDIRPLUS', argsOf(server.root, 104 + 28 + 88 + 72));
  assert.equal(reply.entries.length, 1);
});

test('READDIRPLUS: an entry that is another export’s root has that one’s fsid and handle', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'mounted'));
  server.mountOther('mounted');
  const { reply } = await server.ok('READDIRPLUS', argsOf(server.root));
  const entry = reply.entries.find(({ name }) => name.toString() === 'mounted')!;
  assert.deepEqual(entry.name_handle, server.otherRoot);
  assert.equal(entry.name_attributes?.fsidLow, 2);
  const itself = reply.entries.find(({ name }) => name.toString() === '.')!;
  assert.deepEqual([itself.name_handle, itself.name_attributes?.fsidLow], [server.root, 1]);
});

test('READDIRPLUS: a verifier that was never given, and a cookie that is no position: NFS3ERR_BAD_COOKIE (§3.3.17)', async (t) => {
  const server = await serve(t);
  const withVerifier = argsOf(server.root, 4096, 4096, 5n, Buffer.alloc(8, 1));
  assertStatus(await server.call('READDIRPLUS', withVerifier), NFS3ERR_BAD_COOKIE);
  const nowhere = argsOf(server.root, 4096, 4096, 2n ** 64n - 1n);
  assertStatus(await server.call('READDIRPLUS', nowhere), NFS3ERR_BAD_COOKIE);
});

test('READDIRPLUS of a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await server.call('READDIRPLUS', argsOf(await server.handle('file'))), NFS3ERR_NOTDIR);
});

test('READDIRPLUS: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'READDIRPLUS', (dir) => argsOf(dir));
});

test('READDIRPLUS: what the file system fails with is the status, with the attributes (§3.3.17)', async (t) => {
  const server = await serve(t);
  const { obj_attributes } = await server.ok('GETATTR', { object: server.root });
  const codes = ['IO', 'ACCES', 'BAD_COOKIE', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'READDIRPLUS', argsOf(server.root), 'readdir', codes, (result) =>
    assertAttributes(result.dir_attributes, obj_attributes),
  );
});
