import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { clusterText } from '../../src/cli/cluster-text.ts';
import { drainOutcome, maintenanceOutcome, moveOutcome, resumeOutcome } from '../../src/cli/cluster-wait.ts';
import { clusterHandlers } from '../../src/ha/cluster-admin.ts';
import { CoordinatorLost } from '../../src/ha/coordinator/contract.ts';
import { AdminServer } from '../../src/server/admin.ts';
import { entryOf, FakeCluster, leaseOf, nodeOf, packageOf, reportOf, stateOf } from '../ha/cluster-fakes.ts';
import { type Finished, withCommands } from './run.ts';

test('status for people: nodes, packages, sentences, problems and history', () => {
  const text = clusterText(
    reportOf({
      nodes: [
        nodeOf('a', { age: 0, links: { eth0: true, eth1: false } }),
        nodeOf('b', { drained: true, isolated: true, links: { eth0: false } }),
        nodeOf('c', { alive: false, age: undefined, links: {} }),
      ],
      packages: [
        packageOf('data', { states: { a: stateOf('active', 'the disk is full'), b: stateOf('ready') } }),
        packageOf('home', {
          active: undefined,
          lease: undefined,
          states: {},
          maintenance: true,
          reason: 'home has not run yet',
        }),
      ],
      history: [
        entryOf(),
        entryOf({ done: false, to: undefined, milliseconds: 0, reason: 'b was not ready within 10 seconds' }),
      ],
    }),
  );
  assert.deepEqual(text.split('\n'), [
    'cluster files, as node a sees it; coordinator heard 0.1 s ago',
    '',
    'NODE  STATE                     LINKS               LAST SEEN',
    'a     alive                     eth0 up, eth1 down  0.0 s ago',
    'b     alive, drained, isolated  eth0 down           0.1 s ago',
    'c     not alive                 -                   never',
    '',
    'PACKAGE  SERVED BY  ADDRESSES     LEASE                   STATE',
    'data     a          10.0.0.50/24  a held, token 7, 0.4 s  a active, b ready',
    'home     -          10.0.0.50/24  -                       maintenance',
    '  data: a serves data',
    '  data: problem on a: the disk is full',
    '  home: home has not run yet',
    '',
    'WHEN                     PACKAGE  WHAT           FROM  TO  TOOK    WHY',
    '2030-01-02 03:04:05 UTC  data     move           a     b   640 ms  data moves from a to b, as ordered',
    '2030-01-02 03:04:05 UTC  data     move given up  a     -   -       b was not ready within 10 seconds',
    '',
  ]);
});

test('status says so when the coordinator does not answer, and when nothing moved', () => {
  const lines = clusterText(reportOf({ age: 65_000 })).split('\n');
  assert.equal(lines[0], 'cluster files, as node a sees it; coordinator heard 1 min ago');
  assert.equal(lines[1], 'The coordinator does not answer: what follows may be old.');
  assert.equal(lines.at(-2), 'nothing has moved yet');
});

test('a move is over when it is in the history, done or given up', () => {
  const outcome = (changes: Parameters<typeof reportOf>[0], before = {}) =>
    moveOutcome(reportOf(before), reportOf(changes), 'data', 'order');
  assert.equal(outcome({ history: [entryOf({ order: 'other' })] }), undefined);
  assert.deepEqual(outcome({ history: [entryOf()] }), {
    isDone: true,
    lines: ['b serves data after 640 ms'],
  });
  assert.deepEqual(outcome({ history: [entryOf({ done: false, reason: 'b was not ready' })] }), {
    isDone: false,
    lines: ['b was not ready'],
  });
  const packages = [packageOf('data', { move: { id: 'other', node: 'c', from: 'a', at: 0 } })];
  assert.equal(outcome({ packages }, { packages }), undefined, 'the one before is still shown');
  assert.deepEqual(outcome({ packages }), { isDone: false, lines: ['data has been ordered to c meanwhile'] });
});

test('a drain is over when all that was there is served elsewhere', () => {
  const before = reportOf({
    packages: [packageOf('data'), packageOf('home', { active: 'b', lease: leaseOf('home', 'b') })],
  });
  const [data, home] = before.packages;
  assert.ok(data && home);
  const drained = { nodes: [nodeOf('a', { drained: true }), nodeOf('b')] };
  const moved = packageOf('data', { active: 'b', lease: leaseOf('data', 'b') });
  const starting = packageOf('data', { active: undefined, lease: leaseOf('data', 'b') });
  const after = (item: typeof data, more = {}) =>
    drainOutcome(before, reportOf({ ...drained, packages: [item, home], ...more }), 'a');
  assert.equal(after(moved, { nodes: before.nodes }), undefined, 'the order is not seen yet');
  assert.equal(after(data), undefined);
  assert.equal(after(starting), undefined);
  assert.deepEqual(after(moved), { isDone: true, lines: ['b serves data', 'a is drained'] });
  assert.deepEqual(after({ ...data, maintenance: true }), {
    isDone: false,
    lines: ['data stays on a: it is in maintenance', 'a is drained'],
  });
});

