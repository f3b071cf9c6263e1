import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ClusterConfig } from '../../../src/ha/config.ts';
import type { MemoryCluster } from '../../../src/ha/coordinator/memory.ts';
import { NodeDaemon } from '../../../src/ha/node/daemon.ts';
import type { NodeObserver } from '../../../src/ha/observer.ts';
import { configOf, FakeClock, LEASE, memoryCluster, planOf, World } from './world.ts';

/** A node of the cluster under test. */
interface Node {
  readonly world: World;
  readonly daemon: NodeDaemon;
}

/** Nodes in virtual time, each on a host of its own. */
class Lab {
  readonly clock = new FakeClock();
  readonly cluster: MemoryCluster = memoryCluster(this.clock);
  readonly nodes = new Map<string, Node>();
  /** What the nodes' observers were told. */
  readonly observed: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'steadfs-daemon-'));
  private readonly changes: Partial<ClusterConfig>;

  constructor(t: TestContext, changes: Partial<ClusterConfig> = {}) {
    this.changes = changes;
    t.after(() => rmSync(this.folder, { recursive: true }));
  }

  async start(name: string): Promise<Node> {
    const world = new World(this.clock);
    const config = configOf(name, join(this.folder, name), this.changes);
    const coordinator = this.cluster.join(name);
    const observer: NodeObserver = {
      served: (item, kind) => this.observed.push(`${name} served ${item} ${kind}`),
      crashed: (item) => this.observed.push(`${name} crashed ${item}`),
      renewed: (item, isDone) => this.observed.push(`${name} renewed ${item} ${isDone}`),
    };
    const parts = { coordinator, ports: world.ports, json: true, observer };
    const daemon = await NodeDaemon.start(config, world.log, parts);
    const node = { world, daemon };
    this.nodes.set(name, node);
    return node;
  }

  async startBoth(): Promise<{ a: Node; b: Node }> {
    const [a, b] = [await this.start('a'), await this.start('b')];
    await this.until('data', 'a');
    return { a, b };
  }

  active(name: string): string | undefined {
    return [...this.nodes].find(([node, { daemon }]) => {
      return daemon.view().packages.find((item) => item.name === name)?.states[node]?.phase === 'active';
    })?.[0];
  }

  until(name: string, node: string): Promise<void> {
    return this.clock.until(() => this.active(name) === node);
  }
}

const history = ({ daemon }: Node) =>
  daemon.view().history.map(({ from, to, kind, done }) => [from ?? '-', to ?? '-', kind, done].join(' '));

test('two nodes: the preferred one takes the package, and says why', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  await lab.clock.until(() => history(b).length > 0);
  assert.deepEqual(history(b), ['- a start true']);
  const [item] = b.daemon.view().packages;
  assert.equal(item?.active, 'a');
  assert.equal(item?.lease?.holder, 'a');
  assert.match(a.daemon.view().packages[0]?.reason ?? '', /^a serves data/);
});

test('a spare process waits beside the one that serves, and follows it after a crash', async (t) => {
  const lab = new Lab(t);
  const { a } = await lab.startBoth();
  await lab.clock.until(() => a.world.servers.length === 2);
  const spare = a.world.servers[1];
  await lab.clock.advance(1000);
  a.world.server.crash();
  await lab.clock.until(() => a.world.server === spare);
  await lab.until('data', 'a');
  await lab.clock.until(() => history(a).length === 2);
  assert.deepEqual(history(a), ['- a start true', 'a a restart true']);
});

test('an observer is told when a package is served, its server crashes, and its lease is renewed or not', async (t) => {
  const lab = new Lab(t);
  const { a } = await lab.startBoth();
  await lab.clock.advance(LEASE / 2);
  a.world.server.crash();
  await lab.clock.advance(LEASE);
  lab.cluster.partition('a', 'both');
  await lab.until('data', 'b');
  const [first, ...others] = lab.observed.filter((line, index, lines) => line !== lines[index - 1]);
  assert.equal(first, 'a served data start');
  assert.deepEqual(others.slice(0, 4), [
    ...['a renewed data true', 'a crashed data', 'a served data restart', 'a renewed data true'],
  ]);
  assert.deepEqual(others.slice(-2), ['a renewed data false', 'b served data takeover']);
  assert.equal(a.daemon.pulse('data'), undefined);
});

test('an ordered move: the other gets ready first, then takes it, and the order is settled', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  const id = await a.daemon.order({ do: 'move', package: 'data', node: 'b' });
  await lab.until('data', 'b');
  await lab.clock.until(() => history(b).length === 2);
  const last = b.daemon.view().history.at(-1);
  assert.deepEqual([last?.from, last?.to, last?.kind, last?.order, last?.done], ['a', 'b', 'move', id, true]);
  assert.deepEqual(b.world.steps.slice(0, 2), ['listen', 'spawn']);
  await lab.clock.advance(5000);
  assert.equal(b.daemon.view().packages[0]?.move, undefined);
  assert.equal(lab.active('data'), 'b');
});

test('a node that a package is to come to looks so often that clients need not wait for it', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  await a.daemon.order({ do: 'move', package: 'data', node: 'b' });
  await lab.clock.until(() => a.world.steps.includes('server release'));
  const began = lab.clock.monotonic();
  await lab.clock.until(() => b.world.steps.includes('server activate'));
  assert.ok(lab.clock.monotonic() - began <= 30, `${lab.clock.monotonic() - began} ms`);
});

test('a move to a node that does not get ready is given up, which history says', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  b.world.failing.add('prepare');
  const id = await a.daemon.order({ do: 'move', package: 'data', node: 'b' });
  await lab.clock.until(() => history(a).length === 2, 120_000);
  const last = a.daemon.view().history.at(-1);
  assert.deepEqual([last?.order, last?.done], [id, false]);
  await lab.clock.advance(10_000);
  assert.equal(history(a).length, 2);
  assert.equal(lab.active('data'), 'a');
});

