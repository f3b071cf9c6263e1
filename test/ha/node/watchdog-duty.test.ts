import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../../src/common/monotonic.ts';
import { WatchdogDuty, type WatchOrder } from '../../../src/ha/node/watchdog-duty.ts';
import { until } from '../network/hosts.ts';

const ADDRESS = { address: '10.0.0.50', prefix: 24, device: 'eth0' };
const LONG = 600_000;

test('a process is stopped, loses its address, and is killed, in this order: what follows its death reaches no client', async (t) => {
  const { duty, did } = setUp(t);
  duty.watch(order(1, 0));
  await until('it is over', () => duty.isIdle);
  assert.deepEqual(did, ['SIGSTOP 1', 'removed 10.0.0.50', 'SIGKILL 1']);
});

test('an address that cannot be taken away does not put off the death for long, and is tried again', async (t) => {
  const { duty, did, said } = setUp(t, async (attempt) => {
    await sleep(attempt === 1 ? 700 : 0);
    if (attempt === 1) throw new Error('no answer');
  });
  duty.watch(order(1, 0));
  await until('it is over', () => duty.isIdle);
  assert.deepEqual(did, ['SIGSTOP 1', 'SIGKILL 1', 'removed 10.0.0.50']);
  assert.match(said.join('\n'), /addresses of package p could not be removed: Error: no answer/);
});

test('another process of the package takes over: its addresses are left to it', async (t) => {
  const { duty, did } = setUp(t, async () => {
    throw new Error('no answer');
  });
  duty.watch(order(1, 0));
  await until('the old one is killed', () => did.includes('SIGKILL 1'));
  duty.watch(order(2, LONG));
  const tried = did.length;
  await sleep(1500);
  assert.deepEqual(did.slice(tried), []);
  assert.ok(!duty.isIdle);
  duty.forget('p');
});

test('a renewal that comes when the process is being ended is too late; it is not watched on', async (t) => {
  const { duty, did } = setUp(t, () => sleep(100));
  duty.watch(order(1, 0));
  await until('it is stopped', () => did.includes('SIGSTOP 1'));
  duty.watch(order(1, LONG));
  await until('it is over', () => duty.isIdle);
  assert.deepEqual(did, ['SIGSTOP 1', 'removed 10.0.0.50', 'SIGKILL 1']);
});

test('a renewal that was there to be read at the deadline counts', async (t) => {
  const { duty, did } = setUp(t);
  duty.watch(order(1, 50));
  // This process does not get to its timers before the deadline; the renewal is what it finds next to them.
  const busyUntil = monotonic() + 100;
  while (monotonic() < busyUntil);
  setImmediate(() => duty.watch(order(1, LONG)));
  await sleep(100);
  assert.deepEqual(did, []);
  duty.forget('p');
});

test('several packages are ended independently of each other', async (t) => {
  const { duty, did } = setUp(t, (_, address) => sleep(address === 'a' ? 400 : 0));
  duty.watch({ ...order(1, 0), package: 'slow', addresses: [{ ...ADDRESS, address: 'a' }] });
  duty.watch({ ...order(2, 0), package: 'fast', addresses: [{ ...ADDRESS, address: 'b' }] });
  await until('it is over', () => duty.isIdle);
  assert.deepEqual(did, ['SIGSTOP 1', 'SIGSTOP 2', 'removed b', 'SIGKILL 2', 'removed a', 'SIGKILL 1']);
});

function order(pid: number, milliseconds: number): WatchOrder {
  return { package: 'p', pid, startTime: '1', until: monotonic() + milliseconds, addresses: [ADDRESS] };
}

/** @param remove what taking an address away is like, at the first attempt and at later ones. */
function setUp(t: TestContext, remove: (attempt: number, address: string) => Promise<void> = async () => {}) {
  const did: string[] = [];
  const said: string[] = [];
  let attempts = 0;
  const duty = new WatchdogDuty({
    clock: monotonic,
    isAlive: () => true,
    signal: ({ pid }, name) => void did.push(`${name} ${pid}`),
    remove: async (address) => {
      await remove(++attempts, address);
      did.push(`removed ${address}`);
    },
    say: (line) => void said.push(line),
  });
  t.after(() => duty.forget('p'));
  return { duty, did, said };
}
