import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PackagePlan } from '../../../src/ha/decide/snapshot.ts';
import { type SimEvent, Simulation } from './simulation.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const SECOND = 1000;
/** Long enough for every takeover and failback that the last event may cause. */
const SETTLE = 150 * SECOND;
const QUIET = 30 * SECOND;

function plan(name: string, nodes: readonly string[], failback: PackagePlan['failback'] = 'manual'): PackagePlan {
  return { name, nodes, failback, fenced: false };
}

/** Packages p0, p1, ... that may run everywhere; each wants another node most. */
function rotated(nodes: readonly string[], count: number): PackagePlan[] {
  return Array.from({ length: count }, (_, index) => {
    const first = index % nodes.length;
    return plan(`p${index}`, [...nodes.slice(first), ...nodes.slice(0, first)]);
  });
}

function eventOf(nodes: readonly string[], packages: readonly string[]): fc.Arbitrary<SimEvent> {
  const node = fc.constantFrom(...nodes);
  const name = fc.constantFrom(...packages);
  const ofNode = fc.constantFrom('crash', 'start', 'cut', 'join', 'unplug', 'plug', 'drain', 'resume');
  return fc.oneof(
    fc.record({ do: ofNode, node }),
    fc.record({ do: fc.constantFrom('break', 'mend'), node, package: name }),
    fc.record({ do: fc.constant('move'), package: name, node: fc.option(node, { nil: undefined }) }),
    fc.record({ do: fc.constant('wait'), milliseconds: fc.integer({ min: 1, max: 120 }).map((n) => n * 100) }),
  );
}

const story = fc
  .record({
    nodes: fc.integer({ min: 1, max: 4 }).map((count) => NAMES.slice(0, count)),
    packages: fc.integer({ min: 1, max: 5 }),
    failback: fc.constantFrom<PackagePlan['failback']>('manual', 'automatic'),
  })
  .chain(({ nodes, packages, failback }) => {
    const plans = rotated(nodes, packages).map((each) => ({ ...each, failback }));
    const events = fc.array(
      eventOf(
        nodes,
        plans.map(({ name }) => name),
      ),
      { maxLength: 14 },
    );
    return fc.record({ nodes: fc.constant(nodes), plans: fc.constant(plans), events });
  });

test('whatever happens: every package ends up on exactly one node that can serve it, orders end, and nothing moves on', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ nodes, plans, events }) => {
      const simulation = new Simulation(nodes, plans);
      await simulation.run(8 * SECOND);
      for (const event of events) await simulation.happen(event);
      await simulation.run(SETTLE);
      const moves = simulation.moves.length;
      await simulation.run(QUIET);
      for (const each of plans) {
        const eligible = simulation.eligible(each);
        const serving = simulation.serving(each.name);
        if (eligible.length === 0) continue;
        assert.equal(serving.length, 1, `${each.name} is served by [${serving}], and could be by [${eligible}]`);
        assert.ok(
          eligible.includes(serving[0] ?? ''),
          `${each.name} is served by ${serving}, not by one of [${eligible}]`,
        );
        const { move } = simulation.orders.get(each.name) ?? {};
        assert.ok(
          move === undefined || simulation.settled.has(move.id),
          `${each.name}: the order is neither done nor given up`,
        );
      }
      const late = simulation.moves.slice(moves);
      const unservable = plans.filter((each) => simulation.eligible(each).length === 0).map(({ name }) => name);
      assert.deepEqual(
        late.filter((move) => !unservable.includes(move.package)),
        [],
      );
    }),
    { numRuns: 40, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
});
