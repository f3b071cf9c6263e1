import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Coordinator, CoordinatorLost, type Grant } from '../../../src/ha/coordinator/contract.ts';
import { EtcdCoordinator } from '../../../src/ha/coordinator/etcd.ts';
import { EtcdGateway } from '../../../src/ha/coordinator/etcd-gateway.ts';
import { realTiming } from '../../../src/ha/coordinator/timing.ts';
import { EtcdLab, lacksEtcd } from './etcd-lab.ts';
import { acquired } from './suite.ts';

/** Long enough for an election on a busy machine to fit in its half. */
const LEASE = 9_000;
const plain = { ca: undefined, certificate: undefined, key: undefined, user: undefined, passwordFile: undefined };

describe('etcd of three members', { skip: lacksEtcd }, () => {
  let etcd: EtcdLab;
  const open: Coordinator[] = [];

  before(async () => {
    etcd = await EtcdLab.start(3);
  });
  after(async () => {
    for (const node of open) await node.close();
    await etcd?.end();
  });

  function join(node: string, endpoints = etcd.endpoints): Coordinator {
    const store = new EtcdGateway({ ...plain, endpoints }, realTiming);
    const coordinator = new EtcdCoordinator({
      store,
      cluster: 'c',
      node,
      leaseMilliseconds: LEASE,
      timing: realTiming,
    });
    open.push(coordinator);
    return coordinator;
  }

  /** Tries until it works. */
  async function renewed(node: Coordinator, grant: Grant): Promise<Grant> {
    for (;;) {
      try {
        return await node.renew(grant);
      } catch (error) {
        if (!(error instanceof CoordinatorLost)) throw error;
      }
    }
  }

  test('with any one member killed or stopped all goes on, by the same token', async () => {
    const [a, b] = [join('a'), join('b', [...etcd.endpoints].reverse())];
    let grant = await acquired(a, 'web');
    for (const index of etcd.members.keys()) {
      await etcd.kill(index);
      grant = await renewed(a, grant);
      assert.equal(await b.acquire('web'), undefined);
      assert.equal(await b.write('turn', index, (await b.read('turn'))?.version ?? 0), true);
      etcd.run(index);
      await etcd.ready(index);

      etcd.signal(index, 'SIGSTOP');
      grant = await renewed(a, grant);
      etcd.signal(index, 'SIGCONT');
      await etcd.ready(index);
    }
    assert.equal((await b.read('turn'))?.value, 2);
    await a.release(grant);
  });

  test('with two members killed a renewal rejects before the grant ends; when they are back it works again', async () => {
    const a = join('a');
    const grant = await renewed(a, await acquired(a, 'mail'));
    await etcd.kill(0);
    await etcd.kill(1);
    await assert.rejects(a.renew(grant), CoordinatorLost);
    assert.ok(realTiming.now() < grant.until);
    await assert.rejects(a.snapshot(), CoordinatorLost);
    etcd.run(0);
    etcd.run(1);
    assert.equal((await renewed(a, grant)).token, grant.token);
    assert.equal((await a.snapshot()).leases.get('mail')?.state, 'held');
  });
});
