import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. @returns false if `signal` ended it early, or had been given before. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<boolean>;

export const pause: Pause = async (milliseconds, signal) => {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
  return !signal.aborted;
};

/** Something that goes on for a while after it was begun. */
export interface Ongoing {
  /** Resolves when it is over or cancelled; never rejects. */
  readonly done: Promise<void>;
  cancel(): void;
}