test('resume and maintenance are over when they are seen', () => {
  const drained = reportOf({ nodes: [nodeOf('a', { drained: true })] });
  assert.equal(resumeOutcome(drained, 'a'), undefined);
  assert.equal(resumeOutcome(reportOf(), 'a')?.isDone, true);
  assert.equal(maintenanceOutcome(reportOf(), 'data', true), undefined);
  assert.deepEqual(maintenanceOutcome(reportOf(), 'data', false), {
    isDone: true,
    lines: ['data is no longer in maintenance'],
  });
});

/** Runs commands against a node daemon that is a fake. */
async function withDaemon(
  cluster: FakeCluster,
  body: (steadfs: (...args: string[]) => Promise<Finished>) => Promise<void>,
): Promise<void> {
  await withCommands(async ({ folder, start }) => {
    const run = `${folder}/run`;
    mkdirSync(run);
    writeFileSync(`${folder}/c.toml`, `cluster = "files"\nrun = "${run}"\n`);
    const admin = await AdminServer.start(run, clusterHandlers(cluster));
    try {
      await body((...args) => start(['cluster', ...args, '--config', `${folder}/c.toml`]).finished);
    } finally {
      await admin.close();
    }
  });
}

test('steadfs cluster status --json gives the report', async () => {
  const cluster = new FakeCluster();
  await withDaemon(cluster, async (steadfs) => {
    const { code, stdout } = await steadfs('status', '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(cluster.report)));
  });
});

test('steadfs cluster move waits until it is done, and tells how long clients waited', async () => {
  const cluster = new FakeCluster();
  cluster.effect = () => reportOf({ history: [entryOf()] });
  await withDaemon(cluster, async (steadfs) => {
    assert.deepEqual(await steadfs('move', 'data', 'b'), {
      code: 0,
      stdout: 'b serves data after 640 ms\n',
      stderr: '',
    });
    assert.deepEqual(cluster.orders, [{ do: 'move', package: 'data', node: 'b' }]);
  });
});

test('steadfs cluster move: a refusal, and an order that was not done in time, end with 1', async () => {
  const cluster = new FakeCluster();
  await withDaemon(cluster, async (steadfs) => {
    const refused = await steadfs('move', 'data', 'x');
    assert.deepEqual([refused.code, refused.stderr], [1, 'steadfs: there is no node "x"; the nodes are a, b, c\n']);
    const late = await steadfs('move', 'data', '--timeout', '1');
    assert.equal(late.code, 1);
    assert.equal(late.stderr, 'steadfs: it was not done in time, but stays ordered\nsteadfs: data: a serves data\n');
    const unwaited = await steadfs('move', 'data', '--no-wait', '--json');
    assert.deepEqual([unwaited.code, unwaited.stdout], [0, '{"done":false,"messages":["ordered"]}\n']);
  });
});

test('steadfs cluster: a daemon that ends while it answers, or is none, ends with 3', async () => {
  for (const answer of [
    'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{',
  ]) {
    await withCommands(async ({ folder, start }) => {
      const server = createServer((socket) => socket.once('data', () => socket.write(answer, () => socket.destroy())));
      await new Promise<void>((resolve) => server.listen(`${folder}/admin.sock`, resolve));
      const { code, stderr } = await start(['cluster', 'status', '--run', folder]).finished;
      server.close();
      assert.deepEqual([code, /^steadfs: no node daemon answers in .*\n$/.test(stderr)], [3, true], stderr);
    });
  }
});

test('steadfs cluster: no daemon, or no coordinator, ends with 3; wrong usage with 2', async () => {
  const cluster = new FakeCluster();
  cluster.effect = () => new CoordinatorLost('no answer');
  await withDaemon(cluster, async (steadfs) => {
    const lost = await steadfs('drain', 'a');
    assert.deepEqual([lost.code, lost.stderr], [3, 'steadfs: the coordinator does not answer: no answer\n']);
    assert.equal((await steadfs('maintenance', 'data', 'perhaps')).code, 2);
    cluster.report = reportOf({ age: 3000 });
    const old = await steadfs('status');
    assert.deepEqual([old.code, old.stdout], [3, clusterText(cluster.report)]);
  });
  await withCommands(async ({ folder, start }) => {
    const nobody = await start(['cluster', 'status', '--run', folder]).finished;
    assert.equal(nobody.code, 3);
    assert.match(nobody.stderr, /^steadfs: no node daemon answers in .* \(ENOENT\); start it with steadfs node/);
    assert.equal((await start(['cluster', 'status', '--config', `${folder}/no.toml`]).finished).code, 2);
  });
});
