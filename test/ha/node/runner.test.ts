import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackageConfig } from '../../../src/ha/config.ts';
import type { Lease } from '../../../src/ha/coordinator/contract.ts';
import type { MemoryCluster } from '../../../src/ha/coordinator/memory.ts';
import type { Action } from '../../../src/ha/decide/snapshot.ts';
import { PackageRunner, type Served } from '../../../src/ha/node/runner.ts';
import { FakeClock, LEASE, memoryCluster, planOf, STORAGE, World } from './world.ts';

const TAKE: Action = { do: 'take', kind: 'start', order: undefined };
const release = (successor?: string): Action => ({ do: 'release', successor });

/** A runner on node `a`, and everything around it. */
class Subject {
  readonly clock = new FakeClock();
  readonly world = new World(this.clock);
  readonly cluster: MemoryCluster = memoryCluster(this.clock);
  readonly coordinator = this.cluster.join('a');
  readonly served: Served[] = [];
  readonly runner: PackageRunner;
  maintenance = false;

  constructor(plan: PackageConfig = planOf(), fenced = false) {
    const { world, coordinator } = this;
    const { release } = coordinator;
    coordinator.release = (grant, successor) => {
      world.step(`release lease to ${successor ?? 'anybody'}`);
      return release.call(coordinator, grant, successor);
    };
    this.runner = new PackageRunner({
      plan,
      settings: {
        ...{ package: 'data', node: 'a', stateDirectory: '/srv/state', runDirectory: '/run/a', port: 2049 },
        ...{ paths: [], options: '', allow: [], exportsFile: undefined, graceSeconds: 90, setQuota: false },
        ...{ names: [], logLevel: 'info', json: true },
      },
      restarts: { count: 2, periodMilliseconds: 60_000 },
      fenced,
      coordinator,
      ports: world.ports,
      log: world.log,
      changed: () => {},
      served: (event) => this.served.push(event),
      crashed: () => {},
    });
  }

  apply(action: Action): void {
    const lease = undefined;
    this.runner.apply({ action, reason: 'because' }, { maintenance: this.maintenance, lease });
  }

  /** Takes the package, and forgets the steps of it. */
  async start(): Promise<void> {
    this.apply(TAKE);
    await this.clock.until(() => this.runner.status.phase === 'active');
    this.world.steps.length = 0;
  }

  /** Waits until the runner has come to this phase and does nothing more. */
  async until(phase: string): Promise<void> {
    await this.clock.until(() => this.runner.status.phase === phase && !this.runner.isBusy);
  }

  get leaseState() {
    return this.coordinator.snapshot().then(({ leases }) => leases.get('data')?.state);
  }
}

test('take: sockets and process first, then storage, state, address; clients are woken last', async () => {
  const subject = new Subject(planOf({ storage: STORAGE }));
  const connection = { localAddress: '192.0.2.50', localPort: 2049, address: '192.0.2.9', port: 900 };
  subject.world.connections = [connection, { ...connection, address: '192.0.2.50' }];
  subject.apply(TAKE);
  await subject.until('active');
  assert.deepEqual(subject.world.steps, [
    ...['listen', 'spawn', 'mount', 'server activate', 'raise', 'wake 1', 'server addressed'],
  ]);
  assert.deepEqual(
    subject.served.map(({ kind, reason }) => [kind, reason]),
    [['start', 'because']],
  );
});

test('take: a prepared process is used, and the lease that somebody else has is not', async () => {
  const subject = new Subject();
  subject.apply({ do: 'prepare' });
  await subject.until('ready');
  const other = subject.cluster.join('b');
  const grant = await other.acquire('data');
  subject.apply(TAKE);
  await subject.until('ready');
  assert.equal(subject.runner.granted, false);
  assert.deepEqual(subject.world.steps, ['listen', 'spawn']);
  await other.release(grant!);
  subject.apply(TAKE);
  await subject.until('active');
  assert.deepEqual(subject.world.steps.slice(2), ['server activate', 'raise', 'wake 0', 'server addressed']);
});