test('a node that is cut off is silent before the other takes over, and comes back as the other', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  const { server } = a.world;
  lab.cluster.partition('a', 'both');
  await lab.clock.until(() => b.world.steps.includes('server activate'));
  assert.equal(server.alive, false);
  assert.equal(a.world.raised.size, 0);
  assert.equal(server.until <= lab.clock.now, true);
  await lab.until('data', 'b');
  lab.cluster.partition('a', 'off');
  await lab.clock.advance(3 * LEASE);
  assert.equal(lab.active('data'), 'b');
  assert.equal(a.daemon.view().packages[0]?.active, 'b');
});

test('everybody loses the coordinator: nothing is served, and all is well again when it is back', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  for (const name of ['a', 'b']) lab.cluster.partition(name, 'both');
  await lab.clock.advance(3 * LEASE);
  assert.equal(
    [a, b].every(({ world }) => world.raised.size === 0),
    true,
  );
  for (const name of ['a', 'b']) lab.cluster.partition(name, 'off');
  await lab.clock.until(() => lab.active('data') !== undefined);
});

test('a node without a link gives its packages away', async (t) => {
  const lab = new Lab(t);
  const { a } = await lab.startBoth();
  a.world.isolated = true;
  await lab.until('data', 'b');
  assert.equal(a.daemon.view().nodes[0]?.isolated, true);
});

test('storage that is dead on one node: the other has the package, and the first is left alone', async (t) => {
  const lab = new Lab(t);
  const { a } = await lab.startBoth();
  const attributes = { kind: 'answer', status: 5, milliseconds: 1 } as const;
  a.world.answers = () => ({
    ping: { kind: 'answer', status: 0, milliseconds: 1 },
    roots: [{ path: '/srv/data', attributes, free: undefined }],
    lock: undefined,
  });
  await lab.until('data', 'b');
  assert.match(a.daemon.view().packages[0]?.states.a?.problem ?? '', /I\/O error/);
});

test('drain and resume: a drained node gives its packages away once another is ready', async (t) => {
  const lab = new Lab(t);
  const { b } = await lab.startBoth();
  await b.daemon.order({ do: 'drain', node: 'a' });
  await lab.until('data', 'b');
  assert.equal(b.daemon.view().nodes[0]?.drained, true);
  await b.daemon.order({ do: 'resume', node: 'a' });
  await lab.clock.advance(5000);
  assert.equal(b.daemon.view().nodes[0]?.drained, false);
});

test('maintenance: nothing moves the package', async (t) => {
  const lab = new Lab(t);
  const { a } = await lab.startBoth();
  await a.daemon.order({ do: 'maintenance', package: 'data', on: true });
  await lab.clock.advance(1000);
  a.world.isolated = true;
  await lab.clock.advance(3 * LEASE);
  assert.equal(lab.active('data'), 'a');
  assert.equal(a.daemon.view().packages[0]?.maintenance, true);
});

test('close: packages go to a node that is ready for them, and then the daemon ends', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  const closed = a.daemon.close();
  await lab.until('data', 'b');
  await closed;
  assert.equal(
    a.world.servers.every(({ alive }) => !alive),
    true,
  );
  const steps = b.world.steps;
  assert.equal(steps.indexOf('spawn') < steps.indexOf('server activate'), true);
});

test('close, twice: nobody is waited for', async (t) => {
  const lab = new Lab(t);
  const { a, b } = await lab.startBoth();
  b.world.failing.add('prepare');
  const closed = a.daemon.close();
  await lab.clock.advance(500);
  assert.equal(lab.active('data'), 'a');
  const again = a.daemon.close();
  const began = lab.clock.now;
  await lab.clock.until(() => a.world.raised.size === 0);
  assert.equal(lab.clock.now - began < 1000, true);
  await lab.clock.advance(1000);
  await Promise.all([closed, again]);
});

test('close without the coordinator, or without another node, lets everything go all the same', async (t) => {
  for (const cut of [true, false]) {
    const lab = new Lab(t);
    const a = await lab.start('a');
    await lab.until('data', 'a');
    if (cut) lab.cluster.partition('a', 'both');
    await lab.clock.advance(500);
    let isClosed = false;
    const closed = a.daemon.close().then(() => {
      isClosed = true;
    });
    await lab.clock.until(() => isClosed);
    await closed;
    assert.equal(a.world.raised.size, 0);
    assert.equal(
      a.world.servers.every(({ alive }) => !alive),
      true,
    );
  }
});

test('a daemon that starts anew does not take its former lease for its own', async (t) => {
  const lab = new Lab(t);
  const former = lab.cluster.join('a');
  assert.equal((await former.acquire('data'))?.token, 1);
  const a = await lab.start('a');
  await lab.clock.advance(LEASE / 2);
  assert.equal(a.daemon.view().packages[0]?.lease?.holder, 'a');
  assert.equal(a.world.steps.includes('raise'), false);
  await lab.until('data', 'a');
  assert.equal(lab.cluster.leases.get('data')?.token, 2);
});

test('reload: servers read their exports again, and what waits for a restart is said', async (t) => {
  const lab = new Lab(t);
  const { a } = await lab.startBoth();
  const config = configOf('a', '/tmp', { packages: [planOf({ port: 2050 }), planOf({ name: 'more' })] });
  a.daemon.reload(config);
  assert.equal(a.world.server.told.at(-1)?.type, 'reload');
  const said = a.world.logged.filter((line) => line.includes('only in force'));
  assert.equal(said.length, 3);
  assert.match(said.join(), /package data.*package more/);
});
