import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../../conformance/lab/cluster.ts';
import { EtcdCluster } from '../../conformance/lab/etcd.ts';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Workload } from '../../conformance/lab/workload.ts';

const skip = labMissing('perl', 'etcd') ?? false;
const GO_ON_MS = 120_000;
const AT = '/mnt/service';
/** The next leader is elected in a second or two, on a busy machine in more; a lease that outlasts it is not lost. */
const LEASE_SECONDS = 8;
/** Longer than a lease. */
const SOME_TIME_MS = 13_000;

test(
  'etcd with three members: one lost and nothing moves; the majority lost and serving stops, until they are back',
  { skip },
  () =>
    withLab(async (lab) => {
      const etcd = await EtcdCluster.start(lab, 3);
      const cluster = await Cluster.create(lab, {
        coordinator: { type: 'etcd', endpoints: etcd.endpoints },
        lease: LEASE_SECONDS,
      });
      const [, guest] = await Promise.all([cluster.start(), lab.startGuest()]);
      const [service] = cluster.packages;
      assert.ok(service);
      await guest.must(`mkdir -p ${AT}; mount -t nfs -o vers=3 ${service.address}:${service.folder} ${AT}`);
      const workload = await Workload.start(guest, 'ops', { folder: AT, name: 'ops' });
      const node = await cluster.activeNode(service.name);
      const pid = await node.serverPid(service.name);

      await etcd.killMember(0);
      await sleep(SOME_TIME_MS);
      await workload.goesOn(GO_ON_MS);
      assert.equal(await node.serverPid(service.name), pid, 'the same process serves');

      await etcd.killMember(1);
      await sleep(SOME_TIME_MS);
      const { rounds } = workload;
      for (const each of cluster.nodes) {
        const { stdout } = await each.inside('ip', ['-o', 'address']);
        assert.ok(!stdout.includes(`${service.address}/`), `no node has the address: ${stdout}`);
      }
      await sleep(1_000);
      assert.equal(workload.rounds, rounds, 'nobody serves');

      await etcd.startMember(0);
      await etcd.startMember(1);
      await cluster.activeNode(service.name, undefined, GO_ON_MS);
      await workload.goesOn(GO_ON_MS);
      await workload.stop();
    }),
);
