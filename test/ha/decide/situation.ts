import type { Lease } from '../../../src/ha/coordinator/contract.ts';
import { decide } from '../../../src/ha/decide/decide.ts';
import type { Decision, MoveOrder, PublishedPackage, Snapshot } from '../../../src/ha/decide/snapshot.ts';

export const NOW = 1_700_000_000_000;
export const LEASE = 3000;
const LONG = 3_600_000;

/** How one node is; by default it has been well for an hour. */
export interface NodeSituation {
  readonly alive?: boolean;
  readonly aliveFor?: number;
  readonly isolated?: boolean;
  readonly leaving?: boolean;
  readonly drained?: boolean;
  /** True if what it publishes is not understood here. */
  readonly isForeign?: boolean;
  readonly orderedFor?: number;
}

/** How one package is; by default all nodes may run it, in order, and it never ran. */
export interface PackageSituation {
  readonly nodes?: readonly string[];
  readonly failback?: 'manual' | 'automatic';
  readonly fenced?: boolean;
  readonly lease?: Partial<Lease>;
  /** False: an earlier run of this node's daemon may hold the lease that is in its name. */
  readonly granted?: boolean;
  readonly maintenance?: boolean;
  readonly move?: Partial<MoveOrder>;
  readonly orderedFor?: number;
  readonly fencedHolder?: boolean;
  readonly recentMoves?: readonly number[];
  readonly lastFailback?: number;
  readonly states?: Readonly<Record<string, Partial<PublishedPackage>>>;
}

export interface Situation {
  readonly nodes: Readonly<Record<string, NodeSituation>>;
  readonly packages: Readonly<Record<string, PackageSituation>>;
}

export function snapshotOf(self: string, { nodes, packages }: Situation): Snapshot {
  return {
    self,
    now: NOW,
    leaseMilliseconds: LEASE,
    nodes: new Map(
      Object.entries(nodes).map(([name, node]) => {
        const {
          alive = true,
          aliveFor = LONG,
          isolated = false,
          leaving = false,
          drained = false,
          isForeign = false,
          orderedFor = 0,
        } = node;
        const states = Object.entries(packages).map(([key, { states: all }]) => [key, stateOf(all?.[name])]);
        const status = {
          format: 1,
          incarnation: name,
          at: NOW,
          isolated,
          links: {},
          leaving,
          packages: Object.fromEntries(states),
        } as const;
        const understood = isForeign ? undefined : status;
        return [name, { name, alive, aliveFor, status: understood, orders: { drained }, orderedFor }] as const;
      }),
    ),
    packages: Object.entries(packages).map(([name, item]) => {
      const lease = item.lease === undefined ? undefined : leaseOf(name, item.lease);
      return {
        plan: {
          name,
          nodes: item.nodes ?? Object.keys(nodes),
          failback: item.failback ?? 'manual',
          fenced: item.fenced ?? false,
        },
        lease,
        granted: item.granted ?? (lease?.state === 'held' && lease.holder === self),
        orders: {
          maintenance: item.maintenance ?? false,
          move: item.move && { id: 'order', node: undefined, from: undefined, at: NOW, ...item.move },
        },
        orderedFor: item.orderedFor ?? 0,
        fencedHolder: item.fencedHolder ?? false,
        recentMoves: item.recentMoves ?? [],
        lastFailback: item.lastFailback ?? 0,
      };
    }),
  };
}

function stateOf(state: Partial<PublishedPackage> = {}): PublishedPackage {
  return { phase: 'idle', since: NOW - LONG, problem: undefined, barredUntil: 0, mounted: false, ...state };
}

function leaseOf(name: string, lease: Partial<Lease>): Lease {
  const age = lease.state === 'expired' ? LEASE : 0;
  return { package: name, holder: 'a', token: 1, state: 'held', successor: undefined, age, ...lease };
}

/** What a node decides about the first package. */
export function decisionOf(self: string, situation: Situation): Decision | undefined {
  const [first] = Object.keys(situation.packages);
  return decide(snapshotOf(self, situation)).find((decision) => decision.package === first);
}

/** The same in one line: the action with what belongs to it, and the sentence. */
export function said(self: string, situation: Situation): string {
  const decision = decisionOf(self, situation);
  if (decision === undefined) return 'no decision';
  const { action, reason, settle } = decision;
  const { do: verb, ...rest } = action;
  const details = Object.values(rest).filter((value) => value !== undefined);
  const over = settle === undefined ? '' : ` [${settle.id} ${settle.done ? 'done' : 'given up'}]`;
  return `${[verb, ...details].join(' ')}${over}: ${reason}`;
}
