import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoordinatorLost } from '../../../src/ha/coordinator/contract.ts';
import { MemoryCluster } from '../../../src/ha/coordinator/memory.ts';
import { scheduleTest } from './schedule.ts';
import { coordinatorSuite, LEASE } from './suite.ts';
import { VirtualTime } from './virtual-time.ts';

coordinatorSuite('memory', async () => {
  const time = new VirtualTime();
  const clusters = new Map<string, MemoryCluster>();
  return {
    time,
    join: async (node, name) => {
      const cluster = clusters.get(name) ?? new MemoryCluster(LEASE, time.now);
      clusters.set(name, cluster);
      return cluster.join(node);
    },
    cutOff: (node, off) => {
      for (const cluster of clusters.values()) cluster.partition(node, off ? 'both' : 'off');
    },
    end: async () => {},
  };
});

test('memory: a call whose answer is lost has its effect all the same', async () => {
  const cluster = new MemoryCluster(LEASE, new VirtualTime().now);
  const [a, b] = [cluster.join('a'), cluster.join('b')];
  cluster.partition('a', 'replies');
  await assert.rejects(a.acquire('web'), CoordinatorLost);
  assert.equal((await b.snapshot()).leases.get('web')?.holder, 'a');
  assert.equal(await b.acquire('web'), undefined);
});

scheduleTest('memory', 5, 'one clock', (time) => {
  const cluster = new MemoryCluster(LEASE, time.now);
  return (host) => {
    const node = cluster.join(host.node);
    return {
      node: node.node,
      leaseMilliseconds: LEASE,
      snapshot: () => host.ask(() => node.snapshot()),
      acquire: (name) => host.ask(() => node.acquire(name)),
      renew: (grant) => host.ask(() => node.renew(grant)),
      release: (grant, successor) => host.ask(() => node.release(grant, successor)),
      publish: (status) => host.ask(() => node.publish(status)),
      read: (key) => host.ask(() => node.read(key)),
      write: (key, value, expected) => host.ask(() => node.write(key, value, expected)),
      close: () => node.close(),
    };
  };
});
