import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExportsError, type ExportTableOptions, parseExports, type View } from '../../src/exports/index.ts';
import type { Call } from '../../src/rpc/index.ts';
import type { Inode } from '../../src/vfs/index.ts';
import { callFrom, callOf, peerAt, unix } from './fakes.ts';
import { bodyOf, CLIENT, handleAt, Lab, mount, refuses, reload } from './lab.ts';

test('a handle leads back to its file, at once and without looking again once it is known', async (t) => {
  const lab = new Lab({ '/srv': ['a/b/'] });
  const table = await lab.serve(t, '/srv *(rw)');
  const handle = await handleAt(table, '/srv/a/b');
  const call = callFrom(CLIENT);
  assert.equal(bodyOf((await table.file(handle, call)).inode), 'a/b');
  const resolved = lab.last('/srv').calls.length;
  const first = table.file(Buffer.from(handle), call);
  assert.equal(first instanceof Promise, false);
  assert.equal(
    table.file(Buffer.from(handle), call),
    first,
    'nothing is made for a handle and a caller that are known',
  );
  assert.equal(lab.last('/srv').calls.length, resolved);
});

test('a file that was let go is resolved again from its handle', async (t) => {
  const lab = new Lab({ '/srv': ['a'] });
  const table = await lab.serve(t, '/srv *(rw)');
  const { view } = await mount(table, '/srv');
  const inode = lab.last('/srv').at('a');
  const handle = Buffer.from(table.handleOf(view, inode));
  await table.file(handle, callFrom(CLIENT));
  inode.closed = true;
  assert.equal((await table.file(handle, callFrom(CLIENT))).inode.closed, false);
  assert.equal(lab.last('/srv').calls.filter(({ operation }) => operation === 'resolve').length, 2);
});

test('forged, cut and foreign handles: BADHANDLE; one whose export or file is gone: STALE', async (t) => {
  const lab = new Lab({ '/srv': ['a/'], '/old': [] });
  const table = await lab.serve(t, '/srv *(rw)\n/old *(rw)');
  const handle = await handleAt(table, '/srv/a');
  const old = await handleAt(table, '/old');
  const call = callFrom(CLIENT);
  await table.file(handle, call);
  for (let bit = 0; bit < handle.length * 8; bit++) {
    const forged = Buffer.from(handle);
    forged[bit >> 3]! ^= 1 << (bit & 7);
    await refuses(() => table.file(forged, call), 'BADHANDLE', `bit ${bit}`);
  }
  for (let length = 0; length < handle.length; length++) {
    await refuses(() => table.file(handle.subarray(0, length), call), 'BADHANDLE', `${length} bytes`);
  }
  const stranger = await new Lab({ '/srv': ['a/'] }).serve(t, '/srv *(rw)');
  await refuses(() => stranger.file(handle, call), 'BADHANDLE');
  await reload(table, '/srv *(rw)');
  await refuses(() => table.file(old, call), 'STALE');
  const { view } = await mount(table, '/srv');
  const gone: Inode = { ...lab.last('/srv').at('a'), body: Buffer.from('gone'), handle: undefined };
  await refuses(() => table.file(table.handleOf(view, gone), call), 'STALE');
});

test('MNT that is refused says whether it is the path, the client or its port, and leaves the log to its caller', async (t) => {
  const lab = new Lab({ '/srv': [] });
  const table = await lab.serve(t, '/srv 10.0.0.0/8(rw)');
  const lines = lab.log.lines.length;
  const why = async (path: string, call = callFrom(CLIENT)) =>
    await mount(table, path, call).then(
      () => 'mounted',
      (error: unknown) => String(error),
    );
  assert.equal(await why('/else'), 'no export has this path: ACCES');
  assert.equal(await why('/srv/../srv'), 'no export has such a path: ACCES');
  assert.equal(await why('/srv', callFrom('192.0.2.1')), 'the client is not in the exports: ACCES');
  assert.equal(
    await why('/srv', callFrom(CLIENT, 1000, 1024)),
    'the export says secure and the port is above 1023: ACCES',
  );
  assert.equal(lab.log.lines.length, lines);
});

