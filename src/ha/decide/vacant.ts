import type { Lease } from '../coordinator/contract.ts';
import type { HistoryKind } from '../report.ts';
import { answer, idle, settled } from './answer.ts';
import type { Round } from './round.ts';
import type { Decision, MoveOrder, PackageSnapshot } from './snapshot.ts';
import { FENCED_TURN, RETRY, SLOW_RETRY, TURN } from './times.ts';

/** Nobody holds the package: it never ran, was let go of, or its holder was lost. */
export function decideVacant(round: Round, item: PackageSnapshot): Decision {
  const { plan, lease, orders } = item;
  const { self } = round;
  const name = plan.name;
  if (lease !== undefined && round.isReserved(lease)) return decideReserved(round, item, lease);
  const order = round.order(item);
  if (order?.node !== undefined) {
    return order.node === self
      ? take(round, item, order, `${vacancyOf(item)}; ${self} takes it, as ordered`)
      : idle(round, item, `${vacancyOf(item)}; ${order.node} is to take it, as ordered`);
  }
  const over = order === undefined ? round.pendingOrder(item) : undefined;
  if (over !== undefined && isSpokesman(round, item)) {
    const reason = `the move of ${name} to ${over.node ?? 'another node'} is given up: ${round.verdict(item, over)}`;
    return settled(idle(round, item, reason), over, false);
  }
  if (orders.maintenance && order === undefined) {
    return idle(round, item, `${vacancyOf(item)}; nothing starts it before its maintenance ends, or somebody moves it`);
  }
  return decideFree(round, item, order);
}

/** Its last holder left it to one node. */
function decideReserved(round: Round, item: PackageSnapshot, lease: Lease): Decision {
  const { plan } = item;
  const { self } = round;
  const { holder, successor } = lease;
  if (successor !== self) return idle(round, item, `${plan.name} is on its way from ${holder} to ${successor}`);
  const obstacle = round.unfitness(self);
  if (obstacle !== undefined)
    return idle(round, item, `${holder} left ${plan.name} to ${self}, but ${self} ${obstacle}`);
  const order = round.pendingOrder(item);
  // One that came when it was on its way is for another node: it is given up once the package is served.
  if (order !== undefined && (order.node === undefined || order.node === self)) {
    return answer(
      item,
      { do: 'take', kind: 'move', order: order.id },
      `${plan.name} moves from ${holder} to ${self}, as ordered`,
    );
  }
  const outage =
    round.outage(item, holder) ?? (round.isBarred(item, holder) ? `could not serve ${plan.name}` : undefined);
  if (outage !== undefined) return takeAs(item, 'takeover', `${holder} ${outage}, so ${plan.name} moves to ${self}`);
  const departure = round.departure(item, holder);
  if (departure === undefined && plan.failback === 'automatic' && plan.nodes[0] === self) {
    return takeAs(item, 'failback', `${plan.name} goes back from ${holder} to ${self}`);
  }
  const why =
    departure === undefined ? `left ${plan.name} to ${self}` : `${departure}, so ${plan.name} moves to ${self}`;
  return takeAs(item, 'move', `${holder} ${why}`);
}

/** Anybody may take it: the first of the ranking does, the others only if that one does not. */
function decideFree(round: Round, item: PackageSnapshot, order: MoveOrder | undefined): Decision {
  const { plan, lease } = item;
  const { self } = round;
  const vacancy = vacancyOf(item);
  const unfit = round.unfitness(self);
  if (unfit !== undefined) return idle(round, item, `${vacancy}, but ${self} ${unfit}`);
  const ranking = round.ranking(item);
  const rank = ranking.indexOf(self);
  if (rank < 0) return idle(round, item, `${vacancy}; it failed on ${self} lately, so ${ranking[0]} is to take it`);
  if (round.isBarred(item, self) && !mayRetry(round, item)) {
    return idle(
      round,
      item,
      `${vacancy}; it failed on ${self}, which tries again in a while because no other node can take it`,
    );
  }
  // The node that wants it most waits for nobody but a last holder, who may be back at any moment.
  const isExpected = plan.nodes[0] !== self || (lease?.state === 'expired' && !round.isAlive(lease.holder));
  if (isExpected && isEarly(round, item)) return idle(round, item, `${vacancy}; ${patience(round)}`);
  const turn = rank * (plan.fenced ? FENCED_TURN : TURN);
  if (vacantFor(round, item, ranking.slice(0, rank)) < turn) {
    return idle(round, item, `${vacancy}; ${ranking[0]} is to take it`);
  }
  const late = rank === 0 ? '' : `, because ${ranking[0]} does not`;
  return take(round, item, order, `${vacancy}; ${self} takes it${late}`);
}

