import type { Lease } from '../coordinator/contract.ts';
import { type Assignments, assign } from './assign.ts';
import type { MoveOrder, NodeSnapshot, PackageSnapshot, PublishedPackage, Snapshot } from './snapshot.ts';
import { FENCED_TURN, MINUTE, MOST_MOVES, PERIOD, READY, SECOND, WELL } from './times.ts';

/** A package of which a node has not said anything. */
const UNKNOWN: PublishedPackage = { phase: 'idle', since: 0, problem: undefined, barredUntil: 0, mounted: false };
/** Phases of a node on which nothing of a package is left from before. */
const STOPPED: readonly PublishedPackage['phase'][] = ['idle', 'preparing', 'ready'];

/**
 * One snapshot, and the questions that decisions ask it. Whatever says "to follow its name" is the end of a sentence that
 * begins with a node's name.
 */
export class Round {
  readonly snapshot: Snapshot;
  private readonly assignments: Assignments;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    this.assignments = assign(this);
  }

  get self(): string {
    return this.snapshot.self;
  }

  /** Who is to have a package that needs a node, the first to take it first. */
  ranking({ plan }: PackageSnapshot): readonly string[] {
    return this.assignments.get(plan.name) ?? [];
  }

  node(name: string): NodeSnapshot | undefined {
    return this.snapshot.nodes.get(name);
  }

  isAlive(name: string): boolean {
    return name === this.self || this.node(name)?.alive === true;
  }

  state({ plan }: PackageSnapshot, node: string): PublishedPackage {
    return this.node(node)?.status?.packages[plan.name] ?? UNKNOWN;
  }

  isReady(item: PackageSnapshot, node: string): boolean {
    return this.isAlive(node) && this.state(item, node).phase === 'ready';
  }

  /** True if the package failed on this node, which does not want it back for a while. */
  isBarred(item: PackageSnapshot, node: string): boolean {
    return this.state(item, node).barredUntil > this.snapshot.now;
  }

  /** What keeps a node from getting packages, to follow its name. */
  unfitness(node: string): string | undefined {
    if (!this.isAlive(node)) return 'is not alive';
    return this.retreat(node) ?? this.isolation(node);
  }

  /** The same for one package that an administrator wants there. */
  obstacleTo({ plan }: PackageSnapshot, node: string): string | undefined {
    return plan.nodes.includes(node) ? this.unfitness(node) : `is not among the nodes of ${plan.name}`;
  }

  /** Why all packages are to leave a node, to follow its name; they are served there meanwhile. */
  private retreat(node: string): string | undefined {
    if (this.isStopping(node)) return 'is being stopped';
    return this.node(node)?.orders.drained ? 'is drained' : undefined;
  }

  isStopping(node: string): boolean {
    return this.node(node)?.status?.leaving === true;
  }

  private isolation(node: string): string | undefined {
    return this.node(node)?.status?.isolated ? 'has no link on the service network' : undefined;
  }

  /** Why a package is to leave its holder, to follow its name; it is served there meanwhile. */
  departure({ plan }: PackageSnapshot, holder: string): string | undefined {
    return this.retreat(holder) ?? (plan.nodes.includes(holder) ? undefined : `is not among the nodes of ${plan.name}`);
  }

  /** Those who may get ready for a package that leaves `holder`: one, and one more each time that they were too slow. */
  due(ranking: readonly string[], holder: string): readonly string[] {
    const known = this.node(holder);
    const drainedFor = known?.orders.drained ? known.orderedFor : 0;
    return ranking.slice(0, 1 + Math.floor(drainedFor / READY));
  }

  /** Why a package is not served by its holder, to follow its name. */
  outage(item: PackageSnapshot, holder: string): string | undefined {
    const { phase, problem } = this.state(item, holder);
    if (phase === 'failed') return `cannot serve ${item.plan.name} (${problem ?? 'no reason is known'})`;
    return this.isolation(holder);
  }

  /** Why a holder may be lost, to follow its name. */
  suspicion({ holder, age }: Lease): string | undefined {
    if (!this.isAlive(holder)) return 'is not alive';
    return age > this.snapshot.leaseMilliseconds / 2 ? 'has not renewed its lease in time' : undefined;
  }

  /** True if a package must leave its holder, or is about to lose it. */
  isLeaving(item: PackageSnapshot, lease: Lease): boolean {
    const { holder } = lease;
    return (this.departure(item, holder) ?? this.outage(item, holder) ?? this.suspicion(lease)) !== undefined;
  }

  /** True while a lease that was left to a node waits for it alone. */
  isReserved({ state, successor, age }: Lease): boolean {
    return state === 'released' && successor !== undefined && age < this.snapshot.leaseMilliseconds;
  }

  /** True if the last holder, whose lease has expired, is back and says that it does not serve the package. */
  hasStopped({ plan }: PackageSnapshot, { state, holder }: Lease): boolean {
    const said = this.node(holder)?.status?.packages[plan.name];
    return state === 'expired' && this.isAlive(holder) && said !== undefined && STOPPED.includes(said.phase);
  }

  /** True if the package's own storage may be mounted on a node that lives: nobody else may mount it then. */
  isMounted(item: PackageSnapshot, node: string): boolean {
    return this.isAlive(node) && this.state(item, node).mounted;
  }

  /** The order to move that is in force. */
  order(item: PackageSnapshot): MoveOrder | undefined {
    const order = this.pendingOrder(item);
    return order === undefined || this.verdict(item, order) !== undefined ? undefined : order;
  }

  /** The order to move that is neither carried out nor overtaken; it may be one to give up. */
  pendingOrder({ lease, orders }: PackageSnapshot): MoveOrder | undefined {
    const { move } = orders;
    if (lease?.state === 'held') return move?.from === lease.holder ? move : undefined;
    // A lease that came free since keeps the name of its last holder.
    return move?.from === undefined || move.from === lease?.holder ? move : undefined;
  }

  /** Why an order to move is to be given up. */
  verdict(item: PackageSnapshot, { node }: MoveOrder): string | undefined {
    const { plan, lease, orderedFor } = item;
    const isHeld = lease?.state === 'held';
    const obstacle = node === undefined ? undefined : this.obstacleTo(item, node);
    if (obstacle !== undefined) return `${node} ${obstacle}`;
    if (isHeld) {
      if (orderedFor < READY || (node !== undefined && this.isReady(item, node))) return undefined;
      return `${node === undefined ? 'no other node was' : `${node} was not`} ready within ${READY / SECOND} seconds`;
    }
    const time = plan.fenced ? FENCED_TURN + READY : READY;
    return orderedFor < time
      ? undefined
      : `${node === undefined ? 'no node took' : `${node} did not take`} it within ${time / SECOND} seconds`;
  }

  /** The node that wants the package most, if it is to go back there by itself; and what is against it now. */
  failback(item: PackageSnapshot): { readonly home: string; readonly obstacle: string | undefined } | undefined {
    const { plan, lease, orders, lastFailback } = item;
    const { now } = this.snapshot;
    const home = plan.nodes[0];
    if (plan.failback !== 'automatic' || orders.maintenance || lease?.state !== 'held') return undefined;
    if (home === undefined || home === lease.holder || this.unfitness(home) !== undefined) return undefined;
    const obstacle = (): string | undefined => {
      const moves = this.recentMoves(item);
      // Whether that is over, only a try can tell, and each costs the clients a pause: an administrator decides.
      if (this.state(item, home).phase === 'failed') return `it failed there, and only an order to move tries again`;
      if (this.isBarred(item, home)) return 'it failed there lately';
      if ((this.node(home)?.aliveFor ?? 0) < WELL) return `${home} has not been alive for ${WELL / SECOND} seconds yet`;
      if (moves >= MOST_MOVES) return `it has moved ${moves} times within ${PERIOD / MINUTE} minutes`;
      const wentBack = now - lastFailback < PERIOD;
      return wentBack ? `it went back within the last ${PERIOD / MINUTE} minutes already` : undefined;
    };
    return { home, obstacle: obstacle() };
  }

  hasMovedTooOften(item: PackageSnapshot): boolean {
    return this.recentMoves(item) >= MOST_MOVES;
  }

  private recentMoves({ recentMoves }: PackageSnapshot): number {
    return recentMoves.filter((at) => this.snapshot.now - at < PERIOD).length;
  }
}
