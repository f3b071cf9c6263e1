import type { Caller, FileSystem } from '../../../src/vfs/index.ts';

/** A file system to be tested, with an empty root that everybody may write to. */
export interface Fixture {
  readonly fs: FileSystem;
  /** Who the tests act as where it does not matter. */
  readonly me: Caller;
  /** Closes it and opens it again, as a restart of the server does. */
  reopen(): Promise<FileSystem>;
  dispose(): Promise<void>;
}

/** Runs a test on a file system of its own. */
export type Check = (title: string, run: (fixture: Fixture) => Promise<void>) => void;
