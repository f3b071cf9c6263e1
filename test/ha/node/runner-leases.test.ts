import assert from 'node:assert/strict';
import { test } from 'node:test';
import { release, Subject, TAKE } from './subject.ts';
import { LEASE, planOf, STORAGE } from './world.ts';

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
