import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import {
  Dispatcher,
  plainAddress,
  RpcClient,
  reachableAddress,
  TcpTransport,
  UdpTransport,
} from '../../src/rpc/index.ts';
import { bool, nothing, opaque, uint32 } from '../../src/xdr/index.ts';
import {
  BIG,
  BULK,
  COUNT,
  callMessage,
  DENIED,
  ECHO,
  FAULT,
  frame,
  PROGRAM,
  RememberingLog,
  SILENT,
  SLOW,
  TestProgram,
  WireClient,
  withServer,
  words,
} from './wire.ts';

const bytes = opaque(1 << 20);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a client that does not read its replies is no longer read from, others are served, and it gets all when it reads', async () => {
  await withServer(async ({ port, transport }) => {
    const lazy = await WireClient.connect(port);
    lazy.socket.pause();
    const calls = 200;
    for (let i = 0; i < calls; i++) lazy.send(frame(callMessage({ xid: i, procedure: BIG, args: words(1 << 20) })));
    await pause(200);
    const before = process.memoryUsage().external;
    const other = await RpcClient.connectTcp({ host: '127.0.0.1', port });
    assert.equal((await other.call(PROGRAM, 2, ECHO, bytes, Buffer.from('hello'), bytes)).toString(), 'hello');
    assert.ok(before < 150 << 20, `200 MiB of replies are not held in memory: ${before >> 20} MiB`);
    lazy.socket.resume();
    for (let i = 0; i < calls; i++) assert.equal((await lazy.reply()).readUInt32BE(0), i);
    assert.equal(transport.connectionCount, 2);
    other.close();
    lazy.close();
  });
});

test('memory that replies are sent from is lent again once each, and not before the reply has left', async () => {
  await withServer(async ({ port, program }) => {
    const client = await WireClient.connect(port);
    const sizes = Array.from({ length: 60 }, (_, i) => [1 << 20, 20_000, 300_000, 100][i % 4]!);
    client.socket.pause();
    for (const [xid, size] of sizes.entries()) {
      client.send(frame(callMessage({ xid, procedure: BIG, args: words(size) })));
    }
    await pause(50);
    client.socket.resume();
    for (const [xid, size] of sizes.entries()) {
      const reply = await client.reply();
      assert.deepEqual(reply.subarray(0, 28), words(xid, 1, 0, 0, 0, 0, size));
      assert.ok(reply.subarray(28).equals(Buffer.alloc(size, xid + 1)), `the bytes of reply ${xid}`);
    }
    while (program.lent > 0) await pause(2);
    assert.equal(program.lent, 0);
    client.close();
  });
});

test('a connection with too many calls under way is not read from until one ends', async () => {
  await withServer(
    async ({ port, program }) => {
      const client = await WireClient.connect(port);
      for (let xid = 0; xid < 10; xid++) client.send(frame(callMessage({ xid, procedure: SLOW, args: words(xid) })));
      while (program.slow.length < 4) await pause(2);
      await pause(30);
      assert.equal(program.slow.length, 4);
      for (let answered = 0; answered < 10; answered++) {
        program.slow.shift()?.();
        await client.reply();
      }
      client.close();
    },
    { limits: { maxRunning: 4 } },
  );
});

test('the bulk of a large call stays as it is while the call runs, whatever comes after it', async () => {
  await withServer(async ({ port, program }) => {
    const clients = [await WireClient.connect(port), await WireClient.connect(port)];
    const bulk = (xid: number) => Buffer.alloc(300_000 + 4 * xid, xid);
    for (let xid = 1; xid <= 12; xid++) {
      const args = Buffer.concat([words(bulk(xid).length), bulk(xid)]);
      clients[xid % 2]!.send(frame(callMessage({ xid, procedure: BULK, args }), xid % 3 === 0 ? 100_000 : 1 << 20));
    }
    while (program.slow.length < 12) await pause(2);
    // A connection that ends in the middle of a large record, and one with calls under way, leave the others alone.
    const broken = await WireClient.connect(port);
    broken.send(frame(Buffer.alloc(500_000)).subarray(0, 300_000));
    broken.send(Buffer.alloc(10_000));
    await pause(20);
    broken.close();
    for (const finish of program.slow.splice(0)) finish();
    for (let xid = 1; xid <= 12; xid++) {
      const reply = await clients[xid % 2]!.reply();
      assert.deepEqual(reply.subarray(0, 28), words(xid, 1, 0, 0, 0, 0, bulk(xid).length));
      assert.ok(reply.subarray(28).equals(bulk(xid)), `the bytes of call ${xid}`);
    }
    for (const client of clients) client.close();
  });
});

