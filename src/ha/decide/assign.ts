import type { Round } from './round.ts';
import type { PackageSnapshot } from './snapshot.ts';

/** By package: the nodes that are to have it if it needs one, the first to take it first. */
export type Assignments = ReadonlyMap<string, readonly string[]>;

/** A package that has no place, or is about to lose it. */
interface Loose {
  readonly item: PackageSnapshot;
  readonly candidates: readonly string[];
  /** A candidate that is to have it only if there is no other. */
  readonly last: string | undefined;
}

/**
 * Ranks the nodes for every package that needs one, all together: every node computes the same. First come nodes that
 * have prepared for the package, so that a choice stays made; then a last holder that is back after all nodes had lost the
 * coordinator; then the node that wants it most; then whoever has, or is
 * to get, the fewest packages.
 */
export function assign(round: Round): Assignments {
  const loads = new Map<string, number>();
  const loadOf = (node: string) => loads.get(node) ?? 0;
  const load = (node: string | undefined) => node !== undefined && loads.set(node, loadOf(node) + 1);
  const loose: Loose[] = [];
  for (const item of round.snapshot.packages) {
    const place = placeOf(round, item);
    if (typeof place === 'object') loose.push(place);
    else load(place);
  }
  loose.sort((a, b) => (a.item.plan.name < b.item.plan.name ? -1 : 1));

  const assignments = new Map<string, readonly string[]>();
  // Packages whose place does not hang on the others' go first, so that the others spread around them.
  for (const isNext of [hasPrepared, isBack, isHome, () => true]) {
    for (const { item, candidates, last } of loose) {
      const { plan } = item;
      if (assignments.has(plan.name) || !candidates.some((node) => isNext(round, item, node))) continue;
      const rank = (node: string) => [
        node === last ? 1 : 0,
        round.isBarred(item, node) ? round.state(item, node).barredUntil : 0,
        hasPrepared(round, item, node) ? 0 : 1,
        isBack(round, item, node) ? 0 : 1,
        isHome(round, item, node) ? 0 : 1,
        loadOf(node),
        plan.nodes.indexOf(node),
      ];
      const ranking = candidates
        .map((node) => ({ node, rank: rank(node) }))
        .sort((a, b) => compare(a.rank, b.rank))
        .map(({ node }) => node);
      assignments.set(plan.name, ranking);
      load(ranking[0]);
    }
  }
  return assignments;
}

/** The node that a package stays on, or is promised to; undefined: it is to have none. */
function placeOf(round: Round, item: PackageSnapshot): string | Loose | undefined {
  const { lease, orders } = item;
  const order = round.order(item);
  if (order?.node !== undefined && round.obstacleTo(item, order.node) === undefined) return order.node;
  if (lease !== undefined && round.isReserved(lease)) return lease.successor;
  const isAlone = orders.maintenance && order === undefined;
  if (lease?.state === 'held') {
    const stays = order === undefined && (isAlone || !round.isLeaving(item, lease));
    return stays ? lease.holder : { item, candidates: candidatesOf(round, item, lease.holder), last: undefined };
  }
  if (isAlone) return undefined;
  // Whoever let a lease run out is gone, unless it has said something since.
  const last = lease?.state === 'expired' && !round.hasStopped(item, lease) ? lease.holder : undefined;
  return { item, candidates: candidatesOf(round, item, undefined), last };
}

/** Nodes where the package failed lately count only if there is no other. */
function candidatesOf(round: Round, item: PackageSnapshot, except: string | undefined): readonly string[] {
  const fit = item.plan.nodes.filter((node) => node !== except && round.unfitness(node) === undefined);
  const unbarred = fit.filter((node) => !round.isBarred(item, node));
  return unbarred.length > 0 ? unbarred : fit;
}

function hasPrepared(round: Round, item: PackageSnapshot, node: string): boolean {
  return ['preparing', 'ready'].includes(round.state(item, node).phase);
}

function isBack(round: Round, item: PackageSnapshot, node: string): boolean {
  return item.lease?.holder === node && round.hasStopped(item, item.lease);
}

function isHome(_round: Round, { plan }: PackageSnapshot, node: string): boolean {
  return plan.nodes[0] === node;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
