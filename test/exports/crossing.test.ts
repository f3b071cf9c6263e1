import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { File, FoundFile } from '../../src/exports/index.ts';
import { FsError } from '../../src/vfs/index.ts';
import { callFrom, callOf, peerAt, unix } from './fakes.ts';
import { bodyOf, CLIENT, handleAt, Lab, mount, refuses, reload } from './lab.ts';

const TREES = {
  '/srv': ['a/beneath', 'deep/b/', 'plain/'],
  '/srv/a': ['file', 'c/'],
  '/srv/a/c': ['innermost'],
  '/srv/deep/b': ['file'],
};

/** /srv with file systems mounted at a, at deep/b, and at c within a. */
function labWithMounts(): Lab {
  const lab = new Lab(TREES);
  for (const path of ['/srv', '/srv/a', '/srv/deep/b', '/srv/a/c']) lab.mounts.mount(path);
  return lab;
}

async function lookup({ view, inode }: File, ...names: string[]): Promise<FoundFile> {
  const [name, ...rest] = names;
  const found = await view.lookup(inode, Buffer.from(name!));
  return rest.length === 0 ? found : lookup(found, ...rest);
}

async function crossedTable(t: TestContext, options = 'rw,crossmnt') {
  const lab = labWithMounts();
  const table = await lab.serve(t, `/srv *(${options})`);
  return { lab, table, root: await mount(table, '/srv') };
}

test('crossmnt: LOOKUP of a mount point gives the root of what is mounted there', async (t) => {
  const { lab, root } = await crossedTable(t);
  const found = await lookup(root, 'a');
  assert.equal(found.inode, lab.last('/srv/a').root);
  assert.equal(found.view.fileSystem, lab.last('/srv/a'));
  assert.equal(found.directory.size, 0, "the directory's attributes are those of the parent");
  assert.notDeepEqual([found.view.fsidHigh, found.view.fsidLow], [root.view.fsidHigh, root.view.fsidLow]);
  assert.equal(bodyOf((await lookup(root, 'a', 'file')).inode), 'file');
  assert.equal(bodyOf((await lookup(root, 'deep', 'b', 'file')).inode), 'file');
  assert.equal((await lookup(root, 'a', 'c', 'innermost')).view.fileSystem, lab.last('/srv/a/c'));
  assert.equal((await lookup(root, 'plain')).view, root.view);
});

test('crossmnt: options are inherited, and one caller has one view of each file system', async (t) => {
  const { table } = await crossedTable(t, 'ro,async,crossmnt,all_squash,anonuid=5');
  const call = callOf(peerAt(CLIENT), unix(1000));
  const root = await mount(table, '/srv', call);
  const found = await lookup(root, 'a');
  assert.deepEqual([found.view.readOnly, found.view.caller.uid, found.view.caller.sync], [true, 5, false]);
  assert.equal((await lookup(root, 'a')).view, found.view);
  assert.equal((await table.file(table.handleOf(found.view, found.inode), call)).view, found.view);
});

test('crossmnt: .. of a mounted root is the directory that holds it; .. of the outermost root is itself', async (t) => {
  const { root } = await crossedTable(t);
  const upFromA = await lookup(root, 'a', '..');
  assert.deepEqual([upFromA.view, upFromA.inode], [root.view, root.inode]);
  const upFromB = await lookup(root, 'deep', 'b', '..');
  assert.deepEqual([upFromB.view, bodyOf(upFromB.inode)], [root.view, 'deep']);
  assert.equal((await lookup(root, '..')).inode, root.inode);
  assert.equal(bodyOf((await lookup(root, 'deep', '..')).inode), '');
});