test('a handle in a buffer that is used again stays what it was', async (t) => {
  const lab = new Lab({ '/srv': ['a/', 'b/'] });
  const table = await lab.serve(t, '/srv *(rw)');
  const [a, b] = [await handleAt(table, '/srv/a'), await handleAt(table, '/srv/b')];
  const received = Buffer.from(a);
  await table.file(received, callFrom(CLIENT));
  received.set(b);
  assert.equal(bodyOf((await table.file(received, callFrom(CLIENT))).inode), 'b');
  assert.equal(bodyOf((await table.file(a, callFrom(CLIENT))).inode), 'a');
});

test('a client that the export is not for: ACCES; a port above 1023 where it says secure: PERM', async (t) => {
  const lab = new Lab({ '/srv': [], '/open': [] });
  const table = await lab.serve(t, '/srv 10.0.0.0/8(rw)\n/open *(insecure)');
  const handle = await handleAt(table, '/srv');
  await refuses(() => table.file(handle, callFrom('192.0.2.1')), 'ACCES');
  await refuses(() => table.file(handle, callFrom(CLIENT, 1000, 1024)), 'PERM');
  assert.ok(await table.file(handle, callFrom(CLIENT, 1000, 1023)));
  await refuses(() => mount(table, '/srv', callFrom('192.0.2.1')), 'ACCES');
  await refuses(() => mount(table, '/srv', callFrom(CLIENT, 1000, 1024)), 'ACCES');
  assert.ok(await table.file(await handleAt(table, '/open', callFrom(CLIENT, 0, 50_000)), callFrom(CLIENT, 0, 50_000)));
});

test('views: one for a credential of a connection; another caller, connection or export has its own', async (t) => {
  const lab = new Lab({ '/srv': ['a/'], '/other': [] });
  const table = await lab.serve(t, '/srv *(rw)\n/other *(rw)');
  const [a, b] = [await handleAt(table, '/srv'), await handleAt(table, '/srv/a')];
  const other = await handleAt(table, '/other');
  const [peer, user] = [peerAt(CLIENT), unix(1000)];
  const viewOf = async (handle: Buffer, call: Call) => (await table.file(handle, call)).view;
  const view = await viewOf(a, callOf(peer, user));
  assert.equal(await viewOf(b, callOf(peer, user)), view);
  assert.equal(await viewOf(b, { ...callOf(peer, user), xid: 2 }), view);
  assert.notEqual(await viewOf(a, callOf(peer, unix(1000))), view);
  assert.notEqual(await viewOf(a, callOf(peerAt(CLIENT), user)), view);
  assert.notEqual(await viewOf(other, callOf(peer, user)), view);
  assert.equal((await viewOf(a, callOf(peer, unix(0)))).caller.uid, 65534);
});

test("fsid= is the handle's and the view's; without one it is what the state keeps for the path", async (t) => {
  const lab = new Lab({ '/a': [], '/b': [] });
  const table = await lab.serve(t, '/a *(fsid=7)\n/b *');
  const fsidOf = ({ fsidHigh, fsidLow }: View) => (BigInt(fsidHigh) << 32n) | BigInt(fsidLow);
  const a = await mount(table, '/a');
  assert.equal(fsidOf(a.view), 7n);
  assert.equal(fsidOf((await mount(table, '/b')).view), lab.fsids.get('/b'));
  assert.equal(lab.fsids.has('/a'), false);
  assert.equal(table.handleOf(a.view, a.inode).readBigUInt64BE(2), 7n);
});

test('handles are the same bytes on another node and after a restart', async (t) => {
  const lab = new Lab({ '/srv': ['a/'] });
  const first = await lab.serve(t, '/srv *(rw)');
  const handle = await handleAt(first, '/srv/a');
  await first.close();
  const second = await lab.serve(t, '/srv *(rw)');
  assert.equal(bodyOf((await second.file(handle, callFrom(CLIENT))).inode), 'a');
  assert.deepEqual(await handleAt(second, '/srv/a'), handle);
});

