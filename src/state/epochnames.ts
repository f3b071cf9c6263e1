import { StateError } from './error.ts';

const DIGITS = 12;
const EPOCH = /^epoch\.(\d{12})$/;
/** A copy that is not complete. */
const UNFINISHED = /^epoch\.(\d{12})\.tmp$/;

/** The folder of the epoch that a fencing token began. Throws {@link StateError} for a token that cannot be one. */
export function epochName(token: number): string {
  const digits = String(token).padStart(DIGITS, '0');
  if (!Number.isSafeInteger(token) || token < 1 || digits.length > DIGITS) {
    throw new StateError(`a lease's token is a whole number from 1 to ${'9'.repeat(DIGITS)}, and not ${token}`);
  }
  return `epoch.${digits}`;
}

/** Tokens of the epochs among the names of a folder, lowest first. */
export function epochsAmong(names: readonly string[]): number[] {
  return tokensOf(names, EPOCH);
}

/** The same for those that were begun and never completed; their names end with `.tmp`. */
export function unfinishedAmong(names: readonly string[]): number[] {
  return tokensOf(names, UNFINISHED);
}

function tokensOf(names: readonly string[], pattern: RegExp): number[] {
  const digits = names.flatMap((name) => pattern.exec(name)?.[1] ?? []);
  return digits.map(Number).sort((a, b) => a - b);
}