test('crossmnt: READDIRPLUS names the mounted root and its view; READDIR stays as it is', async (t) => {
  const { root, lab } = await crossedTable(t);
  const listed = await root.view.readdir(root.inode, 0n, true, () => true);
  const entry = listed.entries.find(({ name }) => name.toString() === 'a');
  assert.equal(entry?.inode, lab.last('/srv/a').root);
  assert.equal(entry?.view?.fileSystem, lab.last('/srv/a'));
  assert.equal(entry?.attributes?.size, 0);
  assert.equal(entry?.cookie, 1n, "the parent's own cookie");
  assert.deepEqual(
    listed.entries.map(({ name, view }) => [name.toString(), view === undefined]),
    [
      ['a', false],
      ['deep', true],
      ['plain', true],
    ],
  );
  const bare = await root.view.readdir(root.inode, 0n, false, () => true);
  assert.ok(bare.entries.every((each) => each.view === undefined && each.inode === undefined));
});

test('crossmnt: READDIRPLUS goes on without what cannot be had', async (t) => {
  const { root, lab } = await crossedTable(t);
  lab.last('/srv/a').attributes = () => {
    throw new FsError('IO', 'attributes');
  };
  const { entries } = await root.view.readdir(root.inode, 0n, true, () => true);
  const entry = entries.find(({ name }) => name.toString() === 'a');
  assert.deepEqual([entry?.inode, entry?.attributes], [undefined, undefined]);
  assert.equal(entries.length, 3);
});

test('crossmnt: a caller that may not search the directory does not cross', async (t) => {
  const { root, lab } = await crossedTable(t);
  lab.last('/srv').access = (_caller, inode) => ({ granted: 0, attributes: lab.last('/srv').attributes(inode) });
  await refuses(() => lookup(root, 'a'), 'ACCES');
});

test('a mount point is not removed or renamed: ACCES, as knfsd', async (t) => {
  const { root } = await crossedTable(t);
  const { view, inode } = root;
  const [a, x] = [Buffer.from('a'), Buffer.from('x')];
  await refuses(() => view.rmdir(inode, a), 'ACCES');
  await refuses(() => view.remove(inode, a), 'ACCES');
  await refuses(() => view.rename(inode, a, inode, x), 'ACCES');
  await refuses(() => view.rename(inode, x, inode, a), 'ACCES');
  assert.ok(await view.rename(inode, x, inode, x));
});

test('crossmnt: MNT goes to what is mounted, also below it; EXPORT does not list it', async (t) => {
  const { table, lab } = await crossedTable(t);
  assert.equal((await mount(table, '/srv/deep/b')).inode, lab.last('/srv/deep/b').root);
  assert.equal((await mount(table, '/srv/a/c')).view.fileSystem, lab.last('/srv/a/c'));
  assert.deepEqual(table.list(), [{ path: '/srv', hosts: [] }]);
});

test('crossmnt: handles below a mount hold after a restart, before anybody looked there again', async (t) => {
  const lab = labWithMounts();
  const first = await lab.serve(t, '/srv *(rw,crossmnt)');
  const found = await lookup(await mount(first, '/srv'), 'a', 'file');
  const handle = Buffer.from(first.handleOf(found.view, found.inode));
  await first.close();
  const second = await lab.serve(t, '/srv *(rw,crossmnt)');
  const file = await second.file(handle, callFrom(CLIENT));
  assert.deepEqual([bodyOf(file.inode), file.view.fileSystem], ['file', lab.last('/srv/a')]);
});

test('without crossmnt and nohide the directory beneath a mount is seen, as exports(5) says', async (t) => {
  const { lab, root } = await crossedTable(t, 'rw');
  assert.equal(bodyOf((await lookup(root, 'a', 'beneath')).inode), 'a/beneath');
  assert.deepEqual(
    lab.opened.map(({ path }) => path),
    ['/srv'],
  );
});

test('nohide on a mounted export makes it seen from the one above, without crossmnt there', async (t) => {
  const lab = labWithMounts();
  const table = await lab.serve(t, '/srv *(rw)\n/srv/a *(ro,nohide)\n/srv/deep/b *(ro)');
  const root = await mount(table, '/srv');
  const found = await lookup(root, 'a');
  assert.deepEqual([found.view.fileSystem, found.view.readOnly], [lab.last('/srv/a'), true]);
  assert.equal((await lookup(found, '..')).view, root.view);
  assert.equal((await lookup(root, 'deep', 'b')).view, root.view, 'its own line, but hidden');
});

