import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nfs2Program } from '../../../src/nfs/v2/program.ts';
import { NFSERR_IO, NFSERR_NOTDIR } from '../../../src/nfs/v2/status.ts';
import { readdirres } from '../../../src/nfs/v2/types.ts';
import { XdrWriter } from '../../../src/xdr/index.ts';
import { assertFailures, assertHandlesRefused, assertStatus, type Ok, type Server, serve } from './harness.ts';

const MANY = 20_000;

const nameOf = ({ name }: { name: Buffer }) => name.toString();

/** All entries from a cookie on, reply by reply. `between` runs after each. */
async function list(server: Server, dir: Buffer, count: number, between: (page: Ok<'READDIR'>) => unknown = () => {}) {
  const entries: Ok<'READDIR'>['entries'] = [];
  for (let cookie = 0; ; ) {
    const page = await server.ok('READDIR', { dir, cookie, count });
    entries.push(...page.entries);
    if (page.eof) return entries;
    cookie = page.entries.at(-1)!.cookie;
    await between(page);
  }
}

test('READDIR: every name once, with its file number, and `.` and `..` (RFC 1094 §2.2.17)', async (t) => {
  const server = await serve(t);
  for (const name of ['a', 'bb', 'ccc']) await writeFile(join(server.folder, name), '');
  await mkdir(join(server.folder, 'dddd'));
  const { entries, eof } = await server.ok('READDIR', { dir: server.root, cookie: 0, count: 8192 });
  assert.ok(eof);
  assert.deepEqual(entries.map(nameOf).sort(), ['.', '..', 'a', 'bb', 'ccc', 'dddd']);
  for (const entry of entries) {
    const { attributes } = await server.ok('LOOKUP', { dir: server.root, name: entry.name });
    assert.equal(entry.fileid, attributes.fileid, nameOf(entry));
  }
});

test('READDIR: no reply is larger than `count`, 8192 and what the transport carries', async (t) => {
  const server = await serve(t);
  for (let i = 0; i < 600; i++) await writeFile(join(server.folder, `${i}`.padStart(30 + (i % 7), 'x')), '');
  const bytesOf = (page: Ok<'READDIR'>) => {
    const writer = new XdrWriter();
    readdirres.write(writer, page);
    return writer.length;
  };
  for (const [count, maxData, most] of [
    [500, 60_000, 500],
    [65_536, 60_000, 8192],
    [65_536, 2000, 2000],
  ] as const) {
    server.maxData = maxData;
    const entries = await list(server, server.root, count, (page) => {
      assert.ok(bytesOf(page) <= most && bytesOf(page) > most - 200, `${bytesOf(page)} of ${most}`);
    });
    assert.equal(new Set(entries.map(nameOf)).size, 602);
    assert.equal(entries.length, 602);
  }
});

test(`READDIR of ${MANY} names: each once, though those listed are removed meanwhile, and servers take turns`, async (t) => {
  const server = await serve(t);
  const folder = join(server.folder, 'many');
  await mkdir(folder);
  const names = Array.from({ length: MANY }, (_, index) => `number ${index}`);
  for (let at = 0; at < MANY; at += 500) {
    await Promise.all(names.slice(at, at + 500).map((name) => writeFile(join(folder, name), '')));
  }
  const dir = await server.handle('many');
  const entries = await list(server, dir, 8192, () => {
    (server.programs as unknown[])[0] = nfs2Program(server.exports);
  });
  assert.equal(entries.length, MANY + 2);
  assert.deepEqual(new Set(entries.map(nameOf)), new Set([...names, '.', '..']));

  const seen: string[] = [];
  await list(server, dir, 8192, async (page) => {
    const removed = page.entries.map(nameOf).filter((name) => name.startsWith('number'));
    seen.push(...removed);
    await Promise.all(removed.map((name) => rm(join(folder, name))));
  });
  assert.equal(new Set(seen).size, seen.length);
  assert.equal((await readdir(folder)).length + seen.length, MANY);
});

test('READDIR from the cookie of any entry: those that follow it', async (t) => {
  const server = await serve(t);
  for (let i = 0; i < 40; i++) await writeFile(join(server.folder, `file ${i}`), '');
  const { entries } = await server.ok('READDIR', { dir: server.root, cookie: 0, count: 8192 });
  for (const [index, { cookie }] of entries.entries()) {
    const page = await server.ok('READDIR', { dir: server.root, cookie, count: 8192 });
    assert.deepEqual(page.entries.map(nameOf), entries.slice(index + 1).map(nameOf));
    assert.ok(page.eof);
  }
});

test('READDIR: a `count` that does not hold one entry: NFSERR_IO', async (t) => {
  const server = await serve(t);
  for (const count of [0, 11, 24]) {
    assertStatus(await server.call('READDIR', { dir: server.root, cookie: 0, count }), NFSERR_IO);
  }
});

test('READDIR of a file: NFSERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const dir = await server.handle('file');
  assertStatus(await server.call('READDIR', { dir, cookie: 0, count: 1000 }), NFSERR_NOTDIR);
});

test('READDIR: handles that name no directory: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'READDIR', (dir) => ({ dir, cookie: 0, count: 1000 }));
});

test('READDIR: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const args = { dir: server.root, cookie: 0, count: 1000 };
  await assertFailures(server, 'READDIR', args, 'readdir', ['IO', 'ACCES', 'STALE', 'BAD_COOKIE']);
});