test('one connection more than allowed: the idlest is closed', async () => {
  await withServer(
    async ({ port, transport }) => {
      const first = await WireClient.connect(port);
      await first.call(callMessage({}));
      const second = await WireClient.connect(port);
      await second.call(callMessage({}));
      await first.call(callMessage({}));
      const third = await WireClient.connect(port);
      await third.call(callMessage({}));
      await second.closed;
      await first.call(callMessage({}));
      assert.equal(transport.connectionCount, 2);
      first.close();
      third.close();
    },
    { limits: { maxConnections: 2 } },
  );
});

test('one connection more than an address may have is refused, with a log line', async () => {
  await withServer(
    async ({ port, log }) => {
      const first = await WireClient.connect(port);
      await first.call(callMessage({}));
      // The reset may come before the client knows that it was connected.
      await WireClient.connect(port).then(
        (second) => second.closed,
        () => {},
      );
      assert.equal(log.lines.filter((line) => line.startsWith('refused a connection')).length, 1);
      first.close();
      await first.closed;
      await pause(20);
      const third = await WireClient.connect(port);
      await third.call(callMessage({}));
      third.close();
    },
    { limits: { maxPerAddress: 1 } },
  );
});

test('closing lets running calls end and sends their replies', async () => {
  await withServer(async ({ port, program, transport }) => {
    const client = await WireClient.connect(port);
    const reply = client.call(callMessage({ xid: 3, procedure: SLOW, args: words(9) }));
    while (program.slow.length === 0) await pause(2);
    const closing = transport.close(2000);
    await pause(20);
    program.slow.shift()?.();
    assert.deepEqual(await reply, words(3, 1, 0, 0, 0, 0, 9));
    await Promise.all([closing, client.closed]);
  });
});

test('closing in the moment in which a client leaves does not wait for that client for ever', async () => {
  let close = () => {};
  const observer = { ended: (_: unknown, row: { name: string }) => row.name === 'SILENT' && close() };
  await withServer(
    async ({ port, transport }) => {
      const leaving = await WireClient.connect(port);
      const staying = await WireClient.connect(port);
      for (const client of [leaving, staying]) await client.call(callMessage({}));
      const closed = new Promise<void>((resolve, reject) => {
        close = () => void transport.close().then(resolve, reject);
      });
      // The server hears of the end and of the call in one turn of the event loop, and closes before it has ended its side.
      leaving.socket.end(() => staying.send(frame(callMessage({ procedure: SILENT }))));
      await closed;
      assert.equal(transport.connectionCount, 0);
    },
    { observer },
  );
});

test('the observer is told of each call, its status and its time', async () => {
  const seen: string[] = [];
  await withServer(
    async ({ port }) => {
      const client = await WireClient.connect(port);
      for (const procedure of [0, FAULT, DENIED]) await client.call(callMessage({ procedure }));
      await client.call(callMessage({ procedure: COUNT, args: words(1) }));
      client.close();
    },
    { observer: { ended: (call, row, status) => seen.push(`${row.name} ${status} ${call.peer.address}`) } },
  );
  assert.deepEqual(seen, ['NULL 0 127.0.0.1', 'FAULT 5 127.0.0.1', 'DENIED -1 127.0.0.1', 'COUNT 0 127.0.0.1']);
});

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

