import type { Lease } from './coordinator/contract.ts';
import type { MoveOrder, PublishedPackage } from './decide/snapshot.ts';

/**
 * Why a package came to where it is. `start`: it ran nowhere. `move`: ordered, or its node was drained or stopped. `takeover`:
 * its node was lost, or could not serve it. `restart`: on the node that had it last. `failback`: to the node that wants it most.
 */
export type HistoryKind = 'start' | 'move' | 'takeover' | 'restart' | 'failback';

/** One line of a package's history; written by the node that it came to, or that gave an order up. */
export interface HistoryEntry {
  /** Wall clock, milliseconds: when clients were served again. */
  readonly at: number;
  readonly package: string;
  /** Who held it before; undefined: nobody. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly kind: HistoryKind;
  /** The sentence of the decision. */
  readonly reason: string;
  /** From the decision to take it until clients were served; 0 if nothing was done. */
  readonly milliseconds: number;
  /** The move order that this settles. */
  readonly order: string | undefined;
  /** False: it was given up, and {@link reason} says why. */
  readonly done: boolean;
}

/** `steadfs cluster status`: the cluster as one node sees it. */
export interface ClusterReport {
  readonly cluster: string;
  /** Who reports. */
  readonly node: string;
  readonly version: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly leaseMilliseconds: number;
  /** Milliseconds since the coordinator was last heard, and everything below was true; undefined: not since the start. */
  readonly age: number | undefined;
  /** Every node of the configuration, in its order. */
  readonly nodes: readonly NodeReport[];
  /** Every package of the configuration, in its order. */
  readonly packages: readonly PackageReport[];
  /** Of all packages, the newest last. */
  readonly history: readonly HistoryEntry[];
}

/** True while the coordinator answers: what the report says can be relied on. */
export function isHeard({ age, leaseMilliseconds }: ClusterReport): boolean {
  return age !== undefined && age < leaseMilliseconds;
}

export interface NodeReport {
  readonly name: string;
  readonly alive: boolean;
  /** Milliseconds since it was seen to publish; undefined: never. */
  readonly age: number | undefined;
  readonly drained: boolean;
  readonly leaving: boolean;
  /** True if no service interface of it has a link. */
  readonly isolated: boolean;
  readonly links: Readonly<Record<string, boolean>>;
}

export interface PackageReport {
  readonly name: string;
  /** Nodes that may run it, the most wanted first. */
  readonly nodes: readonly string[];
  /** With prefix, as configured. */
  readonly addresses: readonly string[];
  /** The node that serves it now. */
  readonly active: string | undefined;
  readonly lease: Lease | undefined;
  readonly maintenance: boolean;
  /** A move that was ordered and is not over. */
  readonly move: MoveOrder | undefined;
  /** What each node that lives says about it, by node. */
  readonly states: Readonly<Record<string, PublishedPackage>>;
  /** What the reporting node decided last, and why. */
  readonly action: string;
  readonly reason: string;
}
