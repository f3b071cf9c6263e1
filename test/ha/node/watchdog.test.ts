import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, type Hosts, missing, until, withHosts } from '../network/hosts.ts';

const IPV4 = { address: '10.0.0.50', prefix: 24, device: 'eth0' };
const IPV6 = { address: 'fd00::50', prefix: 64, device: 'eth0' };
const SOON = 1000;
const LONG = 600_000;

test('a stopped process is killed once its time is over, and its addresses are gone', { skip: missing }, async () => {
  await withDaemon(async ({ daemon }) => {
    const victim = await daemon.call('sleeper');
    for (const address of [IPV4, IPV6]) await daemon.call('hold', address, LONG);
    await daemon.call('watch', { package: 'p', ...victim }, [IPV4, IPV6], SOON);
    await daemon.call('signal', victim.pid, 'SIGSTOP');
    await until('it is dead', async () => !(await daemon.call('isAlive', victim.pid)));
    await until('its addresses are gone', async () => !(await hasAny(daemon)));
  });
});

test('a renewed process lives on, and so does one that is forgotten', { skip: missing }, async () => {
  await withDaemon(async ({ daemon }) => {
    const [renewed, forgotten, left] = [
      await daemon.call('sleeper'),
      await daemon.call('sleeper'),
      await daemon.call('sleeper'),
    ];
    await daemon.call('hold', IPV4, LONG);
    await daemon.call('watch', { package: 'renewed', ...renewed }, [IPV4], SOON);
    await daemon.call('watch', { package: 'forgotten', ...forgotten }, [IPV4], SOON);
    await daemon.call('watch', { package: 'renewed', ...renewed }, [IPV4], LONG);
    await daemon.call('forget', 'forgotten');
    await daemon.call('watch', { package: 'left', ...left }, [], SOON);
    await until('the last one is dead', async () => !(await daemon.call('isAlive', left.pid)));
    assert.ok(await daemon.call('isAlive', renewed.pid));
    assert.ok(await daemon.call('isAlive', forgotten.pid));
    assert.ok(await hasAny(daemon));
  });
});

test('a killed daemon: its process is killed when its time is over, the address is gone, and the watchdog ends', {
  skip: missing,
}, async () => {
  await withDaemon(async ({ daemon, observer, watchdog }) => {
    const victim = await daemon.call('sleeper');
    await daemon.call('hold', IPV4, LONG);
    await daemon.call('watch', { package: 'p', ...victim }, [IPV4], SOON);
    await kill(daemon, observer);
    await until('it is dead', async () => !(await observer.call('isAlive', victim.pid)));
    await until('its address is gone', async () => !(await hasAny(observer)));
    await until('the watchdog has ended', async () => !(await observer.call('isAlive', watchdog)));
  });
});

test('a killed daemon: an address goes with its process, long before its time', { skip: missing }, async () => {
  await withDaemon(async ({ daemon, observer, watchdog }) => {
    const victim = await daemon.call('sleeper');
    await daemon.call('hold', IPV4, LONG);
    await daemon.call('watch', { package: 'p', ...victim }, [IPV4], LONG);
    await kill(daemon, observer);
    await observer.call('signal', victim.pid, 'SIGKILL');
    await until('its address is gone', async () => !(await hasAny(observer)));
    await until('the watchdog has ended', async () => !(await observer.call('isAlive', watchdog)));
  });
});

test('a stopped daemon is no reason to spare its process', { skip: missing }, async () => {
  await withDaemon(async ({ daemon, observer }) => {
    const victim = await daemon.call('sleeper');
    await daemon.call('hold', IPV4, LONG);
    await daemon.call('watch', { package: 'p', ...victim }, [IPV4], SOON);
    await observer.call('signal', await daemon.call('pid'), 'SIGSTOP');
    await until('it is dead', async () => !(await observer.call('isAlive', victim.pid)));
    await until('its address is gone', async () => !(await hasAny(observer)));
  });
});