test('MNT: the longest export that the client may use; the rest of the path is walked as the server', async (t) => {
  const lab = new Lab({ '/srv': ['a/b/c/'], '/srv/a': ['b/c/'] });
  const table = await lab.serve(t, '/srv *(rw)\n/srv/a 10.0.0.0/8(ro)');
  const near = await mount(table, '/srv/a/b/c', callFrom(CLIENT));
  assert.deepEqual([bodyOf(near.inode), near.view.readOnly], ['b/c', true]);
  const far = await mount(table, '/srv/a/b/c', callFrom('192.0.2.1'));
  assert.deepEqual([bodyOf(far.inode), far.view.readOnly], ['a/b/c', false]);
  for (const { operation, caller } of lab.last('/srv').calls) {
    if (operation === 'lookup') assert.equal(caller.uid, 0);
  }
});

test('MNT: slashes and . that say nothing are passed over', async (t) => {
  const lab = new Lab({ '/srv/x': ['a/'] });
  const table = await lab.serve(t, '/srv/x *(rw)');
  for (const path of ['/srv/x/a', '//srv///x/a//', '/srv/./x/a/.']) {
    assert.equal(bodyOf((await mount(table, path)).inode), 'a', path);
  }
});

test('MNT: what is not there, no directory, reached by a link, or not exported', async (t) => {
  const lab = new Lab({ '/srv': ['a/', 'file', 'link@'] });
  const table = await lab.serve(t, '/srv *(rw)');
  await refuses(() => mount(table, '/srv/none'), 'NOENT');
  await refuses(() => mount(table, '/srv/file'), 'NOTDIR');
  await refuses(() => mount(table, '/srv/file/x'), 'NOTDIR');
  await refuses(() => mount(table, '/srv/link'), 'NOTDIR');
  await refuses(() => mount(table, '/srv/link/x'), 'NOTDIR');
  for (const path of ['/', '', '/sr', '/srvx', '/etc', '/srv/../etc', '/srv/a/..', 'srv', '/srv\0']) {
    await refuses(() => mount(table, path), 'ACCES', JSON.stringify(path));
  }
});

test('MNT: an export of / holds every path; names are bytes', async (t) => {
  const lab = new Lab({ '/': ['a/\xff\xe4/'], '/ä': [] });
  const table = await lab.serve(t, '/ *(rw)\n/ä *(rw)');
  assert.equal(bodyOf((await mount(table, '/')).inode), '');
  const odd = await table.mount(Buffer.from('/a/\xff\xe4', 'latin1'), callFrom(CLIENT));
  assert.equal(odd.inode.body.toString('latin1'), 'a/\xff\xe4');
  assert.equal((await mount(table, '/ä')).view.fileSystem, lab.last('/ä'));
});

test('EXPORT: every path with its hosts; none means everyone', async (t) => {
  const lab = new Lab({ '/a': [], '/b': [] });
  const table = await lab.serve(t, '/a 10.0.0.0/8 client\n/b client *');
  assert.deepEqual(table.list(), [
    { path: '/a', hosts: ['10.0.0.0/8', 'client'] },
    { path: '/b', hosts: [] },
  ]);
});

test('reload: exports that stay keep their file system, handles and views', async (t) => {
  const lab = new Lab({ '/srv': ['a/'], '/new': [] });
  const table = await lab.serve(t, '/srv *(rw)');
  const handle = await handleAt(table, '/srv/a');
  const call = callFrom(CLIENT);
  const { view } = await table.file(handle, call);
  await reload(table, '/new *(rw)\n/srv 10.0.0.0/8(rw)');
  assert.equal(lab.opened.length, 2);
  assert.equal((await table.file(handle, call)).view, view);
  assert.ok(await mount(table, '/new'));
});

