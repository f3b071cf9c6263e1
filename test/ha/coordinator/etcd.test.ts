import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoordinatorLost } from '../../../src/ha/coordinator/contract.ts';
import { EtcdCoordinator } from '../../../src/ha/coordinator/etcd.ts';
import { EtcdGateway } from '../../../src/ha/coordinator/etcd-gateway.ts';
import type { EtcdStore } from '../../../src/ha/coordinator/etcd-store.ts';
import type { Timing } from '../../../src/ha/coordinator/timing.ts';
import { EtcdLab, lacksEtcd } from './etcd-lab.ts';
import { acquired, coordinatorSuite, LEASE } from './suite.ts';
import { VirtualEtcd } from './virtual-etcd.ts';
import { VirtualTime } from './virtual-time.ts';

const plain = { ca: undefined, certificate: undefined, key: undefined, user: undefined, passwordFile: undefined };

/** A store whose transactions hang while its node is cut off; what was asked then arrives later. */
function cuttable(store: EtcdStore): { readonly store: EtcdStore; cut(off: boolean): void } {
  let back = Promise.resolve();
  let comeBack = () => {};
  return {
    store: {
      commit: async (transaction, deadline) => {
        await back;
        return store.commit(transaction, deadline);
      },
      compact: (revision, deadline) => store.compact(revision, deadline),
      close: () => store.close(),
    },
    cut(off) {
      if (off)
        back = new Promise((resolve) => {
          comeBack = resolve;
        });
      else comeBack();
    },
  };
}

function join(store: EtcdStore, node: string, timing: Timing, cluster = 'c'): EtcdCoordinator {
  return new EtcdCoordinator({ store, cluster, node, leaseMilliseconds: LEASE, timing });
}

coordinatorSuite(
  'etcd',
  async () => {
    const etcd = await EtcdLab.start(1);
    const time = new VirtualTime();
    const joined: { node: string; cut(off: boolean): void; store: EtcdStore }[] = [];
    return {
      time,
      join: async (node, cluster) => {
        const link = cuttable(new EtcdGateway({ ...plain, endpoints: etcd.endpoints }, time));
        joined.push({ ...link, node });
        return join(link.store, node, time, cluster);
      },
      cutOff: (node, off) => {
        for (const link of joined) if (link.node === node) link.cut(off);
      },
      end: async () => {
        for (const { store } of joined) store.close();
        await etcd.end();
      },
    };
  },
  lacksEtcd,
);

/** Loses the answers of transactions that write, as long as it is told to. */
function losingAnswers(etcd: VirtualEtcd, isLosing: () => boolean): EtcdStore {
  return {
    commit: async (transaction) => {
      const answer = etcd.commit(transaction);
      if (isLosing() && transaction.put.length > 0) throw new Error('the answer was lost');
      return answer;
    },
    compact: async () => {},
    close() {},
  };
}

test('etcd: a lease that was acquired without an answer is found and held at the next try', async () => {
  const etcd = new VirtualEtcd();
  const time = new VirtualTime();
  let isLosing = true;
  const a = join(
    losingAnswers(etcd, () => isLosing),
    'a',
    time,
  );
  const b = join(
    losingAnswers(etcd, () => false),
    'b',
    time,
  );
  await assert.rejects(a.acquire('web'), CoordinatorLost);
  const lease = (await b.snapshot()).leases.get('web');
  assert.equal(lease?.holder, 'a');
  isLosing = false;
  await time.pass(LEASE / 2);
  const grant = await acquired(a, 'web');
  assert.equal(grant.token, lease.token);
  await time.pass(LEASE / 2);
  assert.equal(await b.acquire('web'), undefined);
  assert.equal((await a.renew(grant)).token, grant.token);
});

test('etcd: a lease that was acquired without an answer, and then by another, is not held', async () => {
  const etcd = new VirtualEtcd();
  const time = new VirtualTime();
  let isLosing = true;
  const a = join(
    losingAnswers(etcd, () => isLosing),
    'a',
    time,
  );
  const b = join(
    losingAnswers(etcd, () => false),
    'b',
    time,
  );
  await assert.rejects(a.acquire('web'), CoordinatorLost);
  await b.snapshot();
  await time.pass(LEASE);
  await acquired(b, 'web');
  isLosing = false;
  assert.equal(await a.acquire('web'), undefined);
});

test('etcd: history older than an hour is compacted away', { skip: lacksEtcd }, async () => {
  const etcd = await EtcdLab.start(1);
  const time = new VirtualTime();
  const a = join(new EtcdGateway({ ...plain, endpoints: etcd.endpoints }, time), 'a', time);
  try {
    for (let count = 0; count < 5; count += 1) await a.publish(count);
    await a.snapshot();
    assert.match(etcd.etcdctl('get', '--rev=3', '/steadfs/c/nodes/a'), /"status":1/);
    await time.pass(3_600_000);
    await a.publish('later');
    await a.snapshot();
    const isCompacted = () => {
      try {
        etcd.etcdctl('get', '--rev=3', '/steadfs/c/nodes/a');
        return false;
      } catch (error) {
        return /compacted/.test(String(error));
      }
    };
    while (!isCompacted()) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await a.snapshot()).nodes.get('a')?.status, 'later');
  } finally {
    await a.close();
    await etcd.end();
  }
});
