import assert from 'node:assert/strict';
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { aclPrograms } from '../../../src/nfs/acl/program.ts';
import { NFSERR_ACCES, NFSERR_IO, NFSERR_OPNOTSUPP, NFSERR_PERM, NFSERR_STALE } from '../../../src/nfs/v2/status.ts';
import {
  NFS3ERR_ACCES,
  NFS3ERR_BADHANDLE,
  NFS3ERR_INVAL,
  NFS3ERR_NOTSUPP,
  NFS3ERR_PERM,
  NFS3ERR_ROFS,
} from '../../../src/nfs/v3/status.ts';
import { Access, type Acls, AclTag } from '../../../src/vfs/index.ts';
import { MemoryFileSystem } from '../../../src/vfs/memory/index.ts';
import { noExports } from '../exports.ts';
import { Server, serve } from '../v2/harness.ts';
import { aclOf, call, counted, getfacl, ok, triplesOf } from './harness.ts';

const NONE = { count: 0, entries: [] };
const DEFAULT = 0x1000;
/** An ACL with a named user and group, as clients send it: with the owners' numbers, in any order. */
const RICH = [
  [1, 99, 7],
  [4, 98, 5],
  [2, 4002, 6],
  [2, 4001, 4],
  [8, 4003, 1],
  [16, 0, 7],
  [32, 0, 0],
] as const;

const set = (acl: Parameters<typeof counted>[0], inherited?: Parameters<typeof counted>[0]) => ({
  mask: inherited === undefined ? 1 : 5,
  access: counted(acl),
  default: inherited === undefined ? NONE : counted(inherited),
});

async function withFile(server: Server): Promise<{ fh: Buffer; path: string; uid: number; gid: number }> {
  const path = join(server.folder, 'file');
  await writeFile(path, '', { mode: 0o640 });
  const { uid, gid } = await stat(path);
  return { fh: await server.handle('file'), path, uid, gid };
}

test('NFSACL has NULL, GETACL and SETACL in version 3, and GETATTR and ACCESS besides in version 2', async (t) => {
  const tables = aclPrograms(noExports).map(({ program, version, procedures }) => [
    ...[program, version],
    ...procedures.map(({ number, name }) => `${number} ${name}`),
  ]);
  assert.deepEqual(tables, [
    [100227, 2, '0 ACLPROC_NULL', '1 ACLPROC2_GETACL', '2 ACLPROC2_SETACL', '3 ACLPROC2_GETATTR', '4 ACLPROC2_ACCESS'],
    [100227, 3, '0 ACLPROC_NULL', '1 ACLPROC3_GETACL', '2 ACLPROC3_SETACL'],
  ]);
  assert.equal(await call(await serve(t), 'ACLPROC_NULL', undefined), undefined);
});

test('GETACL of a file without an ACL: that of its mode, with owners’ numbers, and the mask that Solaris wants', async (t) => {
  const server = await serve(t);
  const { fh, uid, gid } = await withFile(server);
  const { attr, acl } = await ok(server, 'ACLPROC3_GETACL', { fh, mask: 15 });
  assert.equal(attr?.mode, 0o640);
  assert.equal(acl.mask, 15);
  assert.equal(acl.access.count, 4);
  assert.deepEqual(triplesOf(acl.access), [
    [1, uid, 6],
    [4, gid, 4],
    [16, 0, 4],
    [32, 0, 0],
  ]);
  assert.deepEqual(acl.default, NONE);
});

test('GETACL: what `mask` does not ask for is not told; lengths may be asked for alone', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  const asked = async (mask: number) => {
    const { acl } = await ok(server, 'ACLPROC3_GETACL', { fh, mask });
    return [acl.mask, acl.access.count, acl.access.entries.length, acl.default.count, acl.default.entries.length];
  };
  assert.deepEqual(await asked(0), [0, 0, 0, 0, 0]);
  assert.deepEqual(await asked(2), [2, 4, 0, 0, 0]);
  assert.deepEqual(await asked(1), [1, 4, 4, 0, 0]);
  assert.deepEqual(await asked(12), [12, 0, 0, 0, 0]);
});

test('GETACL: bits of `mask` that mean nothing: NFS3ERR_INVAL, with the attributes', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  const result = await call(server, 'ACLPROC3_GETACL', { fh, mask: 16 });
  assert.equal(result.status, NFS3ERR_INVAL);
  assert.equal(result.attr?.mode, 0o640);
});

