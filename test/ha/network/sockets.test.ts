import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openServiceSockets, type ServiceSockets, SocketError } from '../../../src/ha/network/index.ts';
import { missing, withHosts } from './hosts.ts';

const SERVER = fileURLToPath(new URL('sockets-server.ts', import.meta.url));
const LOOPBACK = '127.0.0.1';

test('clients of a killed server process are reset, come back without refusal, and are served by the next one', async (t) => {
  const { sockets, port } = await openOnLoopback(t);
  const first = await startServer(t, sockets, 'first');
  const client = await open(port);
  assert.equal(await ask(client, 'a'), 'first: a');

  first.kill('SIGKILL');
  assert.equal(await endOf(client), 'ECONNRESET');

  // There is no server now. The connection is taken by the kernel, and so is the call.
  const again = await open(port);
  const answer = ask(again, 'b');
  await startServer(t, sockets, 'second');
  assert.equal(await answer, 'second: b');
  again.destroy();
});

test('datagrams that come while there is no server process wait for the next one', async (t) => {
  const { sockets, port } = await openOnLoopback(t);
  const first = await startServer(t, sockets, 'first');
  first.kill('SIGKILL');
  await once(first, 'close');

  const client = createSocket('udp4');
  t.after(() => client.close());
  const answer = once(client, 'message');
  client.send('call', port, LOOPBACK);
  await startServer(t, sockets, 'second');
  assert.equal(`${(await answer)[0]}`, 'second: call');
});

test('sockets listen on addresses that no interface has, in both families, for both uses', {
  skip: missing,
}, async () => {
  await withHosts(['server'], async (hosts) => {
    const server = hosts.agent('server');
    const opened = await server.call('openSockets', ['192.0.2.50', 'fd00::50'], 2049, true);
    assert.deepEqual(
      opened.map(({ fd: _, ...socket }) => socket),
      ['192.0.2.50', 'fd00::50'].flatMap((address) => [
        { use: 'nfs', port: 2049, address, transport: 'tcp' },
        { use: 'nfs', port: 2049, address, transport: 'udp' },
        { use: 'portmap', port: 111, address, transport: 'tcp' },
        { use: 'portmap', port: 111, address, transport: 'udp' },
      ]),
    );
    const { stdout } = await hosts.exec('server', 'cat', ['/proc/net/tcp']);
    assert.match(stdout, /: 320200C0:0801 00000000:0000 0A/);
    assert.match(stdout, /: 320200C0:006F 00000000:0000 0A/);
  });
});

test('a client reaches the listener the moment that its address comes up', { skip: missing }, async () => {
  await withHosts(['server', 'client'], async (hosts) => {
    const [server, client] = [hosts.agent('server'), hosts.agent('client')];
    for (const [address, prefix] of [
      ['10.0.0.50', 24],
      ['fd00::50', 64],
    ] as const) {
      await server.call('serve', address, 2049);
      await server.call('hold', { address, prefix, device: 'eth0' }, 60_000);
      await client.call('connect', address, address, 2049);
      assert.equal(await client.call('ask', address, 'hello'), 'hello');
    }
  });
});

test('descriptors are numbered for the child in the order of its stdio', () => {
  const sockets = openServiceSockets([LOOPBACK], 0, false);
  try {
    const { stdio, sockets: inherited } = sockets.inherit(4);
    assert.deepEqual(
      inherited.map(({ fd, transport }) => `${fd} ${transport}`),
      ['4 tcp', '5 udp'],
    );
    assert.deepEqual(
      stdio,
      sockets.sockets.map(({ fd }) => fd),
    );
  } finally {
    sockets.close();
  }
});

test('an rpcbind that has port 111 is told of, with what to do', { skip: missing }, async (t) => {
  const rpcbind = createServer().listen(111, '127.0.0.7');
  t.after(() => rpcbind.close());
  await once(rpcbind, 'listening');
  assert.throws(
    () => openServiceSockets(['127.0.0.7'], 0, true),
    /port 111: EADDRINUSE\. An rpcbind runs on this node: stop it/,
  );
});

test('a port that is taken is named, and nothing is left open', async (t) => {
  const other = createServer().listen(0, LOOPBACK);
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  assert.throws(
    () => openServiceSockets(['127.0.0.2', LOOPBACK], port, false),
    (error: Error) => error instanceof SocketError && error.message === `TCP port ${port} of 127.0.0.1: EADDRINUSE`,
  );
  // The one on the other address has been closed again.
  openServiceSockets(['127.0.0.2'], port, false).close();
});

test('closing resets connections that no server process has accepted', async (t) => {
  const { sockets, port } = await openOnLoopback(t);
  const client = await open(port);
  sockets.close();
  assert.equal(await endOf(client), 'ECONNRESET');
});

async function openOnLoopback(t: TestContext): Promise<{ sockets: ServiceSockets; port: number }> {
  const probe = createServer().listen(0, LOOPBACK);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const sockets = openServiceSockets([LOOPBACK], port, false);
  t.after(() => sockets.close());
  return { sockets, port };
}

async function startServer(t: TestContext, sockets: ServiceSockets, name: string): Promise<ChildProcess> {
  const { stdio, sockets: inherited } = sockets.inherit(3);
  const child = spawn(process.execPath, ['--import', 'tsx', SERVER, name, JSON.stringify(inherited)], {
    stdio: ['ignore', 'pipe', 'inherit', ...stdio],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, LOOPBACK);
  await once(socket, 'connect');
  return socket;
}

/** How a connection ends: `ECONNRESET`, or `end` for an orderly end. */
function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}`));
    socket.once('close', () => resolve('end'));
    socket.resume();
  });
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = await once(socket, 'data');
  return `${chunk}`;
}
