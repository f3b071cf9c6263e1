import assert from 'node:assert/strict';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Access, type Acl, AclTag, type Caller, FsError, type FsErrorCode } from '../../../src/vfs/index.ts';
import { isRoot, localFixture, MYSELF } from './fixture.ts';

const OWNER: Caller = { uid: 4001, gid: 4001, groups: [], sync: true };
const OTHER: Caller = { uid: 4002, gid: 4002, groups: [], sync: false };
const asRoot = { skip: !isRoot && 'needs root, to act as several users' };

/** The owner may do everything, one user besides what is given, and nobody else anything. */
function aclFor(uid: number, permissions: number): Acl {
  return [
    { tag: AclTag.USER_OBJ, permissions: 7, id: 0 },
    { tag: AclTag.USER, permissions, id: uid },
    { tag: AclTag.GROUP_OBJ, permissions: 0, id: 0 },
    { tag: AclTag.MASK, permissions: 7, id: 0 },
    { tag: AclTag.OTHER, permissions: 0, id: 0 },
  ];
}

function open(t: TestContext) {
  const fixture = localFixture();
  t.after(() => fixture.dispose());
  return fixture;
}

/** A new file of a caller's. */
async function fileOf(t: TestContext, caller: Caller) {
  const { fs, path } = open(t);
  const how = { mode: 'guarded', attributes: { mode: 0o670 } } as const;
  const { inode } = await fs.create(caller, fs.root, Buffer.from('file'), how);
  return { fs, inode, path: join(path, 'file') };
}

async function refuses(work: () => unknown, code: FsErrorCode): Promise<void> {
  await assert.rejects(
    async () => await work(),
    (error) => error instanceof FsError && error.code === code,
  );
}

test('setAcls, acls: an ACL there and back, and taken away', async (t) => {
  const { fs, inode } = await fileOf(t, MYSELF);
  assert.deepEqual((await fs.acls(inode)).acls, { access: undefined, default: undefined });
  const { before, after } = await fs.setAcls(MYSELF, inode, { access: aclFor(4002, 5), default: undefined });
  assert.equal(before?.mode, 0o670);
  assert.equal(after.mode, 0o770);
  const { acls, attributes } = await fs.acls(inode);
  assert.deepEqual(acls, { access: aclFor(4002, 5), default: undefined });
  assert.equal(attributes.mode, 0o770);
  await fs.setAcls(MYSELF, inode, { access: [], default: [] });
  assert.equal((await fs.acls(inode)).acls.access, undefined);
});

test('setAcls: what is not given stays', async (t) => {
  const { fs, path } = open(t);
  mkdirSync(join(path, 'directory'));
  const { inode } = await fs.lookup(MYSELF, fs.root, Buffer.from('directory'));
  await fs.setAcls(MYSELF, inode, { access: aclFor(1, 1), default: aclFor(2, 2) });
  await fs.setAcls(MYSELF, inode, { access: undefined, default: aclFor(3, 3) });
  assert.deepEqual((await fs.acls(inode)).acls, { access: aclFor(1, 1), default: aclFor(3, 3) });
  await fs.setAcls(MYSELF, inode, { access: aclFor(4, 4), default: undefined });
  assert.deepEqual((await fs.acls(inode)).acls, { access: aclFor(4, 4), default: aclFor(3, 3) });
});

test('setAcls takes effect at once, also where neither mode nor time tell of it', asRoot, async (t) => {
  const { fs, inode } = await fileOf(t, OWNER);
  // In a loop, so that the changes share ticks of the kernel's clock.
  for (let round = 0; round < 50; round++) {
    const permissions = round % 2 === 0 ? 4 : 0;
    await fs.setAcls({ ...OWNER, sync: false }, inode, { access: aclFor(OTHER.uid, permissions), default: undefined });
    const { granted } = await fs.access(OTHER, inode, Access.READ);
    assert.equal(granted, permissions === 4 ? Access.READ : 0, `round ${round}`);
  }
});