test('SETACL: in whatever order it comes, it is stored, enforced by the mode’s group bits, and told in order', async (t) => {
  const server = await serve(t);
  const { fh, path, uid, gid } = await withFile(server);
  const { attr } = await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(RICH) });
  assert.equal(attr?.mode, 0o770, 'the group bits are the mask');
  assert.equal((await stat(path)).mode & 0o777, 0o770);
  const { acl } = await ok(server, 'ACLPROC3_GETACL', { fh, mask: 1 });
  assert.deepEqual(triplesOf(acl.access), [
    [1, uid, 7],
    [2, 4001, 4],
    [2, 4002, 6],
    [4, gid, 5],
    [8, 4003, 1],
    [16, 0, 7],
    [32, 0, 0],
  ]);
  const shown = getfacl(path);
  const expected = [
    'user::rwx',
    'user:4001:r--',
    'user:4002:rw-',
    'group::r-x',
    'group:4003:--x',
    'mask::rwx',
    'other::---',
  ];
  if (shown !== undefined) assert.deepEqual(shown, expected);
});

test('SETACL with a mask that says nothing sets the mode and stores no ACL', async (t) => {
  const server = await serve(t);
  const { fh, path } = await withFile(server);
  await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(RICH) });
  const minimal = [[1, 0, 6] as const, [4, 0, 4] as const, [16, 0, 4] as const, [32, 0, 4] as const];
  await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(minimal) });
  assert.equal((await stat(path)).mode & 0o777, 0o644);
  const { view, inode } = await fileOf(server, fh);
  assert.equal((await view.acls(inode)).acls.access, undefined);
});

test('SETACL: a mask’s superfluous bits are dropped, as Solaris sends them', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  const acl = RICH.map(([type, id, perm]) => [type, id, type === 16 ? perm | 0o70 : perm] as const);
  assert.equal((await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(acl) })).attr?.mode, 0o770);
});

test('SETACL: a directory’s default ACL, marked as such; left out, it is taken away, as Linux does it', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'), { mode: 0o755 });
  const fh = await server.handle('directory');
  const { uid, gid } = await stat(join(server.folder, 'directory'));
  const minimal = [[1, uid, 7] as const, [4, gid, 5] as const, [16, 0, 5] as const, [32, 0, 5] as const];
  const inherited = RICH.map(([type, id, perm]) => [type | DEFAULT, id, perm] as const);
  await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(minimal, inherited) });
  const { acl } = await ok(server, 'ACLPROC3_GETACL', { fh, mask: 15 });
  assert.deepEqual(triplesOf(acl.access), minimal);
  assert.deepEqual(triplesOf(acl.default), [
    [1 | DEFAULT, uid, 7],
    [2 | DEFAULT, 4001, 4],
    [2 | DEFAULT, 4002, 6],
    [4 | DEFAULT, gid, 5],
    [8 | DEFAULT, 4003, 1],
    [16 | DEFAULT, 0, 7],
    [32 | DEFAULT, 0, 0],
  ]);
  await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(minimal) });
  assert.deepEqual((await ok(server, 'ACLPROC3_GETACL', { fh, mask: 15 })).acl.default, NONE);
});

test('SETACL of a default ACL on a file: NFS3ERR_ACCES, and nothing is set', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  const result = await call(server, 'ACLPROC3_SETACL', { fh, acl: set(RICH, RICH) });
  assert.equal(result.status, NFS3ERR_ACCES);
  assert.equal(result.attr?.mode, 0o640);
});

test('SETACL: entries that cannot be, and ACLs that make no sense: NFS3ERR_INVAL', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  const wrong = {
    'an unknown tag': [...RICH, [64, 0, 0] as const],
    'permissions beyond rwx': RICH.map(([type, id, perm]) => [type, id, type === 2 ? 8 : perm] as const),
    'a named user without a mask': RICH.filter(([type]) => type !== 16),
    'two owners': [...RICH, RICH[0]],
  };
  for (const [why, acl] of Object.entries(wrong)) {
    assert.equal((await call(server, 'ACLPROC3_SETACL', { fh, acl: set(acl) })).status, NFS3ERR_INVAL, why);
  }
  const miscounted = { ...set(RICH), access: { ...counted(RICH), count: 6 } };
  assert.equal((await call(server, 'ACLPROC3_SETACL', { fh, acl: miscounted })).status, NFS3ERR_INVAL);
  assert.equal((await call(server, 'ACLPROC3_SETACL', { fh, acl: { ...set(RICH), mask: 17 } })).status, NFS3ERR_INVAL);
  assert.equal((await ok(server, 'ACLPROC3_GETACL', { fh, mask: 2 })).acl.access.count, 4);
});

test('SETACL on storage without ACLs: NFS3ERR_NOTSUPP; GETACL there: that of the mode', async () => {
  const memory = new MemoryFileSystem();
  const server = new Server('', [memory, new MemoryFileSystem()], { uid: 0, gid: 0, groups: [], sync: false });
  const result = await call(server, 'ACLPROC3_SETACL', { fh: server.root, acl: set(RICH) });
  assert.equal(result.status, NFS3ERR_NOTSUPP);
  const { acl } = await ok(server, 'ACLPROC3_GETACL', { fh: server.root, mask: 15 });
  assert.equal(acl.access.count, 4);
  assert.equal((await call(server, 'ACLPROC2_SETACL', { fh: server.root, acl: set(RICH) })).status, NFSERR_OPNOTSUPP);
});

