import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../../src/ha/coordinator/contract.ts';
import { release, Subject, TAKE } from './subject.ts';
import { LEASE, planOf, STORAGE } from './world.ts';

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
