import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthServer } from '../../src/ha/http.ts';
import { NodeMetrics } from '../../src/server/node-metrics.ts';
import { FakeCluster, nodeOf, packageOf, reportOf, stateOf } from '../ha/cluster-fakes.ts';

/** The metrics of ours, without comments. */
async function lines(metrics: NodeMetrics): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('steadfs_'));
}

test('metrics of a node: what the daemon knows, and nothing of what is not there', async () => {
  const metrics = new NodeMetrics();
  assert.deepEqual(await lines(metrics), []);
  const pulse = { finished: 70, running: 2, oldest: 1500 };
  let report = reportOf({
    nodes: [nodeOf('a', { links: { eth0: true, eth1: false } }), nodeOf('b', { alive: false, drained: true })],
    packages: [
      packageOf('data'),
      packageOf('home', { lease: undefined, maintenance: true, states: { a: stateOf('failed', 'no disk') } }),
    ],
  });
  metrics.watch({ view: () => report, pulse: (name) => (name === 'data' ? pulse : undefined) });
  assert.deepEqual(await lines(metrics), [
    ...['steadfs_node_alive{node="a"} 1', 'steadfs_node_alive{node="b"} 0'],
    ...['steadfs_node_drained{node="a"} 0', 'steadfs_node_drained{node="b"} 1'],
    'steadfs_coordinator_age_seconds 0.1',
    ...['steadfs_link_up{interface="eth0"} 1', 'steadfs_link_up{interface="eth1"} 0'],
    ...['steadfs_package_active{package="data"} 1', 'steadfs_package_active{package="home"} 0'],
    ...['steadfs_package_problem{package="data"} 0', 'steadfs_package_problem{package="home"} 1'],
    ...['steadfs_package_maintenance{package="data"} 0', 'steadfs_package_maintenance{package="home"} 1'],
    ...['steadfs_package_lease_held{package="data"} 1', 'steadfs_package_lease_held{package="home"} 0'],
    'steadfs_package_lease_age_seconds{package="data"} 0.4',
    'steadfs_server_calls_finished{package="data"} 70',
    'steadfs_server_calls_running{package="data"} 2',
    'steadfs_server_oldest_call_seconds{package="data"} 1.5',
  ]);
  report = reportOf({ age: undefined, nodes: [], packages: [] });
  assert.deepEqual(await lines(metrics), []);
});

test('metrics of a node: moves with their durations, crashes and renewals are counted', async () => {
  const metrics = new NodeMetrics();
  metrics.served('data', 'takeover', 640);
  metrics.served('data', 'takeover', 1640);
  metrics.crashed('data');
  for (const isDone of [true, true, false]) metrics.renewed('data', isDone);
  const found = await lines(metrics);
  for (const line of [
    'steadfs_package_served_seconds_bucket{le="1",package="data",kind="takeover"} 1',
    'steadfs_package_served_seconds_sum{package="data",kind="takeover"} 2.28',
    'steadfs_package_served_seconds_count{package="data",kind="takeover"} 2',
    'steadfs_server_crashes_total{package="data"} 1',
    'steadfs_lease_renewals_total{package="data",result="done"} 2',
    'steadfs_lease_renewals_total{package="data",result="failed"} 1',
  ]) {
    assert.ok(found.includes(line), `${line} in ${found.join('\n')}`);
  }
});

test('/metrics beside the health endpoints: for GET alone, and not without metrics', async () => {
  const cluster = new FakeCluster();
  const metrics = new NodeMetrics();
  metrics.watch({ view: () => cluster.view(), pulse: () => undefined });
  for (const [given, status] of [
    [metrics, 200],
    [undefined, 404],
  ] as const) {
    const server = await HealthServer.start({ host: '127.0.0.1', port: 0 }, cluster, given);
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}/metrics?x`);
      assert.equal(response.status, status);
      const text = await response.text();
      assert.equal(text.includes('steadfs_package_active{package="data"} 1'), status === 200);
      assert.equal((await fetch(`http://127.0.0.1:${server.port}/metrics`, { method: 'POST' })).status, 405);
      assert.equal((await fetch(`http://127.0.0.1:${server.port}/health`)).status, 200);
    } finally {
      await server.close();
    }
  }
});
