import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Subject } from './subject.ts';

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
