import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../src/common/monotonic.ts';
import { askServer } from '../../src/server/admin.ts';
import type { StatusReport } from '../../src/server/reports.ts';
import { isLocked } from './host-lock.ts';
import { LONG, Package, until } from './package.ts';

const NFS3ERR_EXIST = 17;

test('a prepared server holds what comes, and answers it once it is active', async (t) => {
  const files = Package.begin(t);
  const server = await files.prepare();
  const client = await files.connect();
  const reply = client.call(client.null());
  await sleep(100);
  assert.equal(client.wire.unclaimed, 0);
  assert.ok(!existsSync(files.stateDirectory), 'the state is not touched before the lease is held');
  server.activate(1);
  assert.equal((await reply).remaining, 0);
});

test('an active server tells connections, the handles of its roots, and how it gets on; and answers its admin socket', async (t) => {
  const files = Package.begin(t);
  const server = await files.serve(3);
  assert.deepEqual((await server.until('active')).connections, []);
  const client = await files.connect();
  const { roots } = await server.until('roots');
  assert.deepEqual(
    roots.map(({ path }) => path),
    [files.exported],
  );
  assert.equal(await client.getattr(Buffer.from(roots[0]!.handle, 'hex')), 0);
  assert.deepEqual(await client.mount(files.exported), Buffer.from(roots[0]!.handle, 'hex'));
  const { running, oldest } = await server.until('pulse', ({ finished }) => finished >= 2);
  assert.deepEqual({ running, oldest }, { running: 0, oldest: 0 });
  const status = (await askServer(`${files.folder}/run`, 'GET /status')) as StatusReport;
  assert.equal(status.stateDirectory, files.stateDirectory);
  assert.deepEqual(status.addresses, [files.address]);
  assert.equal(status.connections, 1);
});

test('a planned move: locks, replies, handles, the write verifier and open connections are there on the other node', async (t) => {
  const files = Package.begin(t);
  const first = await files.serve(1);
  const client = await files.connect();
  const root = await client.mount(files.exported);
  const create = client.createMessage(root, 'file');
  const created = await client.wire.call(create);
  const file = await client.create(root, 'locked');
  const verifier = await client.write(file, 'data');
  assert.ok(await client.lock(file, 1));
  await first.release();
  client.send(client.null());
  await sleep(100);
  assert.equal(client.wire.unclaimed, 0, 'silence after the release');
  assert.equal(first.child.exitCode, null, 'connections stay until the process ends');

  const second = await files.serve(2);
  const { connections } = await second.until('active');
  assert.deepEqual(
    connections.map(({ localAddress, address, port }) => [localAddress, address, port]),
    [[files.address, client.wire.socket.localAddress, client.wire.socket.localPort]],
  );
  first.child.disconnect();
  assert.equal(await first.ended, 'exit 0');
  await client.wire.closed;

  const again = await files.connect();
  assert.deepEqual(await again.wire.call(create), created, 'a retransmission gets the reply of the first');
  assert.equal(await again.getattr(file), 0);
  assert.equal(await again.write(file, 'more'), verifier);
  assert.ok(await again.lock(file, 1));
  assert.equal(await again.lock(file, 2), false, 'held by another process');
});

test('a crash: the same token goes on in the same place, a higher one on a copy; nothing is lost', async (t) => {
  const files = Package.begin(t);
  let server = await files.serve(1);
  const client = await files.connect();
  const root = await client.mount(files.exported);
  const file = await client.create(root, 'locked');
  const verifier = await client.write(file, 'data');
  assert.ok(await client.lock(file, 1));
  const firstPort = client.wire.socket.localPort;
  for (const token of [1, 2, 3, 4]) {
    await server.kill();
    server = await files.serve(token);
    const next = await files.connect();
    assert.equal(await next.lock(file, 2), false, `held under token ${token}`);
    assert.equal(await next.write(file, 'data'), verifier, 'the page cache of this kernel is still there');
  }
  const { connections } = await server.until('active');
  assert.ok(connections.some(({ port }) => port === firstPort));
  await until('the removal of old epochs', () => readdirSync(files.stateDirectory).length === 2);
  assert.deepEqual(readdirSync(files.stateDirectory).sort(), ['epoch.000000000003', 'epoch.000000000004']);
});

test('a lock that the server before still holds on the host is taken as soon as that lets go', async (t) => {
  const files = Package.begin(t);
  const first = await files.serve(1);
  const client = await files.connect();
  const file = await client.create(await client.mount(files.exported), 'locked');
  assert.ok(await client.lock(file, 1));
  await first.stop();
  const second = await files.serve(2);
  const again = await files.connect();
  assert.equal(await again.lock(file, 2), false);
  await first.kill();
  const path = `${files.exported}/locked`;
  await until('the lock', () => isLocked(path));
  await sleep(200);
  assert.ok(isLocked(path), 'and kept');
  assert.doesNotMatch(second.log, /a program of this host has taken a lock/);
});