test('take: a process that took longer than a lease to load gets the right as it is by then', async () => {
  const subject = new Subject();
  subject.world.preparing = 2 * LEASE;
  subject.apply(TAKE);
  await subject.clock.until(() => subject.world.steps.includes('server activate'));
  const [activate] = subject.world.server.told.filter(({ type }) => type === 'activate');
  assert.ok(activate && 'until' in activate && activate.until > subject.clock.monotonic(), 'the right has not ended');
  const [watch] = subject.world.watchdog;
  assert.ok(watch?.type === 'watch' && watch.until > subject.clock.monotonic(), 'nor is it to be ended');
  await subject.until('active');
  assert.equal(subject.world.server.alive, true);
});

test('a process that practises is not ready for a move, but for whoever needs it at once', async () => {
  const subject = new Subject();
  subject.world.practising = 2000;
  subject.apply({ do: 'prepare' });
  await subject.clock.advance(1900);
  assert.equal(subject.runner.status.phase, 'preparing');
  await subject.clock.advance(200);
  assert.equal(subject.runner.status.phase, 'ready');

  const another = new Subject();
  const began = another.clock.monotonic();
  another.world.practising = 2000;
  another.apply({ do: 'prepare' });
  await another.clock.advance(100);
  another.apply(TAKE);
  await another.until('active');
  assert.equal(another.world.steps.filter((each) => each === 'spawn').length, 1);
  assert.ok(another.clock.monotonic() - began < 2000, 'it was not waited for');
});

test('a process that never says that it has practised is ready all the same', async () => {
  const subject = new Subject();
  subject.world.practising = 60_000;
  subject.apply({ do: 'prepare' });
  await subject.clock.advance(6000);
  assert.equal(subject.runner.status.phase, 'ready');
});

test('stand down ends the prepared process', async () => {
  const subject = new Subject();
  subject.apply({ do: 'prepare' });
  await subject.until('ready');
  subject.apply({ do: 'stand down' });
  await subject.until('idle');
  assert.deepEqual(subject.world.steps.slice(2), ['server SIGTERM', 'close sockets']);
});

test('release: drained, address away before the process and its connections, storage, and the lease last', async () => {
  const subject = new Subject(planOf({ storage: STORAGE }));
  await subject.start();
  subject.apply(release('b'));
  subject.apply(release('b'));
  await subject.until('idle');
  assert.deepEqual(subject.world.steps, [
    ...['server release', 'lower', 'server SIGTERM', 'unmount', 'close sockets', 'release lease to b'],
  ]);
  assert.equal(await subject.leaseState, 'released');
  assert.deepEqual(subject.world.watchdog.at(-1), { type: 'forget', package: 'data' });
});

test('release: a server that does not let go in time is ended all the same', async () => {
  const subject = new Subject();
  await subject.start();
  subject.world.server.obedient = false;
  subject.apply(release());
  await subject.until('idle');
  assert.deepEqual(subject.world.steps.slice(0, 4), ['server release', 'lower', 'server SIGTERM', 'server SIGKILL']);
  assert.equal(await subject.leaseState, 'released');
});

for (const failure of ['prepare', 'mount', 'activate', 'raise'] as const) {
  test(`take: when ${failure} fails, what was done is undone, the node is barred, and the lease waits for a decision`, async () => {
    const subject = new Subject(planOf({ storage: STORAGE }));
    subject.world.failing.add(failure);
    subject.apply(TAKE);
    await subject.until('failed');
    const { problem, barredUntil } = subject.runner.status;
    assert.match(problem ?? '', /EADDRINUSE|no port is free|does not work|cannot be opened/);
    assert.equal(barredUntil > subject.clock.wall(), true);
    assert.equal(
      subject.world.servers.every(({ alive }) => !alive),
      true,
    );
    assert.equal(subject.world.mounted, false);
    assert.equal(subject.world.raised.size, 0);
    assert.equal(subject.runner.granted, true);
    subject.apply(release('b'));
    await subject.clock.until(() => !subject.runner.granted && !subject.runner.isBusy);
    assert.equal(await subject.leaseState, 'released');
    assert.equal(subject.runner.status.phase, 'failed');
  });
}

