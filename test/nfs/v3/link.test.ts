import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_NOTDIR, NFS3ERR_XDEV } from '../../../src/nfs/v3/status.ts';
import {
  assertAttributes,
  assertChanged,
  assertFailures,
  assertHandlesRefused,
  assertNamesRefused,
  assertStatus,
  assertUnchanged,
  at,
  type Server,
  serve,
} from './harness.ts';

async function withFile(server: Server) {
  await writeFile(join(server.folder, 'file'), 'hello');
  const file = await server.handle('file');
  const now = async (object: Buffer) => (await server.ok('GETATTR', { object })).obj_attributes;
  return { file, now };
}

test('LINK: another name for the same file, with its attributes, the directory before and after (§3.3.15)', async (t) => {
  const server = await serve(t);
  const { file, now } = await withFile(server);
  const before = await now(server.root);
  const result = await server.ok('LINK', { file, link: at(server.root, 'second') });
  assertChanged(result.linkdir_wcc, before, await now(server.root));
  assertAttributes(result.file_attributes, await now(file));
  assert.equal(result.file_attributes?.nlink, 2);
  assert.deepEqual(await server.handle('second'), file);
});

test('LINK to an existing name, to . and to ..: NFS3ERR_EXIST (§3.3.15)', async (t) => {
  const server = await serve(t);
  const { file, now } = await withFile(server);
  for (const name of ['file', '.', '..']) {
    const result = await server.call('LINK', { file, link: at(server.root, name) });
    assertStatus(result, NFS3ERR_EXIST);
    assertAttributes(result.file_attributes, await now(file));
    assertUnchanged(result.linkdir_wcc, await now(server.root));
  }
});

test('LINK of a directory: NFS3ERR_INVAL (§3.3.15)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  const file = await server.handle('directory');
  assertStatus(await server.call('LINK', { file, link: at(server.root, 'x') }), NFS3ERR_INVAL);
});

test('LINK across exports: NFS3ERR_XDEV (§3.3.15)', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  assertStatus(await server.call('LINK', { file, link: at(server.otherRoot, 'x') }), NFS3ERR_XDEV);
});

test('LINK in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  assertStatus(await server.call('LINK', { file, link: at(file, 'x') }), NFS3ERR_NOTDIR);
});

test('LINK: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  await assertNamesRefused(server, 'LINK', (name) => ({ file, link: at(server.root, name) }));
});

test('LINK: a handle that is none, or whose object is gone, for either: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  await assertHandlesRefused(server, 'LINK', (handle) => ({ file: handle, link: at(server.root, 'x') }));
  await assertHandlesRefused(server, 'LINK', (dir) => ({ file, link: at(dir, 'x') }));
});

test('LINK: what the file system fails with is the status, with both objects’ attributes (§3.3.15)', async (t) => {
  const server = await serve(t);
  const { file, now } = await withFile(server);
  const [fileNow, rootNow] = [await now(file), await now(server.root)];
  const args = { file, link: at(server.root, 'second') };
  const codes = ['PERM', 'IO', 'ACCES', 'MLINK', 'NOSPC', 'ROFS', 'DQUOT', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'LINK', args, 'link', codes, (result) => {
    assertAttributes(result.file_attributes, fileNow);
    assertUnchanged(result.linkdir_wcc, rootNow);
  });
});
