import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nfs3Program } from '../../../src/nfs/v3/program.ts';
import { noExports } from '../exports.ts';
import { serve } from './harness.ts';

test('NULL: nothing in, nothing out (§3.3.0)', async (t) => {
  const server = await serve(t);
  assert.deepEqual(await server.callBytes('NULL', Buffer.alloc(0)), Buffer.alloc(0));
});

test('NFSv3 program: 22 procedures numbered as in RFC 1813 §3, and what may be run again', () => {
  const { program, version, name, procedures } = nfs3Program(noExports);
  assert.deepEqual([program, version, name], [100003, 3, 'nfs']);
  const names = procedures.map((row) => row.name);
  assert.deepEqual(names, [
    'NULL',
    'GETATTR',
    'SETATTR',
    'LOOKUP',
    'ACCESS',
    'READLINK',
    'READ',
    'WRITE',
    'CREATE',
    'MKDIR',
    'SYMLINK',
    'MKNOD',
    'REMOVE',
    'RMDIR',
    'RENAME',
    'LINK',
    'READDIR',
    'READDIRPLUS',
    'FSSTAT',
    'FSINFO',
    'PATHCONF',
    'COMMIT',
  ]);
  assert.deepEqual(
    procedures.map((row) => row.number),
    names.map((_, number) => number),
  );
  assert.deepEqual(
    procedures.filter((row) => !row.idempotent).map((row) => row.name),
    ['SETATTR', 'CREATE', 'MKDIR', 'SYMLINK', 'MKNOD', 'REMOVE', 'RMDIR', 'RENAME', 'LINK'],
  );
});
