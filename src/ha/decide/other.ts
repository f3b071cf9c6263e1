import type { Lease } from '../coordinator/contract.ts';
import { answer, idle } from './answer.ts';
import type { Round } from './round.ts';
import type { Decision, PackageSnapshot } from './snapshot.ts';

/** Another node holds the package, or an earlier run of this one: this node gets ready if the package is to come here. */
export function decideElsewhere(round: Round, item: PackageSnapshot, lease: Lease): Decision {
  const { plan, orders } = item;
  const { self } = round;
  const { holder } = lease;
  const name = plan.name;
  const prepare = (reason: string) => answer(item, { do: 'prepare' }, reason);

  const order = round.order(item);
  if (order !== undefined) {
    const target = order.node ?? round.ranking(item)[0];
    return target === self
      ? prepare(`${self} gets ready for ${name}, which moves here from ${holder}, as ordered`)
      : idle(round, item, `${name} moves from ${holder} to ${target ?? 'another node'}, as ordered`);
  }
  if (orders.maintenance)
    return idle(round, item, `${holder} holds ${name}, which nothing moves: it is in maintenance`);

  const trouble = round.departure(item, holder) ?? round.outage(item, holder) ?? round.suspicion(lease);
  if (trouble !== undefined) {
    const ranking = round.ranking(item);
    if (ranking.length === 0) return idle(round, item, `${holder} ${trouble}, but no node can take ${name}`);
    const isDue = round.due(ranking, holder).includes(self) && !round.isBarred(item, self);
    return isDue
      ? prepare(`${self} gets ready for ${name}: ${holder} ${trouble}`)
      : idle(round, item, `${holder} ${trouble}; ${ranking[0]} is to take ${name}`);
  }

  const failback = round.failback(item);
  if (failback?.home === self) {
    return failback.obstacle === undefined
      ? prepare(`${self} gets ready for ${name}, which goes back here from ${holder}`)
      : idle(round, item, `${holder} holds ${name}; it does not go back to ${self} now: ${failback.obstacle}`);
  }
  return idle(round, item, `${holder} holds ${name}`);
}
