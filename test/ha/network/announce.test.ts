import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announce, SocketError } from '../../../src/ha/network/index.ts';
import type { Pause } from '../../../src/ha/network/pause.ts';
import { missing, until, withHosts } from './hosts.ts';
import { memoryLog } from './memory-log.ts';

const MAC = Buffer.from('02a1b2c3d4e5', 'hex');
const LONG = 60_000;

test('five rounds 200 ms apart, then at 3 s and at 10 s, each from a port of its own', async () => {
  const { rounds, options } = recorder();
  await announce('eth0', ['10.0.0.50', 'fd00::50'], options).done;
  assert.deepEqual(
    rounds.map(({ at }) => at),
    [0, 200, 400, 600, 800, 3000, 10_000],
  );
  assert.ok(rounds.every(({ frames, closed }) => frames.length === 3 && closed));
});

test('the first round is out when announce returns, and a cancelled one says no more', async () => {
  const { rounds, options } = recorder();
  const announcement = announce('eth0', ['10.0.0.50'], options);
  assert.equal(rounds.length, 1);
  announcement.cancel();
  await announcement.done;
  assert.equal(rounds.length, 1);
});

test('an interface that cannot be used is logged, and tried again in the next round', async () => {
  const log = memoryLog();
  const open = () => {
    throw new SocketError('interface eth9', 'ENODEV');
  };
  await announce('eth9', ['10.0.0.50'], { log, open, at: [0, 1] }).done;
  assert.deepEqual(log.lines, Array(2).fill('warn: could not announce 10.0.0.50 on eth9'));
});

test('an interface that is no Ethernet has nobody to be told', { skip: missing }, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await a.call('announce', 'lo', ['10.0.0.50'], [0]);
    assert.deepEqual(await a.call('logged'), []);
  });
});

test('frames arrive at the neighbours as they were made', { skip: missing }, async () => {
  await withHosts(['a', 'b'], async (hosts) => {
    const [a, b] = [hosts.agent('a'), hosts.agent('b')];
    await b.call('capture', 'eth0');
    await a.call('announce', 'eth0', ['10.0.0.50', 'fd00::50'], [0, 20]);
    const mac = await macOf(hosts.ip('a', '-json link show eth0'));
    const arp = (operation: string) => `ffffffffffff${mac}08060001080006040${operation}${mac}0a000032`;
    for (const start of [arp('001'), arp('002'), `333300000001${mac}86dd6000000000203afffd00`]) {
      await until(`two frames ${start}`, async () => {
        const frames = await b.call('captured', 'eth0');
        return frames.filter((frame) => frame.startsWith(start)).length === 2;
      });
    }
  });
});

test('the neighbours send to the new host after an address moved', { skip: missing }, async () => {
  await withHosts(['old', 'new', 'client'], async (hosts) => {
    const [old, next, client] = [hosts.agent('old'), hosts.agent('new'), hosts.agent('client')];
    const [oldMac, newMac] = [
      await macOf(hosts.ip('old', '-json link show eth0')),
      await macOf(hosts.ip('new', '-json link show eth0')),
    ];
    // A client that has just heard from the old host would not ask again for half a minute.
    const known = async (address: string) => macOf(hosts.ip('client', `-json neighbour show to ${address} dev eth0`));
    for (const [address, prefix] of [
      ['10.0.0.50', 24],
      ['fd00::50', 64],
    ] as const) {
      const place = { address, prefix, device: 'eth0' };
      for (const [index, host] of [old, next].entries()) await host.call('serve', address, 2049 + index);
      await old.call('hold', place, LONG);
      await client.call('connect', 'old', address, 2049);
      assert.equal(await known(address), oldMac);

      await old.call('remove', address);
      await next.call('hold', place, LONG);
      await next.call('announce', 'eth0', [address], [0]);
      await until(`the client knows the new host of ${address}`, async () => (await known(address)) === newMac);
      await client.call('connect', 'new', address, 2050);
    }
  });
});

/** Takes the place of the network and of time. */
function recorder() {
  const rounds: { at: number; frames: Buffer[]; closed: boolean }[] = [];
  let now = 0;
  const open = () => {
    const round: (typeof rounds)[number] = { at: now, frames: [], closed: false };
    rounds.push(round);
    return {
      mac: MAC,
      send: (_: number, frame: Buffer) => void round.frames.push(frame),
      close: () => void (round.closed = true),
    };
  };
  const pause: Pause = async (milliseconds, signal) => {
    now += milliseconds;
    await new Promise((resolve) => setImmediate(resolve));
    return !signal.aborted;
  };
  return { rounds, options: { log: memoryLog(), open, pause } };
}

async function macOf(json: Promise<string>): Promise<string | undefined> {
  const [entry] = JSON.parse(await json);
  return (entry?.lladdr ?? entry?.address)?.replaceAll(':', '');
}