test('take: a port that is taken is found out before the lease is asked for', async () => {
  const subject = new Subject();
  subject.world.failing.add('listen');
  subject.apply(TAKE);
  await subject.until('failed');
  assert.match(subject.runner.status.problem ?? '', /EADDRINUSE/);
  assert.equal(await subject.leaseState, undefined);
  assert.equal(
    subject.world.steps.every((step) => step === 'listen' || step === 'lower'),
    true,
  );
});

test('take: a port that the process of a dead daemon still has is waited for', async () => {
  const subject = new Subject();
  subject.world.failing.add('listen');
  subject.apply(TAKE);
  await subject.clock.advance(2000);
  subject.world.failing.delete('listen');
  await subject.until('active');
});

test('bars grow with each failure', async () => {
  const subject = new Subject();
  subject.world.failing.add('raise');
  const bars: number[] = [];
  for (let round = 0; round < 3; round++) {
    subject.apply(TAKE);
    await subject.clock.until(() => subject.runner.granted);
    await subject.until('failed');
    bars.push(subject.runner.status.barredUntil - subject.clock.wall());
    subject.apply(release());
    await subject.clock.until(() => !subject.runner.granted);
    await subject.clock.advance(30_000);
  }
  assert.equal(bars[0]! < bars[1]! && bars[1]! < bars[2]!, true, `${bars}`);
});

test('a crash: lease and address stay, a new process takes over with the same token', async () => {
  const subject = new Subject();
  await subject.start();
  const first = subject.world.server;
  first.crash();
  await subject.clock.until(() => subject.world.server !== first);
  await subject.until('active');
  assert.deepEqual(subject.world.steps, ['spawn', 'server activate', 'wake 0', 'server addressed']);
  const tokens = [first, subject.world.server].map(({ told }) => told.find(({ type }) => type === 'activate'));
  assert.deepEqual(
    tokens.map((message) => message && 'token' in message && message.token),
    [1, 1],
  );
  assert.equal(subject.served.at(-1)?.kind, 'restart');
});

test('too many crashes within the period: the package fails here, and is not started again', async () => {
  const subject = new Subject();
  await subject.start();
  for (let crash = 1; crash <= 3; crash++) {
    const { server } = subject.world;
    server.crash();
    await subject.clock.until(() => subject.world.server !== server || crash === 3);
    await subject.until(crash === 3 ? 'failed' : 'active');
  }
  assert.match(subject.runner.status.problem ?? '', /it ended 3 times within 60 s/);
  assert.equal(subject.world.raised.size, 0);
});

test('crashes are forgotten after the period', async () => {
  const subject = new Subject();
  await subject.start();
  for (let crash = 1; crash <= 5; crash++) {
    const { server } = subject.world;
    server.crash();
    await subject.clock.until(() => subject.world.server !== server);
    await subject.until('active');
    await subject.clock.advance(40_000);
  }
});

test('in maintenance a crashed process is started again however often, and never moves', async () => {
  const subject = new Subject();
  subject.maintenance = true;
  await subject.start();
  for (let crash = 1; crash <= 6; crash++) {
    const { server } = subject.world;
    subject.apply({ do: 'keep' });
    server.crash();
    await subject.clock.until(() => subject.world.server !== server);
    await subject.until('active');
  }
  assert.equal(subject.world.raised.size, 1);
});

test('a server that cannot be activated again after a crash counts as a crash each time', async () => {
  const subject = new Subject();
  await subject.start();
  subject.world.failing.add('activate');
  subject.world.server.crash();
  await subject.until('failed');
  assert.match(subject.runner.status.problem ?? '', /cannot be opened; it ended 3 times/);
});

