import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Cluster,
  type ClusterNode,
  type ClusterOptions,
  type PackageUnderTest,
} from '../../conformance/lab/cluster.ts';
import type { Guest, Lab } from '../../conformance/lab/lab.ts';
import { Sniffer } from '../../conformance/lab/sniffer.ts';
import { Workload, type WorkloadKind } from '../../conformance/lab/workload.ts';

/** What can befall the node that serves. */
export const MISHAPS = [
  'planned move',
  'server crash',
  'node loss',
  'processes killed',
  'link loss',
  'server stopped',
  'node stopped',
  'coordinator lost',
] as const;
export type Mishap = (typeof MISHAPS)[number];

/** After these the package goes on where it was. */
const STAYS: ReadonlySet<Mishap> = new Set(['server crash', 'server stopped']);
const MOUNT_POINT = '/mnt/service';
/** For the client to go on, whatever happened; what is too long for a user is judged by the measured pauses. */
const GO_ON_MS = 90_000;
/** Longer than a lease. */
const STOPPED_MS = 5_000;
const COPY_MEBIBYTES = 8;

export interface Pause {
  readonly mishap: Mishap;
  /** The most that any call of any program on any client took around it beyond what such calls usually take, milliseconds. */
  readonly milliseconds: number;
  readonly call: string;
  /** The longest of these calls as a whole: with the work that it has to do in any case. */
  readonly longestCall: number;
}

/** Clients at work on one package while its nodes meet with mishaps. */
export class Drill {
  readonly cluster: Cluster;
  readonly service: PackageUnderTest;
  private readonly guests: readonly Guest[];
  private readonly workloads = new Map<string, Workload>();
  private readonly sniffer: Sniffer;
  private readonly happened: string[] = [];
  private moves = 0;

  private constructor(cluster: Cluster, service: PackageUnderTest, guests: Guest[], sniffer: Sniffer) {
    this.cluster = cluster;
    this.service = service;
    this.guests = guests;
    this.sniffer = sniffer;
  }

  /** Two nodes that serve, two clients that work: make, rename and remove, copy, hold locks and contend for them. */
  static async open(lab: Lab, options: ClusterOptions = {}): Promise<Drill> {
    const cluster = await Cluster.create(lab, options);
    const [service] = cluster.packages;
    assert.ok(service);
    const [, ...guests] = await Promise.all([cluster.start(), lab.startGuest(), lab.startGuest()]);
    const ports = cluster.nodes.flatMap((node) => node.ports);
    const drill = new Drill(cluster, service, guests, await Sniffer.start(lab, service.address, ports));
    await Promise.all(guests.map((guest) => drill.mount(guest)));
    const [one, other] = guests;
    assert.ok(one && other);
    await drill.work(one, 'ops', 'one');
    await drill.work(one, 'copy', 'one');
    await drill.work(one, 'hold', 'lock');
    await drill.work(one, 'count', 'number');
    await drill.work(other, 'ops', 'other');
    await drill.work(other, 'steal', 'lock');
    await drill.work(other, 'count', 'number');
    return drill;
  }

  private async mount(guest: Guest): Promise<void> {
    const { address, folder } = this.service;
    await guest.must(`mkdir -p ${MOUNT_POINT}; mount -t nfs -o vers=3 ${address}:${folder} ${MOUNT_POINT}`);
  }

  private async work(guest: Guest, kind: WorkloadKind, name: string): Promise<void> {
    const options = { folder: MOUNT_POINT, name, mebibytes: COPY_MEBIBYTES };
    this.workloads.set(`${kind} on ${guest.ipv4}`, await Workload.start(guest, kind, options));
  }

  /** Lets it happen, waits until every program goes on, and puts right what can be. */
  async meet(mishap: Mishap): Promise<Pause> {
    const active = await this.cluster.activeNode(this.service.name);
    const others = this.cluster.nodes.filter((node) => node !== active && node.running).map((node) => node.name);
    const began = Date.now();
    this.happened.push(`${mishap} at ${new Date(began).toISOString()}`);
    const putRight = await this.befall(mishap, active, others[0]!);
    await this.cluster.activeNode(this.service.name, STAYS.has(mishap) ? [active.name] : others, GO_ON_MS);
    await this.everybodyGoesOn();
    if (!STAYS.has(mishap)) this.moves += 1;
    const pause = this.longestSince(mishap, began);
    await putRight();
    return pause;
  }

