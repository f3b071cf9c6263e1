import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Monitors, Notifier, nsmProgram } from '../../src/nsm/index.ts';
import type { RpcClient } from '../../src/rpc/index.ts';
import { type Monitor, openState, StateError } from '../../src/state/index.ts';
import { MemoryMonitors } from '../../src/state/monitors.ts';
import { RememberingLog } from '../mount/fakes.ts';
import { until } from '../nlm/fakes.ts';
import { callRow } from '../rpc/row.ts';
import { scratchDirectory } from '../state/scratch.ts';

const ONE = { name: 'one.example', address: '192.0.2.9', localAddress: '192.0.2.1', state: 3 };
const LOCAL = { address: '127.0.0.1' };
const MY_ID = { my_name: Buffer.from('localhost'), my_prog: 100021, my_vers: 4, my_proc: 16 };

function subject() {
  const store = new MemoryMonitors();
  const log = new RememberingLog();
  const monitors = new Monitors(store, log);
  const rebooted: [string, number][] = [];
  const watchers: [string, number][] = [];
  let crashes = 0;
  const program = nsmProgram({
    monitors,
    log,
    listener: { rebooted: async ({ name }, state) => void rebooted.push([name, state]) },
    tellWatcher: async ({ name }, state) => void watchers.push([name, state]),
    simulateCrash: async () => void crashes++,
  });
  const call = (name: string, args: unknown, from: { address?: string; port?: number } = {}) =>
    callRow([program], 1, name, args, from);
  const notify = (name: string, state: number, address = ONE.address) =>
    call('SM_NOTIFY', { mon_name: Buffer.from(name), state }, { address });
  return { store, monitors, log, rebooted, watchers, crashes: () => crashes, call, notify };
}

test('SM_NOTIFY: believed from the address that locked alone, under any form of its name, once for each state', async () => {
  const { monitors, rebooted, notify } = subject();
  await monitors.watch(ONE);
  await notify('one.example', 5, '192.0.2.66');
  await notify('two.example', 5);
  await notify('one.example', 3);
  assert.deepEqual(rebooted, []);
  await notify('ONE', 5);
  await notify('one.example', 5);
  await notify('192.0.2.9', 7);
  assert.deepEqual(rebooted, [
    ['one.example', 5],
    ['one.example', 7],
  ]);
});

test('SM_NOTIFY that comes after a lock of the new state: it still frees what is older, and once', async () => {
  const { monitors, rebooted, notify } = subject();
  await monitors.watch(ONE);
  await monitors.watch({ ...ONE, state: 5 });
  await notify('one.example', 5);
  await notify('one.example', 5);
  assert.deepEqual(rebooted, [['one.example', 5]]);
});

test('SM_MON, SM_UNMON, SM_UNMON_ALL: for programs of this host alone, who are told of a restart', async () => {
  const { store, call, notify, watchers } = subject();
  const mon = { mon_id: { mon_name: Buffer.from('192.0.2.7'), my_id: MY_ID }, priv: Buffer.alloc(16, 7) };
  assert.deepEqual(await call('SM_MON', mon), { res_stat: 1, state: 1 });
  assert.deepEqual(await call('SM_MON', mon, LOCAL), { res_stat: 0, state: 1 });
  assert.equal(store.list()[0]?.watcher?.cookie, '07'.repeat(16));
  await notify('whatever', 9, '192.0.2.7');
  await notify('192.0.2.7', 9, '192.0.2.7');
  assert.deepEqual(watchers, [['192.0.2.7', 9]]);
  await call('SM_UNMON', mon.mon_id);
  assert.equal(store.list().length, 1);
  assert.deepEqual(await call('SM_UNMON', mon.mon_id, LOCAL), { state: 1 });
  assert.equal(store.list().length, 0);
  await call('SM_MON', mon, LOCAL);
  assert.deepEqual(await call('SM_UNMON_ALL', MY_ID, LOCAL), { state: 1 });
  assert.equal(store.list().length, 0);
});

test('SM_STAT: any host can be monitored; the state number is ours', async () => {
  assert.deepEqual(await subject().call('SM_STAT', { mon_name: Buffer.from('x') }), { res_stat: 0, state: 1 });
});

test('SM_SIMU_CRASH: for root on this host alone', async () => {
  const { call, crashes } = subject();
  await call('SM_SIMU_CRASH', undefined);
  await call('SM_SIMU_CRASH', undefined, { ...LOCAL, port: 5000 });
  assert.equal(crashes(), 0);
  await call('SM_SIMU_CRASH', undefined, { ...LOCAL, port: 700 });
  assert.equal(crashes(), 1);
});

test('watch: one name from two addresses is warned of, once', async () => {
  const { monitors, log } = subject();
  await monitors.watch(ONE);
  for (let i = 0; i < 2; i++) await monitors.watch({ ...ONE, address: '192.0.2.10' });
  assert.equal(log.lines.filter((line) => JSON.stringify(line).includes('two addresses')).length, 1);
});

test('watch: a client that could not be written down is not taken for one that was', async (t) => {
  const { store, monitors } = subject();
  t.mock.method(store, 'keep', async () => {
    throw new Error('no space left');
  });
  await assert.rejects(monitors.watch(ONE), /no space left/);
  await assert.rejects(monitors.watch(ONE), /no space left/);
  t.mock.restoreAll();
  await monitors.watch(ONE);
  assert.equal(store.list().length, 1);
});

