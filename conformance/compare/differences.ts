import { selectCases } from '../protocol/cases.ts';
import type { Outcome, Result } from '../protocol/runner.ts';

/** A case that ended otherwise with the other server. */
export interface Difference {
  readonly id: string;
  readonly ours: Outcome;
  readonly theirs: Outcome;
  /** What came from the server that did not pass. */
  readonly detail: string;
}

/** Who is right where the servers differ, for the cases of some patterns. */
export interface Verdict {
  /** As `--only` takes them: `NFSv3/RENAME/slash-in-name`, `NFSv2`. */
  readonly cases: readonly [string, ...string[]];
  /** How the cases end with steadfs: `pass` unless said otherwise. */
  readonly ours?: Outcome;
  readonly theirs: Outcome;
  /** What the other server does. */
  readonly does: string;
  /** Who is right and why, with the clause. */
  readonly right: string;
}

export interface Explained {
  readonly explained: readonly { readonly difference: Difference; readonly verdict: Verdict }[];
  /** Differences without a verdict. */
  readonly unexplained: readonly Difference[];
  /** Verdicts on what is no difference any more. */
  readonly outdated: readonly Verdict[];
}

export function differences(ours: readonly Result[], theirs: readonly Result[]): Difference[] {
  const others = new Map(theirs.map((result) => [result.id, result]));
  return ours.flatMap((own) => {
    const other = others.get(own.id);
    if (other === undefined || other.outcome === own.outcome) return [];
    const detail = own.outcome === 'pass' ? other.detail : own.detail;
    return { id: own.id, ours: own.outcome, theirs: other.outcome, detail };
  });
}

export function explain(found: readonly Difference[], verdicts: readonly Verdict[]): Explained {
  const cases = new Map(verdicts.map((verdict) => [verdict, idsOf(verdict)]));
  const verdictOn = ({ id, ours, theirs }: Difference) =>
    verdicts.find((each) => cases.get(each)?.has(id) && (each.ours ?? 'pass') === ours && each.theirs === theirs);
  const judged = found.map((difference) => ({ difference, verdict: verdictOn(difference) }));
  const explained = judged.flatMap(({ difference, verdict }) => (verdict ? { difference, verdict } : []));
  return {
    explained,
    unexplained: judged.flatMap(({ difference, verdict }) => (verdict ? [] : difference)),
    outdated: verdicts.filter((verdict) => !explained.some((each) => each.verdict === verdict)),
  };
}

/** The cases that a verdict is about. */
export function idsOf({ cases }: Verdict): Set<string> {
  return new Set(selectCases(cases).map(({ id }) => id));
}
