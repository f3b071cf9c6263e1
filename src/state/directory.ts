import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { reason, StateError } from './error.ts';

/** Makes the folder of a state, for its owner alone, and what is missing above it. Throws {@link StateError}. */
export function makeDirectory(directory: string): void {
  try {
    make(directory);
  } catch (error) {
    throw new StateError(
      `cannot make the state directory ${directory}: ${reason(error)}. Make it by hand for this user, or name another one.`,
    );
  }
}

/**
 * Not by Node's `recursive`: that tries for ever where the kernel says ENOENT of a folder that is there (as below
 * /proc), and says ENOENT itself on a disk that is read-only.
 */
function make(directory: string): void {
  try {
    mkdirSync(directory, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
    const above = dirname(directory);
    if (code !== 'ENOENT' || existsSync(above)) throw error;
    make(above);
    make(directory);
  }
}