test('renewals: the licence reaches the server, the addresses and the watchdog, three times a lease time', async () => {
  const subject = new Subject();
  await subject.start();
  const licences = () => subject.world.server.told.filter(({ type }) => type === 'licence').length;
  const before = licences();
  await subject.clock.advance(LEASE);
  assert.equal(licences() - before >= 3, true);
  const { until } = subject.world.server;
  assert.equal(until > subject.clock.now, true);
  assert.equal(subject.world.raised.get('data')?.until, until);
  const watch = subject.world.watchdog.at(-1);
  assert.deepEqual(watch, {
    ...{ type: 'watch', package: 'data', pid: subject.world.server.pid, startTime: '77', until },
    addresses: [{ address: '192.0.2.50', prefix: 24, device: 'eth0' }],
  });
});

test('a lost coordinator: served until just before the grant ends, and nothing is left when it has ended', async () => {
  const subject = new Subject();
  await subject.start();
  await subject.clock.advance(LEASE);
  subject.cluster.partition('a', 'both');
  const { server } = subject.world;
  const { until } = server;
  await subject.clock.advance(until - subject.clock.now - 400);
  assert.equal(server.alive, true);
  assert.equal(subject.world.raised.size, 1);
  await subject.clock.until(() => !server.alive);
  assert.equal(subject.clock.now < until, true);
  const kill = subject.world.steps.indexOf('server SIGKILL');
  assert.deepEqual(new Set(subject.world.steps.slice(0, kill)), new Set(['lower']));
  await subject.until('idle');
  assert.equal(server.until, until);
  assert.match(subject.runner.status.problem ?? '', /coordinator could not be reached/);
  assert.equal(subject.runner.granted, false);
});

test('a lost coordinator that comes back in time is no event', async () => {
  const subject = new Subject();
  await subject.start();
  for (let times = 0; times < 5; times++) {
    subject.cluster.partition('a', 'both');
    await subject.clock.advance(LEASE / 2);
    subject.cluster.partition('a', 'off');
    await subject.clock.advance(LEASE);
  }
  assert.equal(subject.runner.status.phase, 'active');
  assert.deepEqual(subject.world.steps, []);
});

test('a daemon that slept beyond the end does not renew, sends no licence, and gives the package up', async () => {
  const subject = new Subject();
  await subject.start();
  const { server } = subject.world;
  const { until } = server;
  // Nobody took the lease meanwhile, so the coordinator would still renew it.
  await subject.clock.sleep(2 * LEASE);
  await subject.until('idle');
  assert.equal(server.until, until);
  assert.equal(server.alive, false);
  assert.equal(subject.cluster.leases.get('data')?.token, 1);
  assert.equal(subject.world.steps.includes('release lease to anybody'), false);
});

test('a daemon that slept says that it serves no more, before any timer has run', async () => {
  const subject = new Subject();
  await subject.start();
  subject.clock.now += 2 * LEASE;
  assert.deepEqual([subject.runner.status.phase, subject.runner.granted], ['releasing', false]);
  await subject.until('idle');
});

test('a lease lost while the package is being taken: the takeover is called off and undone', async () => {
  const subject = new Subject(planOf({ storage: STORAGE }));
  subject.apply({ do: 'prepare' });
  await subject.until('ready');
  subject.world.servers[0]!.obedient = false;
  subject.apply(TAKE);
  await subject.clock.until(() => subject.world.steps.includes('server activate'));
  subject.cluster.partition('a', 'both');
  await subject.until('idle');
  assert.equal(subject.world.servers[0]!.alive, false);
  assert.equal(subject.world.mounted, false);
  assert.equal(subject.world.steps.includes('raise'), false);
});

