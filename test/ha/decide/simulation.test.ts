import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackagePlan } from '../../../src/ha/decide/snapshot.ts';
import fc from '../../properties.ts';
import { type SimEvent, Simulation } from './simulation.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const SECOND = 1000;
/** Long enough for every takeover and failback that the last event may cause. */
const SETTLE = 150 * SECOND;
const QUIET = 30 * SECOND;
/** A long run is asked for by the environment's SIMULATED_CLUSTERS. */
const STORIES = Number(process.env.SIMULATED_CLUSTERS ?? 25);

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
    { numRuns: STORIES },
  );
});

/** A cluster that has started, with packages p0, p1, ... spread over its nodes. */
async function started(nodes: readonly string[], plans: readonly PackagePlan[]): Promise<Simulation> {
  const simulation = new Simulation(nodes, plans);
  await simulation.run(8 * SECOND);
  return simulation;
}

function placesOf(simulation: Simulation): Record<string, string> {
  return Object.fromEntries(simulation.plans.map(({ name }) => [name, simulation.serving(name).join('+')]));
}

function loads(simulation: Simulation): Record<string, number> {
  const places = Object.values(placesOf(simulation));
  return Object.fromEntries(
    simulation.nodes.map(({ name }) => [name, places.filter((place) => place === name).length]),
  );
}

/** Runs until every package is served. @returns how long that took. */
async function untilServed(simulation: Simulation): Promise<number> {
  const began = simulation.now;
  while (Object.values(placesOf(simulation)).includes('')) {
    assert.ok(simulation.now - began < 60 * SECOND, `not served: ${JSON.stringify(placesOf(simulation))}`);
    await simulation.run(100);
  }
  return simulation.now - began;
}

test('a cluster that starts gives each package to the node that wants it most', async () => {
  const simulation = await started(NAMES, rotated(NAMES, 4));
  assert.deepEqual(placesOf(simulation), { p0: 'a', p1: 'b', p2: 'c', p3: 'd' });
});

test('the packages of a lost node spread evenly, and those of the others stay', async () => {
  const home = Array.from({ length: 6 }, (_, index) => plan(`p${index}`, NAMES));
  const simulation = await started(NAMES, [...home, plan('q', ['b', 'c', 'd'])]);
  assert.deepEqual(loads(simulation), { a: 6, b: 1, c: 0, d: 0 });
  await simulation.happen({ do: 'crash', node: 'a' });
  await simulation.run(100);
  const milliseconds = await untilServed(simulation);
  assert.deepEqual(Object.values(loads(simulation)).sort(), [0, 2, 2, 3]);
  assert.deepEqual(simulation.serving('q'), ['b']);
  // A lease time, and what the model takes to decide and to start.
  assert.ok(milliseconds <= 4200, `${milliseconds} ms`);
});

test('a drained node loses its packages one for one to nodes that are ready, and gets none back by itself', async () => {
  const simulation = await started(['a', 'b', 'c'], rotated(['a', 'b', 'c'], 6));
  await simulation.happen({ do: 'drain', node: 'a' });
  await simulation.run(10 * SECOND);
  assert.deepEqual(loads(simulation), { a: 0, b: 3, c: 3 });
  await simulation.happen({ do: 'resume', node: 'a' });
  await simulation.run(SETTLE);
  assert.deepEqual(loads(simulation), { a: 0, b: 3, c: 3 });
  assert.equal(simulation.moves.filter(({ from, to }) => from !== undefined && from !== to).length, 2);
});

test('an order to move is carried out once, there or anywhere else', async () => {
  const simulation = await started(['a', 'b', 'c'], [plan('p', ['a', 'b', 'c']), plan('q', ['b', 'c', 'a'])]);
  await simulation.happen({ do: 'move', package: 'p', node: 'b' });
  await simulation.run(3 * SECOND);
  assert.deepEqual(placesOf(simulation), { p: 'b', q: 'b' });
  await simulation.happen({ do: 'move', package: 'p', node: undefined });
  await simulation.run(20 * SECOND);
  assert.deepEqual(placesOf(simulation), { p: 'a', q: 'b' });
  assert.deepEqual([...simulation.settled.values()], [true, true]);
  assert.equal(simulation.moves.filter(({ package: name, from }) => name === 'p' && from !== undefined).length, 2);
});

test('automatic failback: once the most wanted node has been back for a minute', async () => {
  const simulation = await started(['a', 'b'], [plan('p', ['a', 'b'], 'automatic')]);
  await simulation.happen({ do: 'crash', node: 'a' });
  await simulation.run(10 * SECOND);
  await simulation.happen({ do: 'start', node: 'a' });
  await simulation.run(55 * SECOND);
  assert.deepEqual(placesOf(simulation), { p: 'b' });
  await simulation.run(15 * SECOND);
  assert.deepEqual(placesOf(simulation), { p: 'a' });
});

test('a node that comes and goes does not drag its packages along for ever', async () => {
  const simulation = await started(['a', 'b'], [plan('p', ['a', 'b'], 'automatic')]);
  for (let round = 0; round < 6; round++) {
    await simulation.happen({ do: 'crash', node: 'a' });
    await simulation.run(10 * SECOND);
    await simulation.happen({ do: 'start', node: 'a' });
    await simulation.run(80 * SECOND);
  }
  const moves = simulation.moves.filter(({ from, to }) => from !== undefined && from !== to);
  assert.deepEqual(
    moves.map(({ to }) => to),
    ['b', 'a', 'b'],
  );
});

test('when all nodes lose the coordinator for a while, each package comes back where it was', async () => {
  const simulation = await started(['a', 'b', 'c'], rotated(['a', 'b', 'c'], 3));
  await simulation.happen({ do: 'move', package: 'p0', node: 'c' });
  await simulation.run(5 * SECOND);
  const before = placesOf(simulation);
  for (const node of ['a', 'b', 'c']) await simulation.happen({ do: 'cut', node });
  await simulation.run(20 * SECOND);
  assert.deepEqual(placesOf(simulation), { p0: '', p1: '', p2: '' });
  for (const node of ['a', 'b', 'c']) await simulation.happen({ do: 'join', node });
  await untilServed(simulation);
  assert.deepEqual(placesOf(simulation), before);
});