/** Takes it, after its last holder has been put down if that is needed. */
function take(round: Round, item: PackageSnapshot, order: MoveOrder | undefined, reason: string): Decision {
  const { plan, lease, fencedHolder } = item;
  const { self } = round;
  const isLost = lease?.state === 'expired' && lease.holder !== self;
  const mayFence = plan.fenced && (fencedHolder || hadTimeToUnmount(round, item, lease));
  if (isLost && round.isMounted(item, lease.holder) && !mayFence) {
    return idle(round, item, `${vacancyOf(item)}, but still has its storage mounted`);
  }
  const hasLetGo = isLost && round.hasStopped(item, lease) && !round.isMounted(item, lease.holder);
  if (isLost && plan.fenced && !fencedHolder && !hasLetGo) {
    // When the coordinator comes back after a while, nobody has said yet that it is well.
    if (isEarly(round, item)) return idle(round, item, `${vacancyOf(item)}; ${patience(round)}`);
    return answer(
      item,
      { do: 'fence', node: lease.holder },
      `${vacancyOf(item)}; ${self} puts ${lease.holder} down first`,
    );
  }
  const isAway = lease !== undefined && lease.holder !== self;
  return answer(item, { do: 'take', kind: kindOf(lease, isAway, order), order: order?.id }, reason);
}

/** Where nothing runs any more, what is left of an earlier run of the daemon is unmounted as soon as the lease is out. */
function hadTimeToUnmount(round: Round, item: PackageSnapshot, lease: Lease | undefined): boolean {
  return (
    lease === undefined ||
    !round.hasStopped(item, lease) ||
    vacantFor(round, item, []) >= round.snapshot.leaseMilliseconds
  );
}

function takeAs(item: PackageSnapshot, kind: HistoryKind, reason: string): Decision {
  return answer(item, { do: 'take', kind, order: undefined }, reason);
}

function kindOf(lease: Lease | undefined, isAway: boolean, order: MoveOrder | undefined): HistoryKind {
  if (lease === undefined) return 'start';
  if (!isAway) return 'restart';
  if (order !== undefined) return 'move';
  return lease.state === 'expired' ? 'takeover' : 'start';
}

function vacancyOf({ plan, lease }: PackageSnapshot): string {
  if (lease === undefined) return `${plan.name} has not run yet`;
  return lease.state === 'expired'
    ? `${lease.holder} let its lease of ${plan.name} run out`
    : `${lease.holder} has let go of ${plan.name}`;
}

/** How long the package has been free for the first of these nodes to take, milliseconds. */
function vacantFor(round: Round, { lease }: PackageSnapshot, before: readonly string[]): number {
  const { leaseMilliseconds } = round.snapshot;
  const isReleased = lease?.state === 'released' && lease.successor === undefined;
  const free = lease === undefined ? Number.POSITIVE_INFINITY : lease.age - (isReleased ? 0 : leaseMilliseconds);
  return Math.min(free, ...before.map((node) => round.node(node)?.aliveFor ?? 0));
}

/** True while this node has not been there long enough to know who else is. */
function isEarly(round: Round, { plan }: PackageSnapshot): boolean {
  const { self, snapshot } = round;
  if ((round.node(self)?.aliveFor ?? 0) >= snapshot.leaseMilliseconds) return false;
  return plan.nodes.some((node) => !round.isAlive(node) && round.node(node)?.orders.drained !== true);
}

function patience({ self }: Round): string {
  return `${self} has just joined and gives the others the time to appear`;
}

/** Where no other node can take it, the node that failed tries again, but not at once. */
function mayRetry(round: Round, item: PackageSnapshot): boolean {
  const pause = round.hasMovedTooOften(item) ? SLOW_RETRY : RETRY;
  return round.snapshot.now - round.state(item, round.self).since >= pause;
}

/** The node that says for all that an order is given up. */
function isSpokesman(round: Round, { plan }: PackageSnapshot): boolean {
  return plan.nodes.find((node) => round.isAlive(node)) === round.self;
}
