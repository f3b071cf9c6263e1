import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type Coordinator,
  CoordinatorLost,
  type Grant,
  type Lease,
  LeaseLost,
} from '../../../src/ha/coordinator/contract.ts';
import { marginOf } from '../../../src/ha/coordinator/timing.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Lease time of all that the suite does. */
export const LEASE = 3000;

/** What nodes share, and the means to disturb them. */
export interface Lab {
  readonly time: VirtualTime;
  /** A node's process that starts. Every cluster name is a cluster of its own. */
  join(node: string, cluster: string): Promise<Coordinator>;
  /** True: what this node asks from now on gets no answer. False: it does again. */
  cutOff(node: string, off: boolean): void;
  end(): Promise<void>;
}

/** What every {@link Coordinator} does, whatever the nodes share. */
export function coordinatorSuite(kind: string, make: () => Promise<Lab>, skip: string | false = false): void {
  describe(`${kind} coordinator`, { skip }, () => {
    let lab: Lab;
    let clusters = 0;
    before(async () => {
      lab = await make();
    });
    after(() => lab?.end());

    /** A fresh cluster of three nodes. */
    async function nodes(): Promise<[Coordinator, Coordinator, Coordinator]> {
      const cluster = `c${(clusters += 1)}`;
      return Promise.all([lab.join('a', cluster), lab.join('b', cluster), lab.join('c', cluster)]);
    }
    const pass = (milliseconds: number) => lab.time.pass(milliseconds);
    const believes = (grant: Grant) => lab.time.now() < grant.until;

    test('a package that was never held has no lease, and can be acquired', async () => {
      const [a] = await nodes();
      assert.equal((await a.snapshot()).leases.size, 0);
      const asked = lab.time.now();
      const grant = await acquired(a, 'web');
      assert.equal(grant.package, 'web');
      assert.ok(Number.isSafeInteger(grant.token) && grant.token >= 1);
      assert.equal(grant.until, asked + LEASE - marginOf(LEASE));
    });

    test('a lease that is held cannot be acquired: not by others, not by its holder, not by the holder started again', async () => {
      const [a, b] = await nodes();
      await acquired(a, 'web');
      await b.snapshot();
      await pass(LEASE - 1);
      assert.equal(await b.acquire('web'), undefined);
      assert.equal(await a.acquire('web'), undefined);
    });

    test('a renewal lasts a lease time from before it was sent, and keeps the token', async () => {
      const [a, b] = await nodes();
      let grant = await acquired(a, 'web');
      await b.snapshot();
      for (let round = 0; round < 5; round += 1) {
        await pass(LEASE / 2);
        const renewed = await a.renew(grant);
        assert.deepEqual(renewed, { ...grant, until: lab.time.now() + LEASE - marginOf(LEASE) });
        grant = renewed;
        assert.equal(leaseIn(await b.snapshot(), 'web').age, 0);
        assert.equal(await b.acquire('web'), undefined);
      }
    });

    test('a lease that nobody renews expires for those who watch it, after its holder stopped believing', async () => {
      const [a, b] = await nodes();
      const grant = await acquired(a, 'web');
      assert.equal(leaseIn(await b.snapshot(), 'web').state, 'held');
      await pass(LEASE - 1);
      assert.equal(believes(grant), false);
      assert.equal(leaseIn(await b.snapshot(), 'web').state, 'held');
      await pass(1);
      const lease = leaseIn(await b.snapshot(), 'web');
      assert.deepEqual({ ...lease }, { ...expected('a', grant, 'expired'), age: lease.age });
      assert.ok(lease.age >= LEASE);
      const next = await acquired(b, 'web');
      assert.ok(next.token > grant.token);
    });

    test('what lost its lease to another can neither renew nor release it', async () => {
      const [a, b, c] = await nodes();
      const old = await acquired(a, 'web');
      await b.snapshot();
      await pass(LEASE);
      const grant = await acquired(b, 'web');
      await assert.rejects(a.renew(old), LeaseLost);
      await a.release(old, 'a');
      assert.equal(await a.acquire('web'), undefined);
      assert.equal(await c.acquire('web'), undefined);
      assert.equal(leaseIn(await c.snapshot(), 'web').holder, 'b');
      assert.equal((await b.renew(grant)).token, grant.token);
    });

    test('a holder that was stopped beyond its lease time goes on if nobody took the lease', async () => {
      const [a, b] = await nodes();
      const grant = await acquired(a, 'web');
      await b.snapshot();
      await pass(5 * LEASE);
      assert.equal(leaseIn(await b.snapshot(), 'web').state, 'expired');
      const renewed = await a.renew(grant);
      assert.ok(believes(renewed));
      assert.equal(await b.acquire('web'), undefined);
    });

    test('the same node started again does not inherit the lease, and gets it when it has expired', async () => {
      const cluster = `c${(clusters += 1)}`;
      const before = await lab.join('a', cluster);
      const grant = await acquired(before, 'web');
      const again = await lab.join('a', cluster);
      await again.snapshot();
      await pass(LEASE / 2);
      assert.equal(await again.acquire('web'), undefined);
      await assert.rejects(again.renew(grant), LeaseLost);
      await pass(LEASE / 2);
      assert.ok((await acquired(again, 'web')).token > grant.token);
      await assert.rejects(before.renew(grant), LeaseLost);
    });

    test('a released lease can be acquired at once by anybody, by the one that let go too', async () => {
      const [a, b] = await nodes();
      const first = await acquired(a, 'web');
      await a.release(first);
      assert.deepEqual({ ...leaseIn(await b.snapshot(), 'web'), age: 0 }, expected('a', first, 'released'));
      await assert.rejects(a.renew(first), LeaseLost);
      const second = await acquired(b, 'web');
      await b.release(second);
      await b.release(second);
      const third = await acquired(b, 'web');
      await b.release(second);
      assert.ok(first.token < second.token && second.token < third.token);
      assert.equal(await a.acquire('web'), undefined);
    });

    test('a lease left to a successor is for that node alone, for a lease time', async () => {
      const [a, b, c] = await nodes();
      const grant = await acquired(a, 'web');
      await a.release(grant, 'b');
      assert.deepEqual({ ...leaseIn(await c.snapshot(), 'web'), age: 0 }, expected('a', grant, 'released', 'b'));
      await pass(LEASE - 1);
      assert.equal(await c.acquire('web'), undefined);
      assert.equal(await a.acquire('web'), undefined);
      const next = await acquired(b, 'web');
      await b.release(next, 'nobody');
      await c.snapshot();
      await pass(LEASE);
      await acquired(c, 'web');
    });

    test('of many that want a lease at once one gets it', async () => {
      const [a] = await nodes();
      const cluster = `c${clusters}`;
      const others = await Promise.all(['b', 'c', 'd', 'e', 'f'].map((node) => lab.join(node, cluster)));
      const all = [a, ...others];
      let token = 0;
      for (let round = 0; round < 5; round += 1) {
        const grants = await Promise.all(all.map((node) => node.acquire('web')));
        const winners = grants.flatMap((grant, index) => (grant ? [{ node: all[index]!, grant }] : []));
        assert.equal(winners.length, 1);
        const { node, grant } = winners[0]!;
        assert.ok(grant.token > token);
        token = grant.token;
        assert.equal((await node.renew(grant)).token, token);
        await node.release(grant);
      }
    });

    test('of many that find a lease expired one gets it', async () => {
      const [a, b, c] = await nodes();
      const grant = await acquired(a, 'web');
      await Promise.all([b.snapshot(), c.snapshot()]);
      await pass(LEASE);
      const grants = await Promise.all([b.acquire('web'), c.acquire('web'), b.acquire('web')]);
      const [next, ...more] = grants.filter((given) => given !== undefined);
      assert.ok(next !== undefined && next.token > grant.token);
      assert.equal(more.length, 0);
    });

    test('packages are independent of each other', async () => {
      const [a, b, c] = await nodes();
      const [web, mail] = await Promise.all([acquired(a, 'web'), acquired(b, 'mail')]);
      await c.snapshot();
      await pass(LEASE / 2);
      await a.renew(web);
      await c.snapshot();
      await pass(LEASE / 2);
      const { leases } = await c.snapshot();
      assert.deepEqual([...leases.keys()], ['mail', 'web']);
      assert.equal(leases.get('web')?.state, 'held');
      assert.deepEqual({ ...leases.get('mail'), age: 0 }, expected('b', mail, 'expired'));
    });

    test('clusters that share a coordinator do not see each other', async () => {
      const [a] = await nodes();
      const [other] = await nodes();
      await acquired(a, 'web');
      await a.publish({ from: 'first' });
      await a.write('orders', 1, 0);
      const view = await other.snapshot();
      assert.equal(view.leases.size + view.nodes.size, 0);
      assert.equal(await other.read('orders'), undefined);
      await acquired(other, 'web');
    });

    test('what a node publishes is seen by all, and it is alive as long as it goes on', async () => {
      const [a, b, c] = await nodes();
      await a.publish({ phase: 'idle', deep: [1, null, 'ü'] });
      await b.publish('anything');
      let { nodes: seen } = await c.snapshot();
      assert.deepEqual([...seen.keys()], ['a', 'b']);
      assert.deepEqual(seen.get('a'), {
        node: 'a',
        status: { phase: 'idle', deep: [1, null, 'ü'] },
        age: seen.get('a')?.age,
        alive: true,
      });
      await pass(LEASE - 1);
      await a.publish('same');
      ({ nodes: seen } = await c.snapshot());
      await pass(1);
      await a.publish('same');
      ({ nodes: seen } = await c.snapshot());
      assert.deepEqual(seen.get('a'), { node: 'a', status: 'same', age: 0, alive: true });
      assert.equal(seen.get('b')?.alive, false);
      assert.equal(seen.get('b')?.status, 'anything');
      await pass(LEASE);
      assert.equal((await c.snapshot()).nodes.get('a')?.alive, false);
    });

    test('a status may shrink and grow', async () => {
      const [a, b] = await nodes();
      for (const length of [10, 20_000, 100, 5000, 0]) {
        await a.publish('x'.repeat(length));
        assert.equal((await b.snapshot()).nodes.get('a')?.status, 'x'.repeat(length));
      }
    });

    test('documents are written by whoever knows the last version', async () => {
      const [a, b] = await nodes();
      for (const key of ['orders/packages/web', '.hidden', '..', 'a b%2F/ü']) {
        assert.equal(await a.read(key), undefined);
        assert.equal(await a.write(key, 'nothing', 1), false);
        assert.equal(await a.write(key, { move: 'b' }, 0), true);
        assert.equal(await b.write(key, { move: 'c' }, 0), false);
        const first = await b.read(key);
        assert.deepEqual(first?.value, { move: 'b' });
        assert.ok(first.version >= 1);
        assert.equal(await b.write(key, [first.value], first.version), true);
        assert.equal(await a.write(key, 'late', first.version), false);
        const second = await a.read(key);
        assert.deepEqual(second?.value, [{ move: 'b' }]);
        assert.notEqual(second.version, first.version);
      }
    });

    test('a document that many change at once loses no change', async () => {
      const all = await nodes();
      const add = async (node: Coordinator): Promise<void> => {
        for (let changes = 0; changes < 5; ) {
          const last = await node.read('count');
          const count = typeof last?.value === 'number' ? last.value : 0;
          if (await node.write('count', count + 1, last?.version ?? 0)) changes += 1;
        }
      };
      await Promise.all(all.map(add));
      assert.equal((await all[0].read('count'))?.value, 15);
    });

    test('a node that is cut off gets CoordinatorLost in time for another try, and its lease goes to another', async () => {
      const [a, b] = await nodes();
      const grant = await acquired(a, 'web');
      await b.snapshot();
      lab.cutOff('a', true);
      try {
        const asked = lab.time.now();
        const attempts = [
          a.renew(grant),
          a.snapshot(),
          a.acquire('mail'),
          a.publish(1),
          a.read('k'),
          a.write('k', 1, 0),
        ];
        const outcomes = Promise.allSettled(attempts);
        await pass(LEASE / 2);
        for (const outcome of await outcomes) {
          assert.equal(outcome.status, 'rejected');
          assert.ok(outcome.reason instanceof CoordinatorLost, String(outcome.reason));
        }
        assert.ok(lab.time.now() - asked < LEASE - marginOf(LEASE));
        await pass(LEASE / 2);
        assert.equal(believes(grant), false);
        await acquired(b, 'web');
      } finally {
        lab.cutOff('a', false);
      }
      // What hung while it was cut off has to end before anything else gets through.
      await pass(LEASE);
      await assert.rejects(a.renew(grant), LeaseLost);
      assert.equal(leaseIn(await a.snapshot(), 'web').holder, 'b');
    });

    test('a closed coordinator is lost, and lets its lease run out', async () => {
      const [a, b] = await nodes();
      const grant = await acquired(a, 'web');
      await b.snapshot();
      await a.close();
      await assert.rejects(a.renew(grant), CoordinatorLost);
      await assert.rejects(a.snapshot(), CoordinatorLost);
      assert.equal(await b.acquire('web'), undefined);
      await pass(LEASE);
      await acquired(b, 'web');
    });
  });
}

export async function acquired(node: Coordinator, name: string): Promise<Grant> {
  const grant = await node.acquire(name);
  assert.ok(grant !== undefined, `${node.node} acquires ${name}`);
  return grant;
}

function leaseIn(view: { readonly leases: ReadonlyMap<string, Lease> }, name: string): Lease {
  const lease = view.leases.get(name);
  assert.ok(lease !== undefined, `${name} has a lease`);
  return lease;
}

function expected(holder: string, grant: Grant, state: Lease['state'], successor?: string): Lease {
  return { package: grant.package, holder, token: grant.token, state, age: 0, successor };
}