test('a licence that is not renewed: silence, no change, and the process ends by itself', async (t) => {
  const files = Package.begin(t);
  const server = await files.serve(1);
  const client = await files.connect();
  const root = await client.mount(files.exported);
  server.send({ type: 'licence', until: monotonic() });
  await until('the end of the licence', () => /the licence has run out/.test(server.log) || server.hasEnded);
  client.send(client.mkdirMessage(root, 'late'));
  assert.equal(await server.ended, 'SIGKILL');
  assert.equal(client.wire.unclaimed, 0);
  assert.deepEqual(readdirSync(files.exported), []);
});

test('without the daemon a server goes on until its licence ends, and no longer', async (t) => {
  const files = Package.begin(t);
  const server = await files.serve(1);
  const client = await files.connect();
  await server.renew(3000);
  server.child.disconnect();
  assert.ok((await client.mount(files.exported)).length > 0);
  assert.equal(await server.ended, 'SIGKILL');
});

test('a server that is stopped for longer than its licence does nothing more when it wakes up', async (t) => {
  const files = Package.begin(t);
  const server = await files.serve(1);
  const client = await files.connect();
  const root = await client.mount(files.exported);
  const file = await client.create(root, 'file');
  await client.write(file, 'before');
  await server.renew(2000);
  await server.stop();
  for (let i = 0; i < 20; i++) {
    client.send(client.mkdirMessage(root, `late${i}`));
    client.send(client.writeMessage(file, 0, Buffer.from('after!'), 2));
    client.send(client.lockMessage(file, i));
    client.send(client.null());
  }
  await sleep(2200);
  server.resume();
  assert.equal(await server.ended, 'SIGKILL');
  assert.equal(client.wire.unclaimed, 0);
  assert.deepEqual(readdirSync(files.exported), ['file']);
  assert.equal(readFileSync(`${files.exported}/file`, 'utf8'), 'before');
  const next = await files.serve(2);
  assert.ok(await (await files.connect()).lock(file, 99), 'nobody holds it');
  assert.doesNotMatch(next.log, /locks taken up/);
});

test('a server that stays stopped is ended by the kernel, without ever waking up', async (t) => {
  const files = Package.begin(t);
  const server = await files.serve(1);
  const client = await files.connect();
  const root = await client.mount(files.exported);
  const file = await client.create(root, 'large');
  const megabyte = Buffer.alloc(1 << 20, 'x');
  await server.renew(3000);
  // What was asked before may be on its way to other threads; where they are when they stop is where they end.
  for (let i = 0; i < 16; i++) client.send(client.writeMessage(file, i << 20, megabyte, 2));
  await server.stop();
  const written = readFileSync(`${files.exported}/large`).length;
  assert.equal(await server.ended, 'SIGKILL');
  assert.equal(readFileSync(`${files.exported}/large`).length, written);
});

test('the exports are read again when the daemon says so, and it is told what changed', async (t) => {
  const files = Package.begin(t);
  const exportsFile = `${files.folder}/exports`;
  const other = `${files.folder}/other`;
  mkdirSync(other);
  writeFileSync(exportsFile, `${files.exported} 127.0.0.0/8(rw,insecure)\n`);
  const server = await files.serve(1, LONG, { paths: [], exportsFile });
  writeFileSync(exportsFile, `${files.exported} 127.0.0.0/8(rw,insecure)\n${other} 127.0.0.0/8(insecure)\n`);
  server.send({ type: 'reload' });
  const { roots } = await server.until('roots', (message) => message.roots.length === 2);
  assert.deepEqual(roots.map(({ path }) => path).sort(), [files.exported, other].sort());
});

test('a server that cannot serve says why, and ends', async (t) => {
  const files = Package.begin(t);
  const server = await files.prepare({ paths: [`${files.folder}/missing`] });
  server.activate(1);
  assert.match((await server.until('failed')).reason, /missing cannot be exported: no such directory/);
  assert.equal(await server.ended, 'exit 1');

  await (await files.serve(5)).kill();
  const late = await files.prepare();
  late.activate(4);
  assert.match((await late.until('failed')).reason, /superseded/);
  assert.equal(await late.ended, 'exit 1');
});

test('a signal to the whole service ends a prepared server, and is left to the daemon by one that serves', async (t) => {
  const files = Package.begin(t);
  const prepared = await files.prepare();
  prepared.child.kill('SIGTERM');
  assert.equal(await prepared.ended, 'exit 0');
  const server = await files.serve(1);
  server.child.kill('SIGTERM');
  const client = await files.connect();
  const root = await client.mount(files.exported);
  assert.equal((await client.call(client.mkdirMessage(root, 'made'))).uint32(), 0);
  assert.equal((await client.call(client.mkdirMessage(root, 'made'))).uint32(), NFS3ERR_EXIST);
});