test('a lease lost during a release: the release goes on by itself, and the server dies at once', async () => {
  const subject = new Subject();
  await subject.start();
  subject.world.server.obedient = false;
  subject.cluster.partition('a', 'both');
  await subject.clock.advance(LEASE / 2);
  const { server } = subject.world;
  const { until } = server;
  subject.apply(release('b'));
  await subject.clock.until(() => !server.alive);
  assert.equal(subject.clock.now < until, true);
  await subject.until('idle');
  assert.equal(
    subject.world.steps.some((step) => step.startsWith('release lease')),
    false,
  );
});

test('addresses that cannot be removed: the lease is left to run out', async () => {
  const subject = new Subject();
  await subject.start();
  subject.world.failing.add('lower');
  subject.apply(release('b'));
  await subject.until('failed');
  assert.equal(
    subject.world.steps.some((step) => step.startsWith('release lease')),
    false,
  );
  assert.equal(subject.world.watchdog.at(-1)?.type, 'watch');
});

test('a process that waits for a disk and cannot be ended: the lease is not given up, however often it is tried', async () => {
  const subject = new Subject();
  await subject.start();
  const attributes = { kind: 'answer', status: 5, milliseconds: 1 } as const;
  const roots = [{ path: '/srv/data', attributes, free: undefined }];
  subject.world.answers = () => ({ ping: { kind: 'answer', status: 0, milliseconds: 1 }, roots, lock: undefined });
  Object.assign(subject.world.server, { stuck: true, obedient: false });
  await subject.until('failed');
  subject.apply(release('b'));
  await subject.clock.until(() => !subject.runner.granted);
  await subject.until('failed');
  assert.equal(
    subject.world.steps.some((step) => step.startsWith('release lease')),
    false,
  );
  assert.equal(subject.world.watchdog.at(-1)?.type, 'watch');
});

for (const how of ['let go of', 'lost'] as const) {
  test(`a package that is ${how} while its process cannot be ended: the node does not say that it has stopped`, async () => {
    const subject = new Subject();
    await subject.start();
    Object.assign(subject.world.server, { stuck: true, obedient: false });
    if (how === 'lost') subject.cluster.partition('a', 'both');
    else subject.apply(release('b'));
    await subject.clock.until(() => !subject.runner.granted && !subject.runner.isBusy);
    assert.equal(subject.runner.status.phase, 'failed');
    assert.match(subject.runner.status.problem ?? '', /may still be on this node/);
    assert.equal(subject.runner.status.barredUntil > subject.clock.wall(), true);
  });
}

test('storage that stays mounted: the lease is kept, and given up when it is unmounted at last', async () => {
  const subject = new Subject(planOf({ storage: STORAGE }));
  await subject.start();
  subject.world.failing.add('unmount');
  subject.apply(release('b'));
  await subject.clock.advance(5 * LEASE);
  assert.equal(subject.runner.granted, true);
  assert.equal(await subject.leaseState, 'held');
  assert.match(subject.runner.status.problem ?? '', /stays mounted here/);
  subject.world.failing.delete('unmount');
  await subject.until('idle');
  assert.equal(await subject.leaseState, 'released');
});

test('storage that stays mounted on a node that can be fenced: its lease runs out, so that it is', async () => {
  const subject = new Subject(planOf({ storage: STORAGE }), true);
  await subject.start();
  subject.world.failing.add('unmount');
  subject.apply(release('b'));
  await subject.clock.advance(10 * LEASE);
  assert.equal(subject.runner.granted, false);
  assert.equal(await subject.leaseState, 'expired');
});