  private async befall(mishap: Mishap, active: ClusterNode, other: string): Promise<() => Promise<void>> {
    const { name } = this.service;
    const nothing = async () => {};
    switch (mishap) {
      case 'planned move': {
        const moved = await active.steadfs(['cluster', 'move', name, other]);
        assert.equal(moved.code, 0, moved.stdout + moved.stderr);
        return nothing;
      }
      case 'server crash':
        await active.signalServer(name, 'KILL');
        return nothing;
      case 'node loss':
        await active.die();
        return () => active.revive();
      case 'processes killed':
        await active.die({ cables: false });
        return () => active.revive();
      case 'link loss':
        await active.unplug();
        return () => active.plug();
      case 'server stopped': {
        const pid = await active.signalServer(name, 'STOP');
        await sleep(STOPPED_MS);
        await active.signal(pid, 'CONT');
        return nothing;
      }
      case 'node stopped': {
        const pids = [await active.serverPid(name), await active.daemonPid()];
        for (const pid of pids) await active.signal(pid, 'STOP');
        return async () => {
          for (const pid of pids) await active.signal(pid, 'CONT');
        };
      }
      case 'coordinator lost':
        await active.cutFromCoordinator(this.cluster.coordinatorFolder, true);
        return () => active.cutFromCoordinator(this.cluster.coordinatorFolder, false);
    }
  }

  private async everybodyGoesOn(): Promise<void> {
    try {
      await Promise.all([...this.workloads.values()].map((workload) => workload.goesOn(GO_ON_MS)));
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.cluster.logs()}`, { cause: error });
    }
  }

  private longestSince(mishap: Mishap, began: number): Pause {
    const calls = [...this.workloads].flatMap(([who, workload]) =>
      workload.slow
        .filter(({ endedAt }) => endedAt >= began)
        .map(({ milliseconds, usual, call }) => ({
          milliseconds,
          beyond: milliseconds - usual,
          call: `${call} of ${who}`,
        })),
    );
    calls.sort((one, other) => other.beyond - one.beyond);
    const { beyond = 0, call = 'none' } = calls[0] ?? {};
    const longestCall = Math.max(0, ...calls.map(({ milliseconds }) => milliseconds));
    return { mishap, milliseconds: Math.max(0, beyond), call, longestCall };
  }

  /** When the same number was written twice, and what had happened before: for the message of a failure. */
  private countedTwice(): string {
    const seen = new Map<number, string>();
    const twice: string[] = [];
    for (const [who, workload] of this.workloads) {
      for (const { at, number } of workload.counted) {
        const here = `by ${who} at ${new Date(at).toISOString()}`;
        const before = seen.get(number);
        if (before !== undefined) twice.push(`${number} ${before} and ${here}`);
        seen.set(number, here);
      }
    }
    return `${twice.join('; ')}; ${this.happened.join(', ')}`;
  }

  /** Stops all programs, and looks whether anything was lost or done twice, and whether two nodes ever answered at once. */
  async close(): Promise<void> {
    const rounds = new Map<string, number>();
    try {
      // Who holds the lock ends last: until then nobody else may get it.
      const isHolder = (who: string) => Number(who.startsWith('hold'));
      const inOrder = [...this.workloads].sort(([one], [other]) => isHolder(one) - isHolder(other));
      for (const [who, workload] of inOrder) rounds.set(who, await workload.stop());
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.cluster.logs()}`, { cause: error });
    }
    const counted = [...rounds].filter(([who]) => who.startsWith('count')).reduce((sum, [, each]) => sum + each, 0);
    const number = Number(readFileSync(join(this.service.folder, 'number'), 'utf8'));
    assert.equal(number, counted, `each addition under the lock counts once: ${this.countedTwice()}`);
    await Promise.all(this.guests.map((guest) => guest.must(`umount ${MOUNT_POINT}`)));
    const reigns = await this.sniffer.stop();
    const nodes = reigns.map(({ port }) => port.replace(/\d+$/, ''));
    const changes = nodes.filter((node, index) => index > 0 && node !== nodes[index - 1]).length;
    assert.equal(changes, this.moves, `one node at a time answered: ${JSON.stringify(reigns)}`);
  }
}
