import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tickle } from '../../../src/ha/network/index.ts';
import type { Pause } from '../../../src/ha/network/pause.ts';
import type { Connection } from '../../../src/ha/protocol.ts';
import { missing, withHosts } from './hosts.ts';
import { memoryLog } from './memory-log.ts';

const LONG = 60_000;

test('an idle client of a server that vanished is reset by the new host, over IPv4 and IPv6', {
  skip: missing,
}, async () => {
  await withHosts(['old', 'new', 'client'], async (hosts) => {
    const [old, next, client] = [hosts.agent('old'), hosts.agent('new'), hosts.agent('client')];
    const connections: Connection[] = [];
    for (const [address, prefix] of [
      ['10.0.0.50', 24],
      ['fd00::50', 64],
    ] as const) {
      const place = { address, prefix, device: 'eth0' };
      await old.call('serve', address, 2049);
      await next.call('serve', address, 2049);
      await old.call('hold', place, LONG);
      connections.push(await client.call('connect', address, address, 2049));
      assert.equal(await client.call('ask', address, 'hello'), 'hello');
      await old.call('remove', address);
      await next.call('hold', place, LONG);
    }
    await next.call(
      'announce',
      'eth0',
      connections.map(({ localAddress }) => localAddress),
      [0],
    );
    await next.call('tickle', connections);
    for (const { localAddress } of connections) {
      assert.equal(await client.call('ended', localAddress), 'ECONNRESET');
      await client.call('connect', `${localAddress} again`, localAddress, 2049);
      assert.equal(await client.call('ask', `${localAddress} again`, 'hello'), 'hello');
    }
    assert.deepEqual(await next.call('logged'), []);
  });
});

test('a client of a server that lives is not disturbed', { skip: missing }, async () => {
  await withHosts(['server', 'client'], async (hosts) => {
    const [server, client] = [hosts.agent('server'), hosts.agent('client')];
    await server.call('serve', '10.0.0.1', 2049);
    const connection = await client.call('connect', 'it', '10.0.0.1', 2049);
    await server.call('tickle', [connection]);
    assert.equal(await client.call('ask', 'it', 'hello'), 'hello');
  });
});

test('each connection is woken four times, at least half a second apart and by another sequence number, in small batches', async () => {
  const connections = many(1000);
  const { sent, options } = recorder();
  await tickle(connections, options).done;
  assert.equal(sent.length, 4 * connections.length);
  const times = [...new Set(sent.map(({ at }) => at))];
  for (const time of times) assert.ok(sent.filter(({ at }) => at === time).length <= 64);
  const rounds = [0, 1, 2, 3].map((round) => sent.slice(round * connections.length, (round + 1) * connections.length));
  for (const round of rounds) {
    assert.deepEqual(
      round.map(({ address }) => address),
      connections.map(({ address }) => address),
    );
  }
  const sequences = rounds.map((round) => new Set(round.map(({ packet }) => packet.readUInt32BE(24))));
  assert.ok(sequences.every(({ size }) => size === 1));
  assert.equal(new Set(sequences.flatMap((sequence) => [...sequence])).size, 4);
  // The kernel of a client that was just woken would not answer the next one.
  for (const index of [0, 999]) {
    const sentAt = rounds.map((round) => round[index]!.at);
    for (const [round, time] of sentAt.entries()) assert.ok(round === 0 || time - sentAt[round - 1]! > 500);
  }
});

test('a cancelled one wakes nobody any more', async () => {
  const { sent, options, closed } = recorder();
  const waking = tickle(many(100), options);
  assert.equal(sent.length, 64);
  waking.cancel();
  await waking.done;
  assert.equal(sent.length, 64);
  assert.ok(closed());
});

test('one client that cannot be reached does not keep the others from being woken, and is logged once a round', async () => {
  const { sent, options } = recorder('10.1.0.0');
  await tickle(many(3), options).done;
  assert.equal(sent.length, 8);
  assert.deepEqual(options.log.lines, Array(4).fill('warn: some clients could not be woken; they come back late'));
});

test('without the right to raw sockets it is logged, and that is all', async () => {
  const log = memoryLog();
  const open = () => {
    throw new Error('socket: EPERM');
  };
  await tickle(many(1), { log, open }).done;
  assert.deepEqual(log.lines, ['warn: clients could not be woken; they come back late']);
});

function many(count: number): Connection[] {
  return Array.from({ length: count }, (_, index) => ({
    localAddress: '10.0.0.50',
    localPort: 2049,
    address: `10.1.${index >> 8}.${index & 255}`,
    port: 700,
  }));
}

/** Takes the place of time, and of a network in which one address may be unreachable. */
function recorder(unreachable?: string) {
  const sent: { at: number; address: string; packet: Buffer }[] = [];
  let now = 0;
  let isClosed = false;
  const open = () => ({
    send: ({ address }: { address: string }, packet: Buffer) => {
      if (address === unreachable) throw new Error('ENETUNREACH');
      sent.push({ at: now, address, packet });
    },
    close: () => void (isClosed = true),
  });
  const pause: Pause = async (milliseconds, signal) => {
    now += milliseconds;
    await new Promise((resolve) => setImmediate(resolve));
    return !signal.aborted;
  };
  return { sent, options: { log: memoryLog(), open, pause }, closed: () => isClosed };
}
