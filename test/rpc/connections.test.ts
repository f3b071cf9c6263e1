import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { openServiceSockets } from '../../src/ha/network/index.ts';
import { Dispatcher, type Peer, RpcClient, TcpTransport, UdpTransport } from '../../src/rpc/index.ts';
import { uint32 } from '../../src/xdr/index.ts';
import { BIG, callMessage, frame, PROGRAM, RememberingLog, SLOW, TestProgram, WireClient, words } from './wire.ts';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(2);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Notes who came and went. */
function noting() {
  const seen: string[] = [];
  const note = (what: string) => (peer: Peer) => void seen.push(`${what} ${peer.port} to ${peer.localPort}`);
  return { seen, events: { connected: note('came'), disconnected: note('went') } };
}

test('connections are told of as they come and go', async () => {
  const log = new RememberingLog();
  const { seen, events } = noting();
  const dispatcher = new Dispatcher(new TestProgram().versions, { log });
  const transport = await TcpTransport.listen(dispatcher, { host: '127.0.0.1', port: 0 }, { log, events });
  try {
    const client = await WireClient.connect(transport.port);
    const port = client.socket.localPort;
    await client.call(callMessage({}));
    assert.deepEqual(seen, [`came ${port} to ${transport.port}`]);
    client.close();
    await until(() => seen.length === 2);
    assert.equal(seen[1], `went ${port} to ${transport.port}`);
  } finally {
    await transport.close();
  }
});

test('quiesce: running calls are answered, later ones are not, and connections stay open without a word', async () => {
  const log = new RememberingLog();
  const { seen, events } = noting();
  const program = new TestProgram();
  const dispatcher = new Dispatcher(program.versions, { log });
  const transport = await TcpTransport.listen(dispatcher, { host: '127.0.0.1', port: 0 }, { log, events });
  const client = await WireClient.connect(transport.port);
  let isClosed = false;
  void client.closed.then(() => {
    isClosed = true;
  });
  const reply = client.call(callMessage({ xid: 3, procedure: SLOW, args: words(9) }));
  await until(() => program.slow.length > 0);
  const quiet = transport.quiesce(10_000);
  client.send(frame(callMessage({ xid: 4 })));
  await pause(20);
  program.slow.shift()?.();
  assert.deepEqual(await reply, words(3, 1, 0, 0, 0, 0, 9));
  await quiet;
  await pause(20);
  assert.equal(client.unclaimed, 0);
  assert.equal(isClosed, false);
  await transport.close();
  await client.closed;
  assert.deepEqual(
    seen.map((line) => line.slice(0, 4)),
    ['came'],
  );
});

test('reset: every connection ends, and the next one is served', async () => {
  const log = new RememberingLog();
  const dispatcher = new Dispatcher(new TestProgram().versions, { log });
  const transport = await TcpTransport.listen(dispatcher, { host: '127.0.0.1', port: 0 }, { log });
  try {
    const client = await WireClient.connect(transport.port);
    await client.call(callMessage({}));
    transport.reset();
    await client.closed;
    const next = await WireClient.connect(transport.port);
    await next.call(callMessage({ xid: 2 }));
    next.close();
  } finally {
    await transport.close();
  }
});

test('a licence that ends between a reply and its sending: no reply', async () => {
  const log = new RememberingLog();
  // Asked when the call comes, and when its reply leaves.
  let asked = 0;
  const dispatcher = new Dispatcher(new TestProgram().versions, { log, licence: { holds: () => ++asked !== 2 } });
  const transport = await TcpTransport.listen(dispatcher, { host: '127.0.0.1', port: 0 }, { log });
  try {
    const client = await WireClient.connect(transport.port);
    client.send(frame(callMessage({ xid: 5, procedure: BIG, args: words(100_000) })));
    await until(() => asked >= 2);
    assert.equal((await client.call(callMessage({ xid: 6 }))).readUInt32BE(0), 6);
    assert.equal(client.unclaimed, 0);
    client.close();
  } finally {
    await transport.close();
  }
});

test('UDP on a socket that is bound already: what came before is answered; a running call ends before the close', async () => {
  const log = new RememberingLog();
  const program = new TestProgram();
  const bound = openServiceSockets(['127.0.0.1'], await freePort(), false);
  const { fd, port } = bound.sockets.find(({ transport }) => transport === 'udp')!;
  const client = await RpcClient.connectUdp({ host: '127.0.0.1', port });
  const early = client.call(PROGRAM, 2, SLOW, uint32, 7, uint32);
  const dispatcher = new Dispatcher(program.versions, { log });
  const transport = await UdpTransport.listen(dispatcher, { fd, host: '127.0.0.1' }, { log });
  try {
    assert.equal(transport.port, port);
    await until(() => program.slow.length > 0);
    const closing = transport.close();
    await pause(20);
    for (const finish of program.slow) finish();
    assert.equal(await early, 7);
    await closing;
  } finally {
    client.close();
    for (const socket of bound.sockets) if (socket.fd !== fd) closeSync(socket.fd);
  }
});
