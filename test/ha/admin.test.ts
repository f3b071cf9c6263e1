import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterHandlers } from '../../src/ha/cluster-admin.ts';
import { CoordinatorLost } from '../../src/ha/coordinator/contract.ts';
import { FakeCluster, nodeOf, packageOf, reportOf, stateOf } from './cluster-fakes.ts';

function give(cluster: FakeCluster, body: unknown): unknown {
  const handler = clusterHandlers(cluster)['POST /cluster/order'];
  assert.ok(handler);
  return handler(body);
}

test('the report is the daemon’s', () => {
  const cluster = new FakeCluster();
  assert.equal(clusterHandlers(cluster)['GET /cluster']?.(undefined), cluster.report);
});

test('an order that makes sense is given; a move has an id', async () => {
  const cluster = new FakeCluster();
  const orders = [
    { do: 'move', package: 'data', node: 'b' },
    { do: 'drain', node: 'b' },
    { do: 'resume', node: 'b' },
    { do: 'maintenance', package: 'data', on: true },
  ];
  const answers = [];
  for (const order of orders) answers.push(await give(cluster, order));
  assert.deepEqual(answers, [
    { result: 'taken', id: 'order' },
    { result: 'taken', id: undefined },
    { result: 'taken', id: undefined },
    { result: 'taken', id: undefined },
  ]);
  assert.deepEqual(cluster.orders, orders);
});

test('a move to anywhere else is one, too', async () => {
  const cluster = new FakeCluster();
  assert.deepEqual(await give(cluster, { do: 'move', package: 'data' }), { result: 'taken', id: 'order' });
  assert.deepEqual(cluster.orders, [{ do: 'move', package: 'data', node: undefined }]);
});

const REFUSED: readonly (readonly [object, string])[] = [
  [{ do: 'move', package: 'dta', node: 'b' }, 'there is no package "dta"; the packages are data'],
  [{ do: 'maintenance', package: 'dta', on: true }, 'there is no package "dta"; the packages are data'],
  [{ do: 'move', package: 'data', node: 'x' }, 'there is no node "x"; the nodes are a, b, c, d, e, f'],
  [{ do: 'drain', node: 'x' }, 'there is no node "x"; the nodes are a, b, c, d, e, f'],
  [{ do: 'move', package: 'data', node: 'f' }, 'f is not among the nodes of data: a, b, c, d, e'],
  [{ do: 'move', package: 'data', node: 'b' }, 'b is not alive'],
  [{ do: 'move', package: 'data', node: 'c' }, 'c is drained; "steadfs cluster resume c" ends that'],
  [{ do: 'move', package: 'data', node: 'd' }, 'd has no link on the service network'],
  [{ do: 'move', package: 'data', node: 'e' }, 'e is being stopped'],
  [{ do: 'burn', node: 'a' }, 'this node does not know that order; is it of another version?'],
  [{ do: 'drain', node: 'a', hard: true }, 'this node does not know that order; is it of another version?'],
];

for (const [order, reason] of REFUSED) {
  test(`an order that cannot be met is refused: ${JSON.stringify(order)}`, async () => {
    const nodes = [
      nodeOf('a'),
      nodeOf('b', { alive: false }),
      nodeOf('c', { drained: true }),
      nodeOf('d', { isolated: true }),
      nodeOf('e', { leaving: true }),
      nodeOf('f'),
    ];
    const packages = [packageOf('data', { nodes: ['a', 'b', 'c', 'd', 'e'] })];
    const cluster = new FakeCluster(reportOf({ nodes, packages }));
    assert.deepEqual(await give(cluster, order), { result: 'refused', reason });
    assert.deepEqual(cluster.orders, []);
  });
}

test('a move to where the package is served is done already', async () => {
  const answer = await give(new FakeCluster(), { do: 'move', package: 'data', node: 'a' });
  assert.deepEqual(answer, { result: 'done', reason: 'a serves data already' });
});

test('a package that failed where it is held can be moved', async () => {
  const failed = packageOf('data', { active: undefined, states: { a: stateOf('failed', 'no disk') } });
  const answer = await give(new FakeCluster(reportOf({ packages: [failed] })), {
    do: 'move',
    package: 'data',
    node: 'b',
  });
  assert.deepEqual(answer, { result: 'taken', id: 'order' });
});

test('a coordinator that does not answer is told from a refusal', async () => {
  const cluster = new FakeCluster();
  cluster.effect = () => new CoordinatorLost('no answer within 1 s');
  assert.deepEqual(await give(cluster, { do: 'drain', node: 'a' }), {
    result: 'unreachable',
    reason: 'the coordinator does not answer: no answer within 1 s',
  });
});
