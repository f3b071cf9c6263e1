import assert from 'node:assert/strict';
import { test } from 'node:test';
import { release, Subject, TAKE } from './subject.ts';
import { LEASE, planOf, STORAGE } from './world.ts';

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