test('crossmnt: a mounted file system with its own line goes by that line, fsid and all', async (t) => {
  const lab = labWithMounts();
  const table = await lab.serve(t, '/srv *(rw,crossmnt)\n/srv/a 10.0.0.0/8(ro,fsid=9)');
  const found = await lookup(await mount(table, '/srv'), 'a');
  assert.deepEqual([found.view.readOnly, found.view.fsidLow], [true, 9]);
  const stranger = await mount(table, '/srv', callFrom('192.0.2.1'));
  assert.equal((await lookup(stranger, 'a')).view, stranger.view, 'not for this client: it stays outside');
  const listed = await stranger.view.readdir(stranger.inode, 0n, true, () => true);
  assert.ok(listed.entries.every(({ view }) => view === undefined));
});

test('crossmnt for some hosts only: the others stay outside', async (t) => {
  const lab = labWithMounts();
  const table = await lab.serve(t, '/srv 10.0.0.0/8(rw,crossmnt) *(ro)');
  assert.equal((await lookup(await mount(table, '/srv'), 'a')).view.fileSystem, lab.last('/srv/a'));
  const stranger = await mount(table, '/srv', callFrom('192.0.2.1'));
  assert.equal((await lookup(stranger, 'a')).view, stranger.view);
});

test('crossmnt: what is mounted later is served at the next mount, what is unmounted is closed', async (t) => {
  const lab = new Lab(TREES);
  lab.mounts.mount('/srv');
  const table = await lab.serve(t, '/srv *(rw,crossmnt)');
  const root = await mount(table, '/srv');
  assert.equal((await lookup(root, 'a')).view, root.view);
  lab.mounts.mount('/srv/a');
  await mount(table, '/srv');
  const found = await lookup(root, 'a');
  assert.equal(found.inode, lab.last('/srv/a').root);
  const handle = Buffer.from(table.handleOf(found.view, found.inode));
  lab.mounts.unmount('/srv/a');
  await mount(table, '/srv');
  assert.equal(lab.last('/srv/a').closed, true);
  assert.equal((await lookup(root, 'a')).view, root.view);
  await refuses(() => table.file(handle, callFrom(CLIENT)), 'STALE');
});

test('crossmnt: the mount table is also looked at as time goes', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const lab = new Lab(TREES);
  const table = await lab.serve(t, '/srv *(rw,crossmnt)');
  const root = await mount(table, '/srv');
  lab.mounts.mount('/srv/a');
  t.mock.timers.tick(5000);
  await new Promise(setImmediate);
  assert.equal((await lookup(root, 'a')).inode, lab.last('/srv/a').root);
});

test('crossmnt: kernel interfaces and what cannot be served are passed over, and said once', async (t) => {
  const lab = new Lab({ ...TREES, '/srv': [...TREES['/srv'], 'proc/', 'bad/'] });
  lab.mounts.mount('/srv/proc', 'proc');
  lab.mounts.mount('/srv/bad');
  const table = await lab.serve(t, '/srv *(rw,crossmnt)');
  const root = await mount(table, '/srv');
  for (const name of ['proc', 'bad']) assert.equal((await lookup(root, name)).view, root.view);
  lab.mounts.mount('/elsewhere');
  await mount(table, '/srv');
  const warnings = lab.log.lines.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warnings.map(({ details }) => details),
    [{ path: '/srv/bad', reason: 'no such directory' }],
  );
});

test('reload to crossmnt and back: handles of the parent hold all the while', async (t) => {
  const lab = labWithMounts();
  const table = await lab.serve(t, '/srv *(rw)');
  const handle = await handleAt(table, '/srv/plain');
  await reload(table, '/srv *(rw,crossmnt)');
  const root = await mount(table, '/srv');
  assert.equal((await lookup(root, 'a')).inode, lab.last('/srv/a').root);
  await reload(table, '/srv *(rw)');
  assert.equal(lab.last('/srv/a').closed, true);
  assert.equal(bodyOf((await table.file(handle, callFrom(CLIENT))).inode), 'plain');
  assert.equal(lab.opened.filter(({ path }) => path === '/srv').length, 1);
});
