import { decideAsHolder } from './holder.ts';
import { decideElsewhere } from './other.ts';
import { Round } from './round.ts';
import type { Decision, Snapshot } from './snapshot.ts';
import { decideVacant } from './vacant.ts';

/**
 * What this node is to do about each package that it runs or may run, with one sentence that says why. Pure: all nodes
 * that see the same agree on who does what. A sentence stays the same for as long as its reason does.
 */
export function decide(snapshot: Snapshot): Decision[] {
  const round = new Round(snapshot);
  const mine = snapshot.packages.filter(({ plan, granted }) => granted || plan.nodes.includes(snapshot.self));
  return mine.map((item) => {
    const { lease, granted } = item;
    if (granted) return decideAsHolder(round, item);
    return lease?.state === 'held' ? decideElsewhere(round, item, lease) : decideVacant(round, item);
  });
}