test('a stopped watchdog acts as soon as it goes on, and reads the renewals first that came meanwhile', {
  skip: missing,
}, async () => {
  await withDaemon(async ({ daemon, watchdog }) => {
    const [renewed, left] = [await daemon.call('sleeper'), await daemon.call('sleeper')];
    await daemon.call('watch', { package: 'renewed', ...renewed }, [], SOON);
    await daemon.call('watch', { package: 'left', ...left }, [], SOON);
    await sleep(SOON / 2);
    await daemon.call('signal', watchdog, 'SIGSTOP');
    await daemon.call('watch', { package: 'renewed', ...renewed }, [], LONG);
    await sleep(SOON);
    await daemon.call('signal', watchdog, 'SIGCONT');
    await until('the one is dead', async () => !(await daemon.call('isAlive', left.pid)));
    assert.ok(await daemon.call('isAlive', renewed.pid));
  });
});

test('a process that has the number of the watched one by now is spared', { skip: missing }, async () => {
  await withDaemon(async ({ daemon }) => {
    const other = await daemon.call('sleeper');
    await daemon.call('hold', IPV4, LONG);
    await daemon.call(
      'watch',
      { package: 'p', pid: other.pid, startTime: `${BigInt(other.startTime) - 1n}` },
      [IPV4],
      0,
    );
    await until('the address is gone', async () => !(await hasAny(daemon)));
    assert.ok(await daemon.call('isAlive', other.pid));
  });
});

test('a watchdog that dies is started again, and knows what to watch', { skip: missing }, async () => {
  await withDaemon(async ({ daemon, watchdog }) => {
    const victim = await daemon.call('sleeper');
    await daemon.call('watch', { package: 'p', ...victim }, [], 4 * SOON);
    await daemon.call('signal', watchdog, 'SIGKILL');
    await until('there is another', async () => (await daemon.call('watchdogPid')) !== watchdog);
    await until('the process is dead', async () => !(await daemon.call('isAlive', victim.pid)));
    assert.deepEqual(await daemon.call('logged'), ['error: the watchdog ended by SIGKILL; it is started again']);
  });
});

test('the signals that end a daemon do not end its watchdog; a daemon that lets go of it does', {
  skip: missing,
}, async () => {
  await withDaemon(async ({ daemon, watchdog }) => {
    const victim = await daemon.call('sleeper');
    await daemon.call('watch', { package: 'p', ...victim }, [], SOON);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) await daemon.call('signal', watchdog, signal);
    await until('the process is dead', async () => !(await daemon.call('isAlive', victim.pid)));
    await daemon.call('closeWatchdog');
    await until('the watchdog has ended', async () => !(await daemon.call('isAlive', watchdog)));
  });
});

interface Setting {
  /** Has the watchdog. */
  readonly daemon: Agent;
  /** Another process of the same host. */
  readonly observer: Agent;
  /** The watchdog's process id. */
  readonly watchdog: number;
}

async function withDaemon(work: (setting: Setting) => Promise<void>): Promise<void> {
  await withHosts(['node'], async (hosts: Hosts) => {
    const [daemon, observer] = [hosts.agent('node'), hosts.agent('node')];
    await daemon.call('startWatchdog');
    const watchdog = (await daemon.call('watchdogPid'))!;
    await until('the watchdog runs', async () => {
      const { stdout } = await hosts.exec('node', 'cat', [`/proc/${watchdog}/comm`]);
      return stdout.startsWith('steadfs watchdo');
    });
    await work({ daemon, observer, watchdog });
  });
}

async function kill(daemon: Agent, observer: Agent): Promise<void> {
  await observer.call('signal', await daemon.call('pid'), 'SIGKILL');
}

/** True if the host has one of the service addresses. */
async function hasAny(agent: Agent): Promise<boolean> {
  const present = await agent.call('list');
  return present.some(({ address }) => address === IPV4.address || address === IPV6.address);
}
