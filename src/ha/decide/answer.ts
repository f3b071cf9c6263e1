import type { Round } from './round.ts';
import type { Action, Decision, MoveOrder, PackageSnapshot } from './snapshot.ts';
import { LINGER } from './times.ts';

/** Puts one decision together. */
export function answer({ plan }: PackageSnapshot, action: Action, reason: string): Decision {
  return { package: plan.name, action, reason, settle: undefined };
}

/** The same, with the news that a move order is over. */
export function settled(decision: Decision, { id }: MoveOrder, done: boolean): Decision {
  return { ...decision, settle: { id, done } };
}

/** Nothing is to be done for the package here: a server process that was prepared for it ends, after a while. */
export function idle(round: Round, item: PackageSnapshot, reason: string): Decision {
  const { phase, since } = round.state(item, round.self);
  if (phase !== 'preparing' && phase !== 'ready') return answer(item, { do: 'nothing' }, reason);
  const lingers = round.unfitness(round.self) === undefined && round.snapshot.now - since < LINGER;
  return answer(item, lingers ? { do: 'nothing' } : { do: 'stand down' }, reason);
}
