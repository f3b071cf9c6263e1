import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../../conformance/lab/cluster.ts';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Workload } from '../../conformance/lab/workload.ts';

const skip = labMissing('perl') ?? false;
const AT = '/mnt/service';
const GO_ON_MS = 90_000;

test('over IPv6: a planned move and the loss of a node, with a lock held', { skip }, (t) =>
  withLab(async (lab) => {
    const cluster = await Cluster.create(lab);
    const [, guest] = await Promise.all([cluster.start(), lab.startGuest()]);
    const [service] = cluster.packages;
    assert.ok(service);
    const mount = `mount -t nfs -o vers=3,proto=tcp6,mountproto=tcp6 [${service.ipv6}]:${service.folder} ${AT}`;
    await guest.must(`mkdir -p ${AT}; ${mount}`);
    const ops = await Workload.start(guest, 'ops', { folder: AT, name: 'ops' });
    const hold = await Workload.start(guest, 'hold', { folder: AT, name: 'lock' });
    const first = await cluster.activeNode(service.name);
    const second = cluster.nodes.find((node) => node !== first);
    assert.ok(second);

    const moved = await first.steadfs(['cluster', 'move', service.name, second.name]);
    assert.equal(moved.code, 0, moved.stdout + moved.stderr);
    await ops.goesOn(GO_ON_MS);
    await second.die();
    await cluster.activeNode(service.name, [first.name], GO_ON_MS);
    await ops.goesOn(GO_ON_MS);

    // Another program of the client is another owner.
    const thief = await guest.run(`flock --nonblock --exclusive ${AT}/lock.held true`);
    assert.equal(thief.code, 1, 'the lock is still held');
    const slowest = Math.max(0, ...ops.slow.map(({ milliseconds }) => milliseconds));
    t.diagnostic(`the longest call took ${slowest} ms`);
    await ops.stop();
    await hold.stop();
  }),
);