test('reload: a folder that took the place of another is served; where nothing is now, the old one stays', async (t) => {
  const lab = new Lab({ '/srv': ['a/'] });
  const table = await lab.serve(t, '/srv *(rw)');
  const handle = await handleAt(table, '/srv/a');
  const first = lab.last('/srv');
  lab.mounts.folders.set('/srv', undefined);
  await reload(table, '/srv *(rw)');
  assert.equal((await table.file(handle, callFrom(CLIENT))).view.fileSystem, first);
  lab.mounts.folders.set('/srv', 'second');
  await reload(table, '/srv *(rw)');
  assert.equal(first.closed, true);
  assert.equal((await mount(table, '/srv')).view.fileSystem, lab.last('/srv'));
  assert.equal((await table.file(handle, callFrom(CLIENT))).view.fileSystem, lab.last('/srv'));
  await reload(table, '/srv *(rw)');
  assert.equal(lab.opened.length, 2);
});

test('reload: other options count for the next call, also on a connection that is open', async (t) => {
  const lab = new Lab({ '/srv': ['a/'] });
  const table = await lab.serve(t, '/srv *(rw)');
  const handle = await handleAt(table, '/srv/a');
  const call = callFrom(CLIENT);
  assert.equal((await table.file(handle, call)).view.readOnly, false);
  await reload(table, '/srv *(ro)');
  assert.equal((await table.file(handle, call)).view.readOnly, true);
  await reload(table, '/srv 192.0.2.0/24(rw)');
  await refuses(() => table.file(handle, call), 'ACCES');
});

test('reload: what is no longer exported is closed; what cannot be opened leaves all as it was', async (t) => {
  const lab = new Lab({ '/a': [], '/b': [], '/c': [] });
  const table = await lab.serve(t, '/a *\n/b *');
  const handle = await handleAt(table, '/a');
  await assert.rejects(reload(table, '/c *\n\n/none *\n/gone *'), (error) => {
    assert.ok(error instanceof ExportsError);
    assert.deepEqual(error.message.split('\n'), [
      'exports:3:1: /none cannot be exported: no such directory',
      'exports:4:1: /gone cannot be exported: no such directory',
    ]);
    return true;
  });
  assert.equal(lab.last('/c').closed, true);
  assert.equal(lab.last('/a').closed, false);
  assert.deepEqual(
    table.list().map(({ path }) => path),
    ['/a', '/b'],
  );
  await reload(table, '/b *');
  assert.equal(lab.last('/a').closed, true);
  assert.equal(lab.last('/b').closed, false);
  await refuses(() => table.file(handle, callFrom(CLIENT)), 'STALE');
});

test('reload: another fsid= is another file system to clients', async (t) => {
  const lab = new Lab({ '/a': [] });
  const table = await lab.serve(t, '/a *(fsid=1)');
  const before = await handleAt(table, '/a');
  await reload(table, '/a *(fsid=2)');
  assert.notDeepEqual(await handleAt(table, '/a'), before);
  await refuses(() => table.file(before, callFrom(CLIENT)), 'STALE');
});

test('exports of several files: a path twice, or an fsid twice, is refused', async (t) => {
  const lab = new Lab({ '/a': [], '/b': [] });
  const table = await lab.serve(t, '/a *');
  const two = (one: string, other: string) =>
    table.reload([...parseExports(one, 'one').exports, ...parseExports(other, 'other').exports]);
  await assert.rejects(two('/a *', '/a *'), /^ExportsError: other:1:1: \/a is exported twice/);
  await assert.rejects(two('/a *(fsid=1)', '/b *(fsid=1)'), /other:1:1: \/b has the fsid of \/a/);
});

test('close: every file system is closed, and handles lead nowhere', async (t) => {
  const lab = new Lab({ '/a': [], '/b': [] });
  const table = await lab.serve(t, '/a *\n/b *');
  const handle = await handleAt(table, '/a');
  await table.close();
  assert.deepEqual(
    lab.opened.map(({ fileSystem }) => fileSystem.closed),
    [true, true],
  );
  await refuses(() => table.file(handle, callFrom(CLIENT)), 'STALE');
});