test('A symbolic link has no ACL of its own, and never its target’s', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(RICH) });
  await symlink('file', join(server.folder, 'link'));
  const link = await server.handle('link');
  assert.equal((await ok(server, 'ACLPROC3_GETACL', { fh: link, mask: 1 })).acl.access.count, 4);
  assert.equal((await call(server, 'ACLPROC3_SETACL', { fh: link, acl: set(RICH) })).status, NFS3ERR_NOTSUPP);
});

test('GETACL and SETACL: forged handles are NFS3ERR_BADHANDLE; failures are told by their status', async (t) => {
  const server = await serve(t);
  const fh = Buffer.alloc(40, 1);
  assert.equal((await call(server, 'ACLPROC3_GETACL', { fh, mask: 1 })).status, NFS3ERR_BADHANDLE);
  assert.equal((await call(server, 'ACLPROC3_SETACL', { fh, acl: set(RICH) })).status, NFS3ERR_BADHANDLE);
  for (const [code, status] of [['PERM', NFS3ERR_PERM] as const, ['ROFS', NFS3ERR_ROFS] as const]) {
    server.fail('setAcls', code);
    server.fail('acls', code);
    assert.equal((await call(server, 'ACLPROC3_SETACL', { fh: server.root, acl: set(RICH) })).status, status);
    assert.equal((await call(server, 'ACLPROC3_GETACL', { fh: server.root, mask: 1 })).status, status);
  }
});

test('Version 2: GETACL, SETACL, GETATTR and ACCESS, on 32-byte handles, with NFSv2’s attributes', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  assert.equal((await ok(server, 'ACLPROC2_SETACL', { fh, acl: set(RICH) })).attributes.mode, 0o100770);
  const { attr, acl } = await ok(server, 'ACLPROC2_GETACL', { fh, mask: 3 });
  assert.equal(attr.mode, 0o100770);
  assert.equal(acl.access.count, 7);
  assert.deepEqual((await ok(server, 'ACLPROC2_GETATTR', { file: fh })).attributes, attr);
  const access = await ok(server, 'ACLPROC2_ACCESS', { fh, access: 0xffff_ffff });
  assert.equal(access.access & Access.READ, Access.READ);
  assert.equal(access.access & ~0x3f, 0);
});

test('Version 2: what fails has NFSv2’s statuses, and nothing else', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  const forged = Buffer.alloc(32, 1);
  assert.deepEqual(await call(server, 'ACLPROC2_GETACL', { fh: forged, mask: 1 }), { status: NFSERR_STALE });
  assert.deepEqual(await call(server, 'ACLPROC2_GETACL', { fh, mask: 16 }), { status: NFSERR_IO });
  assert.deepEqual(await call(server, 'ACLPROC2_SETACL', { fh, acl: set(RICH, RICH) }), { status: NFSERR_ACCES });
  server.fail('attributes', 'IO');
  server.fail('access', 'IO');
  server.fail('setAcls', 'PERM');
  assert.deepEqual(await call(server, 'ACLPROC2_GETATTR', { file: fh }), { status: NFSERR_IO });
  assert.deepEqual(await call(server, 'ACLPROC2_ACCESS', { fh, access: 1 }), { status: NFSERR_IO });
  assert.deepEqual(await call(server, 'ACLPROC2_SETACL', { fh, acl: set(RICH) }), { status: NFSERR_PERM });
});

test('What SETACL hands on: named entries with their numbers, the others without', async (t) => {
  const server = await serve(t);
  const { fh } = await withFile(server);
  let given: Acls | undefined;
  const { fileSystem } = server.views[0];
  server.views[0].setAcls = async (inode, acls) => {
    given = acls;
    const now = await fileSystem.attributes(inode);
    return { before: now, after: now };
  };
  await ok(server, 'ACLPROC3_SETACL', { fh, acl: set(RICH) });
  const { USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER } = AclTag;
  assert.deepEqual(given, {
    access: aclOf(
      ...[[USER_OBJ, 0, 7] as const, [USER, 4001, 4] as const, [USER, 4002, 6] as const, [GROUP_OBJ, 0, 5] as const],
      ...[[GROUP, 4003, 1] as const, [MASK, 0, 7] as const, [OTHER, 0, 0] as const],
    ),
    default: [],
  });
  await ok(server, 'ACLPROC3_SETACL', { fh, acl: { mask: 0, access: counted(RICH), default: NONE } });
  assert.deepEqual(given, { access: undefined, default: [] });
});

function fileOf(server: Server, handle: Buffer) {
  return server.exports.file(handle, undefined as never);
}
