import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coordinator, CoordinatorLost, type Grant, LeaseLost } from '../../../src/ha/coordinator/contract.ts';
import { type Random, randomFrom, SimulatedHost } from './simulated-host.ts';
import { LEASE } from './suite.ts';
import { VirtualTime } from './virtual-time.ts';

type World = (time: VirtualTime, random: Random) => Join;
type Clocks = 'one clock' | 'clocks differ';
export type Join = (host: SimulatedHost) => Coordinator;

const NODES = ['a', 'b', 'c', 'd'];
const PACKAGES = ['web', 'mail'];
const MILLISECONDS = 60_000;

/** One process of a node, which believes what it was granted. */
class Believer {
  readonly host: SimulatedHost;
  readonly coordinator: Coordinator;
  readonly grants = new Map<string, Grant>();

  constructor(host: SimulatedHost, coordinator: Coordinator) {
    this.host = host;
    this.coordinator = coordinator;
  }

  believes(name: string): boolean {
    const grant = this.grants.get(name);
    return grant !== undefined && this.host.now() < grant.until;
  }
}

/** What all believers did, held to what must never happen. */
class Witness {
  readonly believers: Believer[] = [];
  acquired = 0;
  lost = 0;
  private readonly tokens = new Map<string, number>();

  granted(believer: Believer, grant: Grant, isNew: boolean): void {
    const name = grant.package;
    if (believer.host.now() >= grant.until) return;
    const others = this.believers.filter((other) => other !== believer && other.believes(name));
    assert.deepEqual(
      others.map((other) => `${other.host.node} with token ${other.grants.get(name)?.token}`),
      [],
      `nobody else believes when ${believer.host.node} gets ${name} with token ${grant.token}`,
    );
    if (!isNew) return;
    const last = this.tokens.get(name) ?? 0;
    assert.ok(grant.token > last, `${name}: token ${grant.token} after ${last}`);
    this.tokens.set(name, grant.token);
    this.acquired += 1;
  }
}

/**
 * Many nodes that acquire, renew, release, stop, are cut off and start again as a seed has it, with clocks that differ,
 * on storage that is slow at times. At no moment do two of them believe, and tokens grow.
 */
export function scheduleTest(kind: string, seeds: number, clocks: Clocks, makeWorld: World): void {
  test(`${kind}: no schedule lets two nodes believe at once, and tokens grow`, async () => {
    let acquired = 0;
    let lost = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const witness = await run(seed, clocks, makeWorld).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      acquired += witness.acquired;
      lost += witness.lost;
    }
    // Leases went round, by expiry too.
    assert.ok(acquired > 10 * seeds, `${acquired} leases were acquired`);
    assert.ok(lost > seeds, `${lost} leases were lost`);
  });
}

async function run(seed: number, clocks: Clocks, makeWorld: World): Promise<Witness> {
  const random = randomFrom(seed);
  const time = new VirtualTime();
  const join = makeWorld(time, random);
  const witness = new Witness();
  const failures: unknown[] = [];
  const end = time.now() + MILLISECONDS;

  const start = (node: string): void => {
    const host =
      clocks === 'one clock' ? new SimulatedHost(node, time, random, 1, 0) : new SimulatedHost(node, time, random);
    const believer = new Believer(host, join(host));
    witness.believers.push(believer);
    const lives = random() < 0.3 ? random() * MILLISECONDS : Infinity;
    const died = time.now() + lives;
    const goesOn = () => time.now() < Math.min(end, died);
    const loops = PACKAGES.map((name) => live(believer, name, witness, goesOn));
    Promise.all([...loops, disturb(host, goesOn)]).then(
      () => time.now() < end && start(node),
      (error: unknown) => failures.push(error),
    );
  };
  for (const node of NODES) start(node);
  // In slices, so that a failure ends it.
  while (time.now() < end && failures.length === 0) await time.pass(1000);
  if (failures.length > 0) throw failures[0];
  return witness;
}

async function live(believer: Believer, name: string, witness: Witness, goesOn: () => boolean): Promise<void> {
  const { host, coordinator, grants } = believer;
  const { random } = host;
  while (goesOn()) {
    const grant = grants.get(name);
    // Holders often come at the last moment, or just too late, and contenders are eager: that is where the danger is.
    if (grant === undefined) await host.sleep(random() * 0.05 * LEASE);
    else await host.sleep(random() < 0.5 ? random() * 0.4 * LEASE : (0.8 + random() * 0.3) * LEASE);
    try {
      if (grant === undefined) {
        const next = await coordinator.acquire(name);
        if (next === undefined) continue;
        witness.granted(believer, next, true);
        grants.set(name, next);
      } else if (random() < 0.03) {
        grants.delete(name);
        await coordinator.release(grant, random() < 0.5 ? NODES[Math.floor(random() * NODES.length)] : undefined);
      } else {
        const next = await coordinator.renew(grant);
        witness.granted(believer, next, false);
        grants.set(name, next);
      }
    } catch (error) {
      if (error instanceof LeaseLost) {
        grants.delete(name);
        witness.lost += 1;
      } else if (!(error instanceof CoordinatorLost)) throw error;
    }
  }
}

/** Stops the host, or cuts it off, whatever it is doing. */
async function disturb(host: SimulatedHost, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    await host.time.sleep(host.random() * 6 * LEASE);
    const milliseconds = host.random() * (host.random() < 0.7 ? 0.3 : 2.5) * LEASE;
    if (host.random() < 0.5) host.stop(milliseconds);
    else host.cutOff(milliseconds);
  }
}