test('a wildcard waits for the names of the caller, then costs nothing', async (t) => {
  const lab = new Lab({ '/srv': [] });
  lab.resolver.hosts.set('a.example.org', [CLIENT]);
  lab.resolver.reverse.set(CLIENT, ['a.example.org']);
  const table = await lab.serve(t, '/srv *.example.org(rw)');
  const handle = await handleAt(table, '/srv');
  const call = callFrom(CLIENT);
  await table.file(handle, call);
  assert.equal(table.file(handle, call) instanceof Promise, false);
  await refuses(() => table.file(handle, callFrom('10.0.0.2')), 'ACCES');
});

test('names without an answer: the caller is to come back (JUKEBOX), a mount is refused', async (t) => {
  const lab = new Lab({ '/srv': [] });
  const table = await lab.serve(t, '/srv 10.0.0.1(rw) *.example.org(rw)');
  const handle = await handleAt(table, '/srv');
  lab.resolver.down = true;
  await refuses(() => table.file(handle, callFrom('192.0.2.1')), 'JUKEBOX');
  await refuses(() => mount(table, '/srv', callFrom('192.0.2.1')), 'ACCES');
});

test('mp: while nothing is mounted, MNT says NOENT and handles wait (JUKEBOX); then they work', async (t) => {
  const lab = new Lab({ '/srv': ['a/'] });
  lab.mounts.mount('/srv');
  const first = await lab.serve(t, '/srv *(rw,mp)');
  const handle = await handleAt(first, '/srv/a');
  await first.close();

  lab.mounts.unmount('/srv');
  const opened = lab.opened.length;
  const table = await lab.serve(t, '/srv *(rw,mp)');
  assert.equal(lab.opened.length, opened, 'the folder beneath the mount point is not served by mistake');
  await refuses(() => table.file(handle, callFrom(CLIENT)), 'JUKEBOX');
  await refuses(() => mount(table, '/srv'), 'NOENT');
  lab.mounts.mount('/srv');
  assert.equal(bodyOf((await mount(table, '/srv/a')).inode), 'a');
  assert.equal(bodyOf((await table.file(handle, callFrom(CLIENT))).inode), 'a');

  const served = lab.last('/srv');
  lab.mounts.unmount('/srv');
  await refuses(() => mount(table, '/srv'), 'NOENT');
  await refuses(() => table.file(handle, callFrom(CLIENT)), 'JUKEBOX');
  assert.equal(served.closed, true);
});

test('mp=path: another path must be a mount point', async (t) => {
  const lab = new Lab({ '/srv/data': [] });
  const table = await lab.serve(t, '/srv/data *(rw,mp=/srv)');
  await refuses(() => mount(table, '/srv/data'), 'NOENT');
  lab.mounts.mount('/srv');
  assert.ok(await mount(table, '/srv/data'));
});

test('the roots that are served have handles; whoever wants to know is told when they change', async (t) => {
  const lab = new Lab({ '/srv': ['a/'], '/other': [] });
  let changes = 0;
  const table = await lab.serve(t, '/srv *(rw)', { changed: () => changes++ });
  assert.equal(changes, 1);
  assert.deepEqual(table.roots(), [{ path: '/srv', handle: await handleAt(table, '/srv') }]);
  await reload(table, '/srv *(rw)\n/other *(rw)');
  assert.equal(changes, 2);
  assert.deepEqual(
    table
      .roots()
      .map(({ path }) => path)
      .sort(),
    ['/other', '/srv'],
  );
});

test('one who watches over the server may look at what is for others, as nobody, and change nothing', async (t) => {
  const lab = new Lab({ '/srv': ['a/'] });
  const watcher = callFrom('10.0.0.9', 0);
  const isProbe: ExportTableOptions['isProbe'] = ({ address }) => address === '10.0.0.9';
  const table = await lab.serve(t, '/srv 10.0.0.1(rw,no_root_squash)', { isProbe });
  const [root] = table.roots();
  const { view } = await table.file(root!.handle, watcher);
  assert.deepEqual([view.readOnly, view.caller.uid], [true, 65534]);
  assert.equal((await table.file(root!.handle, callFrom(CLIENT))).view.readOnly, false);
  await refuses(() => table.file(root!.handle, callFrom('10.0.0.8')), 'ACCES');
});
