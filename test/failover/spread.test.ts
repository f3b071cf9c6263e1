import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../../conformance/lab/cluster.ts';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Workload } from '../../conformance/lab/workload.ts';

const skip = labMissing('perl') ?? false;
const NODES = ['a', 'b', 'c'];
const GO_ON_MS = 90_000;

test(
  'three packages on three nodes: when one node dies its package moves, and the others stay as they are',
  { skip },
  (t) =>
    withLab(async (lab) => {
      const packages = {
        one: { nodes: ['a', 'b', 'c'] },
        two: { nodes: ['b', 'c', 'a'] },
        three: { nodes: ['c', 'a', 'b'] },
      };
      const cluster = await Cluster.create(lab, { nodes: NODES, packages });
      const [, guest] = await Promise.all([cluster.start(), lab.startGuest()]);
      const places = [];
      for (const { name, address, folder } of cluster.packages) {
        const at = `/mnt/${name}`;
        await guest.must(`mkdir -p ${at}; mount -t nfs -o vers=3 ${address}:${folder} ${at}`);
        const node = await cluster.activeNode(name);
        const workload = await Workload.start(guest, 'probe', { folder: at, name });
        places.push({ name, node, pid: await node.serverPid(name), workload });
      }
      const spread = places.map(({ node }) => node.name);
      assert.deepEqual(spread, NODES, 'each is on the node that it prefers');

      const [lost, ...kept] = places;
      assert.ok(lost);
      await lost.node.die();
      await cluster.activeNode('one', ['b', 'c'], GO_ON_MS);
      await lost.workload.goesOn(GO_ON_MS);
      // Long enough for the others to move too, should they.
      await sleep(5_000);
      for (const { name, node, pid, workload } of kept) {
        await workload.goesOn(GO_ON_MS);
        assert.equal(await node.serverPid(name), pid, `${name} is served by the same process as before`);
        const slowest = Math.max(0, ...workload.slow.map(({ milliseconds }) => milliseconds));
        t.diagnostic(`slowest call on ${name}, which stayed: ${slowest === 0 ? 'below 100' : slowest} ms`);
      }
      for (const { workload } of places) await workload.stop();
    }),
);

test('a link goes down: the service moves to the other interface of the same node', { skip }, (t) =>
  withLab(async (lab) => {
    const cluster = await Cluster.create(lab, { interfaces: 2 });
    const [, guest] = await Promise.all([cluster.start(), lab.startGuest()]);
    const [service] = cluster.packages;
    assert.ok(service);
    const at = '/mnt/service';
    await guest.must(`mkdir -p ${at}; mount -t nfs -o vers=3 ${service.address}:${service.folder} ${at}`);
    const workload = await Workload.start(guest, 'ops', { folder: at, name: 'ops' });
    const node = await cluster.activeNode(service.name);
    const pid = await node.serverPid(service.name);
    await node.unplug(0);
    await workload.goesOn(GO_ON_MS);
    const { stdout } = await node.inside('ip', ['-o', 'address', 'show', 'dev', 'eth1']);
    assert.match(stdout, new RegExp(service.address.replaceAll('.', '\\.')));
    assert.equal(await node.serverPid(service.name), pid, 'the same process serves');
    const slowest = Math.max(0, ...workload.slow.map(({ milliseconds }) => milliseconds));
    t.diagnostic(`slowest call: ${slowest} ms`);
    await workload.stop();
  }),
);