for (const [name, host, to] of [
  ['IPv4', '127.0.0.1', '127.0.0.1'],
  ['IPv6', '::1', '::1'],
  ['both families on one socket', '::', '127.0.0.1'],
] as const) {
  test(`TCP and UDP over ${name}`, {
    skip: hasIpv6 || host === '127.0.0.1' ? false : 'no IPv6 on loopback',
  }, async () => {
    const log = new RememberingLog();
    const program = new TestProgram();
    const dispatcher = new Dispatcher(program.versions, { log });
    const tcp = await TcpTransport.listen(dispatcher, { host, port: 0 }, { log });
    const udp = await UdpTransport.listen(dispatcher, { host, port: 0 }, { log });
    try {
      const overTcp = await RpcClient.connectTcp({ host: to, port: tcp.port });
      const overUdp = await RpcClient.connectUdp({ host: to, port: udp.port });
      for (const client of [overTcp, overUdp]) {
        const data = Buffer.alloc(20_000, 5);
        assert.deepEqual(await client.call(PROGRAM, 4, ECHO, bytes, data, bytes), data);
        await client.call(PROGRAM, 2, 0, nothing, undefined, nothing);
        await assert.rejects(client.call(PROGRAM, 2, 99, nothing, undefined, nothing), /accept_stat 3/);
        await assert.rejects(client.call(PROGRAM, 2, DENIED, nothing, undefined, nothing), /AUTH_ERROR 5/);
        const credential = { machineName: Buffer.from('me'), uid: 1, gid: 2, gids: [3, 4] };
        assert.equal(await client.call(PROGRAM, 2, COUNT, uint32, 1, uint32, { credential }), program.runs);
        client.close();
        await assert.rejects(client.call(PROGRAM, 2, 0, nothing, undefined, nothing), /closed/);
      }
    } finally {
      await tcp.close();
      await udp.close();
    }
  });
}

test('a datagram that is not RPC is dropped, and the next one is answered', async () => {
  const log = new RememberingLog();
  const dispatcher = new Dispatcher(new TestProgram().versions, { log });
  const udp = await UdpTransport.listen(dispatcher, { host: '127.0.0.1', port: 0 }, { log });
  const client = await RpcClient.connectUdp({ host: '127.0.0.1', port: udp.port });
  try {
    await assert.rejects(client.call(PROGRAM, 2, ECHO, bool, true, nothing, { timeout: 300 }), /accept_stat 4/);
    await client.call(PROGRAM, 2, 0, nothing, undefined, nothing);
  } finally {
    client.close();
    await udp.close();
  }
});

test('an address in use is an error for the caller, not a crash', async () => {
  await withServer(async ({ port, dispatcher, log }) => {
    await assert.rejects(TcpTransport.listen(dispatcher, { host: '127.0.0.1', port }, { log }), /EADDRINUSE/);
    const udp = await UdpTransport.listen(dispatcher, { host: '127.0.0.1', port }, { log });
    await assert.rejects(UdpTransport.listen(dispatcher, { host: '127.0.0.1', port }, { log }), /EADDRINUSE/);
    await udp.close();
  });
});

test('no reply in time, or no server: the call is rejected', async () => {
  await withServer(async ({ port }) => {
    const client = await RpcClient.connectTcp({ host: '127.0.0.1', port });
    await assert.rejects(client.call(PROGRAM, 2, SLOW, uint32, 1, uint32, { timeout: 30 }), /no reply within 30 ms/);
    client.close();
  });
  await assert.rejects(RpcClient.connectTcp({ host: '127.0.0.1', port: 1 }), /ECONNREFUSED/);
});

test('addresses are written plainly, and one of ours is found for a peer', () => {
  assert.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(plainAddress('::ffff:1'), '::ffff:1');
  assert.equal(plainAddress('fe80::1'), 'fe80::1');
  assert.equal(reachableAddress('10.1.2.3', '10.9.9.9'), '10.1.2.3');
  assert.equal(reachableAddress('0.0.0.0', '127.0.0.1'), '127.0.0.1');
  assert.equal(reachableAddress('::', '127.0.0.2'), '127.0.0.1');
});