test('setAcls by who is not the owner: PERM; as the owner, on the kernel’s word alone', asRoot, async (t) => {
  const { fs, inode } = await fileOf(t, OWNER);
  await refuses(() => fs.setAcls(OTHER, inode, { access: aclFor(4002, 7), default: undefined }), 'PERM');
  assert.equal((await fs.acls(inode)).acls.access, undefined);
  await fs.setAcls(OWNER, inode, { access: aclFor(4002, 7), default: undefined });
});

test('An ACL decides over reading and writing, and a directory’s over searching and listing', asRoot, async (t) => {
  const { fs, inode } = await fileOf(t, OWNER);
  await refuses(() => fs.read(OTHER, inode, 0, 1), 'ACCES');
  await fs.setAcls(OWNER, inode, { access: aclFor(OTHER.uid, 4), default: undefined });
  await fs.read(OTHER, inode, 0, 1);
  await refuses(() => fs.write(OTHER, inode, 0, [Buffer.from('x')], 0), 'ACCES');

  const made = await fs.mkdir(OWNER, fs.root, Buffer.from('directory'), { mode: 0o700 });
  const list = () => fs.readdir(OTHER, made.inode, 0n, false, () => true);
  await refuses(list, 'ACCES');
  await fs.setAcls(OWNER, made.inode, { access: aclFor(OTHER.uid, 5), default: undefined });
  await list();
  await refuses(() => fs.lookup(OTHER, made.inode, Buffer.from('nothing')), 'NOENT');
});

test('A default ACL is what new files and directories start with', async (t) => {
  const { fs, path } = open(t);
  mkdirSync(join(path, 'directory'));
  const { inode } = await fs.lookup(MYSELF, fs.root, Buffer.from('directory'));
  await fs.setAcls(MYSELF, inode, { access: undefined, default: aclFor(4002, 5) });
  const how = { mode: 'guarded', attributes: { mode: 0o640 } } as const;
  const file = await fs.create(MYSELF, inode, Buffer.from('file'), how);
  const { access } = (await fs.acls(file.inode)).acls;
  assert.equal(access?.find(({ tag }) => tag === AclTag.USER)?.permissions, 5);
  assert.equal(access?.find(({ tag }) => tag === AclTag.MASK)?.permissions, 4, 'no more than the mode asked for');
  const below = await fs.mkdir(MYSELF, inode, Buffer.from('below'), { mode: 0o755 });
  assert.deepEqual((await fs.acls(below.inode)).acls.default, aclFor(4002, 5));
});

test('setAcls of a default ACL on a file: ACCES; of one that makes no sense: INVAL; nothing changes', async (t) => {
  const { fs, inode, path } = await fileOf(t, MYSELF);
  await refuses(() => fs.setAcls(MYSELF, inode, { access: aclFor(1, 1), default: aclFor(1, 1) }), 'ACCES');
  await refuses(() => fs.setAcls(MYSELF, inode, { access: aclFor(1, 1).slice(1), default: undefined }), 'INVAL');
  const tooMany = Array.from({ length: 10_000 }, () => ({ tag: AclTag.USER, permissions: 0, id: 1 }));
  await refuses(() => fs.setAcls(MYSELF, inode, { access: tooMany, default: undefined }), 'INVAL');
  assert.equal((await fs.acls(inode)).acls.access, undefined);
  assert.equal(statSync(path).mode & 0o777, 0o670);
});

test('A symbolic link has no ACLs and takes none, and what it points at is let alone', async (t) => {
  const { fs, path } = open(t);
  writeFileSync(join(path, 'target'), '', { mode: 0o600 });
  symlinkSync('target', join(path, 'link'));
  const { inode } = await fs.lookup(MYSELF, fs.root, Buffer.from('link'));
  await refuses(() => fs.setAcls(MYSELF, inode, { access: aclFor(1, 7), default: undefined }), 'NOTSUPP');
  assert.deepEqual((await fs.acls(inode)).acls, { access: undefined, default: undefined });
  assert.equal(statSync(join(path, 'target')).mode & 0o777, 0o600);
});

test('quota where the kernel counts nothing: none', async (t) => {
  const { fs } = open(t);
  assert.equal(fs.quota(0, MYSELF.uid), undefined);
  assert.equal(fs.quota(1, MYSELF.gid), undefined);
});