test('storage that an earlier run left mounted is unmounted once the lease is not in its name any more', async () => {
  const subject = new Subject(planOf({ storage: STORAGE }));
  const { world, runner } = subject;
  world.mounted = true;
  await runner.lookForLeftovers();
  const idle = (lease: Partial<Lease>) =>
    runner.apply(
      { action: { do: 'nothing' }, reason: '' },
      {
        maintenance: false,
        lease: { package: 'data', holder: 'a', token: 1, state: 'held', age: 0, successor: undefined, ...lease },
      },
    );
  idle({});
  await subject.clock.advance(LEASE);
  assert.deepEqual([runner.status.phase, runner.status.mounted, world.steps], ['idle', true, []]);
  world.failing.add('unmount');
  idle({ state: 'expired' });
  await subject.clock.advance(LEASE);
  assert.deepEqual([runner.status.phase, runner.status.mounted], ['releasing', true]);
  world.failing.delete('unmount');
  await subject.until('idle');
  assert.deepEqual([runner.status.mounted, world.mounted, runner.status.problem], [false, false, undefined]);
});

test('storage that an earlier run left mounted serves as it is where the package is taken again', async () => {
  const subject = new Subject(planOf({ storage: STORAGE }));
  subject.world.mounted = true;
  await subject.runner.lookForLeftovers();
  subject.apply(TAKE);
  await subject.until('active');
  assert.equal(subject.world.steps.includes('unmount'), false);
});

test('a hung server is killed, and its package started again in place', async () => {
  const subject = new Subject();
  await subject.start();
  const { server } = subject.world;
  subject.world.answers = () =>
    server.alive
      ? { ping: { kind: 'silence', milliseconds: 1000 }, roots: [], lock: undefined }
      : { ping: { kind: 'answer', status: 0, milliseconds: 1 }, roots: [], lock: undefined };
  await subject.clock.until(() => !server.alive);
  await subject.until('active');
  assert.equal(subject.served.at(-1)?.kind, 'restart');
  assert.match(subject.served.at(-1)?.reason ?? '', /has not answered a NULL/);
});

test('a hung server that not even SIGKILL ends: the package fails here, and goes elsewhere', async () => {
  const subject = new Subject();
  await subject.start();
  subject.world.server.stuck = true;
  subject.world.answers = () => ({ ping: { kind: 'silence', milliseconds: 1000 }, roots: [], lock: undefined });
  await subject.clock.until(() => subject.runner.status.phase === 'failed', 15_000);
  assert.match(subject.runner.status.problem ?? '', /has not answered a NULL .*; SIGKILL does not end its process/);
  assert.equal(subject.world.steps.includes('server release'), false);
});

test('dead storage: the package fails here; in maintenance it is left where it is', async () => {
  for (const maintenance of [false, true]) {
    const subject = new Subject();
    subject.maintenance = maintenance;
    await subject.start();
    const attributes = { kind: 'answer', status: 5, milliseconds: 1 } as const;
    const roots = [{ path: '/srv/data', attributes, free: undefined }];
    subject.world.answers = () => ({ ping: { kind: 'answer', status: 0, milliseconds: 1 }, roots, lock: undefined });
    await subject.clock.until(() => subject.runner.status.problem !== undefined);
    await subject.until(maintenance ? 'active' : 'failed');
    assert.match(subject.runner.status.problem ?? '', /the storage of \/srv\/data fails: I\/O error/);
  }
});

test('a fence command: its success holds for the token that it was run for', async () => {
  const subject = new Subject();
  const lease = { package: 'data', holder: 'b', token: 7, state: 'expired', age: 9000, successor: undefined } as const;
  const fence = () =>
    subject.runner.apply({ action: { do: 'fence', node: 'b' }, reason: '' }, { maintenance: false, lease });
  subject.world.failing.add('fence');
  fence();
  await subject.until('idle');
  assert.equal(subject.runner.fencedToken, undefined);
  assert.match(subject.runner.status.problem ?? '', /b could not be fenced/);
  subject.world.failing.delete('fence');
  fence();
  await subject.until('idle');
  assert.equal(subject.runner.fencedToken, 7);
});

test('close: everything is let go, whatever is under way', async () => {
  const subject = new Subject();
  await subject.start();
  const closed = subject.runner.close();
  await subject.until('idle');
  await closed;
  assert.equal(await subject.leaseState, 'released');
  assert.equal(subject.world.server.alive, false);
});