test('watch: no address has more names than the limit, nor have all together', async () => {
  const store = new MemoryMonitors();
  const monitors = new Monitors(store, new RememberingLog(), Date.now, { hosts: 3, ofAddress: 2 });
  const watch = (name: string, address: string) => monitors.watch({ ...ONE, name, address });
  await watch('a', '192.0.2.9');
  await watch('b', '192.0.2.9');
  await assert.rejects(watch('c', '192.0.2.9'), /2 hosts are monitored at 192.0.2.9/);
  await watch('b', '192.0.2.9');
  await watch('c', '192.0.2.10');
  await assert.rejects(watch('d', '192.0.2.10'), /3 hosts are monitored/);
  assert.equal(store.list().length, 3);
});

test('Notifier: tells under every name until it is acknowledged, and that stays known', async (t) => {
  const { store, monitors, log } = subject();
  await monitors.watch(ONE);
  store.renew(3, 'other');
  const said: [string, number][] = [];
  const told: Monitor[] = [];
  let failures = 2;
  const notifier = new Notifier({
    ...{ monitors, log, names: ['server'], times: { answer: 100, retry: 1, giveUp: 10_000 } },
    told: (monitor) => void told.push(monitor),
    connect: async ({ host, localAddress }) => {
      assert.deepEqual([host, localAddress], [ONE.address, ONE.localAddress]);
      if (failures-- > 0) throw new Error('no route');
      const client: Pick<RpcClient, 'call' | 'close'> = {
        call: async (_program, _version, _procedure, _type, args) => {
          const { mon_name, state } = args as { mon_name: Buffer; state: number };
          said.push([mon_name.toString(), state]);
          return undefined as never;
        },
        close: () => {},
      };
      return client as RpcClient;
    },
  });
  t.after(() => notifier.close());
  notifier.start();
  await until(() => told.length === 1);
  assert.deepEqual(said, [
    [ONE.localAddress, 3],
    ['server', 3],
  ]);
  assert.equal(store.list()[0]?.told, 3);
});

test('Notifier: a host that cannot be told is given up, and its own restarts are heard still', async (t) => {
  const { store, monitors, log, rebooted, notify } = subject();
  await monitors.watch(ONE);
  store.renew(3, 'other');
  const notifier = new Notifier({
    ...{ monitors, log, names: [], times: { answer: 100, retry: 1, giveUp: 10 }, told: () => assert.fail() },
    connect: () => Promise.reject(new Error('no route')),
  });
  t.after(() => notifier.close());
  notifier.start();
  await until(() => store.list().length === 0 || store.list()[0]?.told === 3);
  await notify(ONE.name, 5);
  assert.deepEqual(rebooted, [[ONE.name, 5]]);
});

test('Notifier: what cannot be written down ends nothing', async (t) => {
  const { store, monitors, log } = subject();
  await monitors.watch(ONE);
  store.renew(3, 'other');
  t.mock.method(store, 'keep', async () => {
    throw new Error('no space left');
  });
  const told: Monitor[] = [];
  const notifier = new Notifier({
    ...{ monitors, log, names: [], told: (monitor: Monitor) => void told.push(monitor) },
    connect: async () => ({ call: async () => undefined, close: () => {} }) as unknown as RpcClient,
  });
  t.after(() => notifier.close());
  notifier.start();
  await until(() => told.length === 1);
});

test('the monitor folder: survives a restart, whatever the names are, and names a damaged file', async () => {
  const directory = scratchDirectory();
  const hosts = ['one', '../../etc/passwd', 'x'.repeat(1024), '\xff\0\n'].map((name) => ({ ...monitorOf(name) }));
  const before = await openState(directory);
  await Promise.all(hosts.map((host) => before.monitors.keep(host)));
  await before.monitors.drop(hosts[0]!);
  before.monitors.renew(5, before.locks.lineage);
  await before.close();

  writeFileSync(`${directory}/nsm/host-half.new`, '{');
  const after = await openState(directory);
  const names = after.monitors.list().map(({ name }) => name);
  assert.deepEqual(
    names.sort(),
    hosts
      .slice(1)
      .map(({ name }) => name)
      .sort(),
  );
  assert.deepEqual([after.monitors.state, after.monitors.lineage], [5, after.locks.lineage]);
  after.locks.clear();
  assert.notEqual(after.monitors.lineage, after.locks.lineage);
  await after.close();

  assert.ok(!readdirSync(`${directory}/nsm`).includes('host-half.new'));
  const [host] = readdirSync(`${directory}/nsm`);
  assert.ok(host !== undefined);
  for (const [file, text] of [
    [host, '{}'],
    [host, ''],
    ['own', '{"state":"5"}'],
    ['own', 'null'],
    ['own', 'rubbish'],
  ] as const) {
    writeFileSync(`${directory}/nsm/${file}`, text);
    const isClear = (error: unknown) =>
      error instanceof StateError && error.message.includes(`nsm/${file} cannot be read`);
    await assert.rejects(openState(directory), isClear, `${file} with ${text}`);
    if (file === host) rmSync(`${directory}/nsm/${file}`);
  }
});

function monitorOf(name: string): Monitor {
  return { name, address: '192.0.2.9', localAddress: '192.0.2.1', state: 3, told: 1, since: 1 };
}
