import { answer, settled } from './answer.ts';
import type { Round } from './round.ts';
import type { Decision, MoveOrder, PackageSnapshot } from './snapshot.ts';

/** The node holds the package: it keeps it, unless there is a reason to let go and somebody to let it go to. */
export function decideAsHolder(round: Round, item: PackageSnapshot): Decision {
  const { plan, orders } = item;
  const { self } = round;
  if (round.state(item, self).phase === 'releasing') {
    return answer(item, { do: 'nothing' }, `${self} is letting go of ${plan.name}`);
  }
  if (orders.move !== undefined) return decideOrdered(round, item, orders.move);
  return decideUnordered(round, item);
}

/** An order to move comes before everything else. */
function decideOrdered(round: Round, item: PackageSnapshot, order: MoveOrder): Decision {
  const { plan } = item;
  const { self } = round;
  const giveUp = (reason: string) =>
    settled(
      answer(
        item,
        { do: 'keep' },
        `the move of ${plan.name} to ${order.node ?? 'another node'} is given up: ${reason}`,
      ),
      order,
      false,
    );
  const { phase } = round.state(item, self);
  if (order.from !== self || order.node === self) {
    // It came here while, or because, the order was under way.
    if (phase !== 'active') return decideUnordered(round, item);
    if (order.node !== undefined && order.node !== self) return giveUp(`it came to ${self} meanwhile`);
    return settled(answer(item, { do: 'keep' }, `${self} serves ${plan.name}, as ordered`), order, true);
  }
  const verdict = round.verdict(item, order);
  if (verdict !== undefined) return giveUp(verdict);
  const target = order.node ?? round.ranking(item)[0];
  if (target === undefined) return giveUp('no other node can take it');
  // Where clients are not served anyway, nothing is won by waiting.
  if (round.isReady(item, target) || round.outage(item, self) !== undefined) {
    return answer(
      item,
      { do: 'release', successor: target },
      `${plan.name} moves from ${self} to ${target}, as ordered`,
    );
  }
  return answer(item, { do: 'keep' }, `${plan.name} moves from ${self} to ${target} once that is ready, as ordered`);
}

function decideUnordered(round: Round, item: PackageSnapshot): Decision {
  const { plan, orders } = item;
  const { self } = round;
  const outage = round.outage(item, self);
  if (orders.maintenance) {
    return outage === undefined
      ? answer(item, { do: 'keep' }, `${self} serves ${plan.name}, which nothing moves: it is in maintenance`)
      : answer(item, { do: 'nothing' }, `${self} ${outage}, but ${plan.name} is left alone: it is in maintenance`);
  }
  if (outage !== undefined) return decideBroken(round, item, outage);
  const departure = round.departure(item, self);
  if (departure !== undefined) return decideDeparting(round, item, departure);
  const failback = round.failback(item);
  if (failback === undefined) return answer(item, { do: 'keep' }, serving(round, item));
  const { home, obstacle } = failback;
  if (obstacle !== undefined) {
    return answer(item, { do: 'keep' }, `${serving(round, item)}; it does not go back to ${home} now: ${obstacle}`);
  }
  return round.isReady(item, home)
    ? answer(item, { do: 'release', successor: home }, `${plan.name} goes back from ${self} to ${home}`)
    : answer(item, { do: 'keep' }, `${plan.name} goes back from ${self} to ${home} once that is ready`);
}

/** Clients are not served: whoever takes the package next is better than waiting. */
function decideBroken(round: Round, item: PackageSnapshot, outage: string): Decision {
  const { plan } = item;
  const { self } = round;
  const [next] = round.ranking(item);
  if (next !== undefined && !round.isBarred(item, next)) {
    return answer(item, { do: 'release', successor: next }, `${self} ${outage}, so ${plan.name} moves to ${next}`);
  }
  // Without a link nothing is gained by another try here; with a server that failed there is.
  return round.state(item, self).phase === 'failed'
    ? answer(item, { do: 'release', successor: undefined }, `${self} ${outage}, and no other node can take it now`)
    : answer(item, { do: 'keep' }, `${self} ${outage}, but no other node can take ${plan.name}`);
}

/** The node is drained or stopped: it serves until another node is ready. */
function decideDeparting(round: Round, item: PackageSnapshot, departure: string): Decision {
  const { plan } = item;
  const { self } = round;
  const ranking = round.ranking(item);
  const [first] = ranking;
  if (first === undefined) {
    return round.isStopping(self)
      ? answer(
          item,
          { do: 'release', successor: undefined },
          `${self} ${departure}, and no other node can take ${plan.name}`,
        )
      : answer(item, { do: 'keep' }, `${self} ${departure}, but no other node can take ${plan.name}`);
  }
  const next = round.due(ranking, self).find((node) => round.isReady(item, node));
  return next === undefined
    ? answer(item, { do: 'keep' }, `${self} ${departure}, so ${plan.name} moves to ${first} once that is ready`)
    : answer(item, { do: 'release', successor: next }, `${self} ${departure}, so ${plan.name} moves to ${next}`);
}

function serving(round: Round, item: PackageSnapshot): string {
  const { self } = round;
  return `${self} ${round.state(item, self).phase === 'active' ? 'serves' : 'starts'} ${item.plan.name}`;
}
