import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_INVAL } from '../../../src/nfs/v3/status.ts';
import { assertAttributes, assertFailures, assertHandlesRefused, assertStatus, serve } from './harness.ts';

test('READLINK: the link’s text as it is, of any bytes (§3.3.5)', async (t) => {
  const server = await serve(t);
  const text = Buffer.concat([Buffer.from('../no/where/'), Buffer.from([0xff, 0x01])]);
  await symlink(text, join(server.folder, 'link'));
  const handle = await server.handle('link');
  const { data, symlink_attributes } = await server.ok('READLINK', { symlink: handle });
  assert.deepEqual(data, text);
  assert.equal(symlink_attributes?.size, text.length);
});

test('READLINK: a text of 4095 bytes', async (t) => {
  const server = await serve(t);
  await symlink('x'.repeat(4095), join(server.folder, 'link'));
  assert.equal((await server.ok('READLINK', { symlink: await server.handle('link') })).data.length, 4095);
});

test('READLINK of what is no symbolic link: NFS3ERR_INVAL (§3.3.5)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  await mkdir(join(server.folder, 'directory'));
  for (const path of ['file', 'directory']) {
    const handle = await server.handle(path);
    const result = await server.call('READLINK', { symlink: handle });
    assertStatus(result, NFS3ERR_INVAL);
    const { obj_attributes } = await server.ok('GETATTR', { object: handle });
    assertAttributes(result.symlink_attributes, obj_attributes);
  }
});

test('READLINK: a handle that is none, or whose link is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'READLINK', (handle) => ({ symlink: handle }));
});

test('READLINK: what the file system fails with is the status, with the attributes (§3.3.5)', async (t) => {
  const server = await serve(t);
  await symlink('x', join(server.folder, 'link'));
  const handle = await server.handle('link');
  const { obj_attributes } = await server.ok('GETATTR', { object: handle });
  const codes = ['IO', 'ACCES', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'READLINK', { symlink: handle }, 'readlink', codes, (result) =>
    assertAttributes(result.symlink_attributes, obj_attributes),
  );
});
