import { setTimeout as sleep } from 'node:timers/promises';
import type { Case, CaseClass, Need } from './case.ts';
import { Context } from './context.ts';
import { Mismatch, NotApplicable } from './expect.ts';
import type { Housekeeping } from './housekeeping.ts';
import { Disconnected, NoReply, RpcRefused } from './rpc/failures.ts';
import type { Target } from './target.ts';
import { WireError } from './wire.ts';

export type Outcome = 'pass' | 'fail' | 'not applicable' | 'error';

/** How one case went. `error` means that the suite, not the server, went wrong. */
export interface Result {
  readonly id: string;
  readonly group: string;
  readonly procedure: string;
  readonly title: string;
  readonly clause: string;
  readonly class: CaseClass;
  readonly outcome: Outcome;
  /** What was expected and what came; why it does not apply; what went wrong. Empty for a pass. */
  readonly detail: string;
  readonly milliseconds: number;
}

/** No case takes longer, however many calls it makes. */
const CASE_MILLISECONDS = 180_000;
/** For a server that has crashed to be started again, by whoever looks after it. After that nobody waits any more. */
const RETURN_MILLISECONDS = 30_000;

export interface RunOptions {
  /** How many cases run at a time. */
  readonly jobs: number;
  readonly onResult?: (result: Result) => void;
  /** Stops before the next case. */
  readonly signal?: AbortSignal;
}

/** Runs cases, those that must be alone at the end, and gives the results in the order of the cases. */
export async function runCases(
  cases: readonly Case[],
  target: Target,
  housekeeping: Housekeeping,
  { jobs, onResult, signal }: RunOptions,
): Promise<Result[]> {
  const results = new Map<Case, Result>();
  let isGone = false;
  const work = async (queue: Case[]) => {
    for (let next = queue.shift(); next !== undefined && !signal?.aborted; next = queue.shift()) {
      const result = await runCase(next, target, housekeeping);
      results.set(next, result);
      onResult?.(result);
      // What it did may have ended the server: that is no fault of the cases behind it.
      const failed = result.outcome === 'fail' || result.outcome === 'error';
      if (failed && !isGone) isGone = !(await target.answersWithin(RETURN_MILLISECONDS, next.program));
    }
  };
  const together = cases.filter(({ alone }) => !alone);
  await Promise.all(Array.from({ length: jobs }, () => work(together)));
  await work(cases.filter(({ alone }) => alone));
  return cases.flatMap((each) => results.get(each) ?? []);
}

async function runCase(of: Case, target: Target, housekeeping: Housekeeping): Promise<Result> {
  const startedAt = performance.now();
  const { id, group, procedure, title, clause } = of;
  const result = (outcome: Outcome, detail: string): Result => ({
    ...{ id, group, procedure, title, clause, class: of.class, outcome, detail },
    milliseconds: Math.round(performance.now() - startedAt),
  });
  const unmet = await whyNotApplicable(of, target, housekeeping);
  if (unmet !== undefined) return result('not applicable', unmet);

  const context = new Context(target, housekeeping);
  let ended: Result;
  try {
    await withDeadline(of.run(context));
    ended = result('pass', '');
  } catch (error) {
    ended = result(...outcomeOf(error));
  }
  try {
    await context.close();
  } catch (error) {
    housekeeping.forgetConnection();
    if (ended.outcome === 'pass') ended = result('error', `cleaning up: ${(error as Error).message}`);
  }
  return ended;
}

function outcomeOf(error: unknown): [Outcome, string] {
  if (error instanceof NotApplicable) return ['not applicable', error.message];
  if (error instanceof Mismatch) return ['fail', error.message];
  const isServersDoing = [RpcRefused, NoReply, Disconnected, WireError].some((kind) => error instanceof kind);
  if (isServersDoing) return ['fail', (error as Error).message];
  return ['error', error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

async function withDeadline(running: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(CASE_MILLISECONDS, undefined, { signal: ended.signal }).then(() => {
    throw new NoReply(`the case did not end within ${CASE_MILLISECONDS / 1000} s`);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    ended.abort();
    late.catch(() => undefined);
  }
}

async function whyNotApplicable(
  { program, needs }: Case,
  target: Target,
  housekeeping: Housekeeping,
): Promise<string | undefined> {
  const missing = await target.missing(program);
  if (missing !== undefined) return missing;
  for (const need of needs) {
    const why = housekeeping.unmet.get(need) ?? (await whyUnmet(need, program, target));
    if (why !== undefined) return why;
  }
  return undefined;
}

async function whyUnmet(need: Need, program: Case['program'], target: Target): Promise<string | undefined> {
  const { secondPath, restart } = target.options;
  switch (need) {
    case 'udp':
      return target.missing(program, { kind: 'udp' });
    case 'ipv6':
      return target.missing(program, { family: 6 });
    case 'second-export':
      return secondPath === undefined ? 'no second export was named (--second-export)' : undefined;
    case 'restart':
      return restart === undefined ? 'no command to restart the server was given (--restart)' : undefined;
    case 'privileged':
      return process.getuid?.() === 0 ? undefined : 'ports below 1024 need root';
    default:
      return undefined;
  }
}
