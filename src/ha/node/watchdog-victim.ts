import { readFileSync } from 'node:fs';

/** A process, told apart from later ones with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: when it started, in clock ticks since the host did. */
  readonly startTime: string;
}

/** @returns undefined if there is no such process, or it is dead and only waits for its parent to notice. */
export function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command's name, field 2, stands in parentheses and may contain anything, parentheses too.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : fields[22 - 4];
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime;
}

/** Sends a signal to this process, and to no other that has its number now. */
export function signal(victim: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(victim)) return;
  try {
    process.kill(victim.pid, name);
  } catch (error) {
    // It has just died.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
