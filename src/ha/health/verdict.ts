import type { ProbeAnswer, ProbeAnswers } from '../node/ports.ts';

/** What is known about a running server when it is judged. Times in milliseconds. */
export interface Observation {
  readonly answers: ProbeAnswers;
  /** For how long NULL has got no answer; 0: it just has. */
  readonly unanswered: number;
  /** For how long the lock manager has got no answer although NULL did; 0: it has. */
  readonly lockUnanswered: number;
  /** By path: for how long an export's root has given no attributes although NULL was answered. */
  readonly rootsUnanswered: ReadonlyMap<string, number>;
  /** How long ago the process said anything about itself, and whether it finished calls since the last observation. */
  readonly pulseAge: number;
  readonly isProgressing: boolean;
}

export type VerdictState = 'well' | 'slow' | 'hung' | 'dead storage' | 'full storage';

export interface Verdict {
  readonly state: VerdictState;
  /** For people. */
  readonly sentence: string;
}

/** A process that answers nobody for so long, and finishes nothing, will not recover by itself. */
const HUNG_AFTER = 4000;
/** One that finishes calls, but does not get to answer a NULL: a queue that clients could wait for ever in. */
const SWAMPED_AFTER = 60_000;
/** Its own word about itself comes several times a second. */
const PULSE_LATE = 2000;
/** A disk that says nothing for so long is as good as dead; a retry of the block layer takes less. */
const STORAGE_DEAD_AFTER = 20_000;
/** An answer that took longer. */
const SLOW_ANSWER = 1000;
/** Fewer bytes than one large WRITE brings. */
const FULL_BELOW = 1n << 20n;

/** NFS3ERR_IO, NFS3ERR_NXIO, NFS3ERR_STALE: storage that is not there any more (RFC 1813 §2.6). */
const STORAGE_LOST = new Map([
  [5, 'I/O error'],
  [6, 'no such device'],
  [70, 'the folder is gone'],
]);
/** NFS3ERR_JUKEBOX: nothing is mounted there, or the disk is being waited for. */
const JUKEBOX = 10_008;

/** Tells a slow server from a hung one, and dead or full storage from a dead server. */
export function judge(observation: Observation): Verdict {
  const { answers } = observation;
  if (answers.ping.kind !== 'answer') return judgeSilence(observation);
  return (
    judgeStorage(observation) ??
    judgeLocks(observation) ??
    judgeSpace(answers) ??
    judgeSpeed(answers) ?? { state: 'well', sentence: 'the server answers' }
  );
}

function judgeSilence({ unanswered, pulseAge, isProgressing }: Observation): Verdict {
  const time = seconds(unanswered);
  if (isProgressing && unanswered < SWAMPED_AFTER) {
    return {
      state: 'slow',
      sentence: `the server has not answered a NULL for ${time}, but calls finish: it is overloaded`,
    };
  }
  if (unanswered < HUNG_AFTER) {
    return { state: 'slow', sentence: `the server has not answered a NULL for ${time}` };
  }
  const sign = isProgressing
    ? 'though calls finish'
    : pulseAge > PULSE_LATE
      ? `and has been stuck or stopped for ${seconds(pulseAge)}`
      : 'and finishes no call';
  return { state: 'hung', sentence: `the server has not answered a NULL for ${time}, ${sign}` };
}

function judgeStorage({ answers, rootsUnanswered }: Observation): Verdict | undefined {
  for (const { path, attributes } of answers.roots) {
    const lost = attributes.kind === 'answer' ? STORAGE_LOST.get(attributes.status) : undefined;
    if (lost !== undefined) return { state: 'dead storage', sentence: `the storage of ${path} fails: ${lost}` };
  }
  for (const { path, attributes } of answers.roots) {
    if (isAnswered(attributes)) continue;
    const silent = rootsUnanswered.get(path) ?? 0;
    const sentence = `the server answers, but the storage of ${path} has not for ${seconds(silent)}`;
    return { state: silent >= STORAGE_DEAD_AFTER ? 'dead storage' : 'slow', sentence };
  }
  return undefined;
}

function judgeLocks({ answers, lockUnanswered }: Observation): Verdict | undefined {
  if (answers.lock === undefined || answers.lock.kind === 'answer') return undefined;
  const sentence = `the server answers, but its lock manager has not for ${seconds(lockUnanswered)}`;
  return { state: lockUnanswered >= HUNG_AFTER ? 'hung' : 'slow', sentence };
}

function judgeSpace({ roots }: ProbeAnswers): Verdict | undefined {
  const full = roots.filter(({ free }) => free !== undefined && free < FULL_BELOW).map(({ path }) => path);
  if (full.length === 0) return undefined;
  return { state: 'full storage', sentence: `the storage of ${full.join(', ')} is full` };
}

function judgeSpeed({ ping, roots, lock }: ProbeAnswers): Verdict | undefined {
  const times = [ping, lock, ...roots.map(({ attributes }) => attributes)].map((answer) =>
    answer?.kind === 'answer' ? answer.milliseconds : 0,
  );
  const worst = Math.max(...times);
  if (worst < SLOW_ANSWER) return undefined;
  return { state: 'slow', sentence: `the server took ${seconds(worst)} to answer a probe` };
}

/** True for any answer that the storage had a part in, or that says nothing about it (no access). */
export function isAnswered(answer: ProbeAnswer): boolean {
  return answer.kind === 'answer' && answer.status !== JUKEBOX;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
