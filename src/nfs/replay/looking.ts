import { type Awaitable, then } from '../../common/awaitable.ts';
import type { File, FoundFile } from '../../exports/contract.ts';
import { type Call, NO_REPLY } from '../../rpc/index.ts';
import { FsError, type Inode } from '../../vfs/index.ts';
import { checkName } from '../v3/arguments.ts';

/** What became of a procedure. What cannot be looked at any more is for the procedure itself to fail at. */
export function deciding<Res>(look: () => Awaitable<Res | undefined>): Awaitable<Res | typeof NO_REPLY | undefined> {
  return attempt<Res | typeof NO_REPLY | undefined>(look, ({ code }) => (code === 'JUKEBOX' ? NO_REPLY : undefined));
}

/** Keeps what a call has found, as it is about to change it. Undefined if nobody keeps that. */
export function keeping<Found extends unknown[]>(
  { intend }: Call,
  { view }: File,
  noteOf: (...found: Found) => Buffer,
): ((...found: Found) => void) | undefined {
  if (intend === undefined) return undefined;
  return (...found) => intend(noteOf(...found), view.caller.sync);
}

/** What has a name now, for this caller; undefined if nothing has it. Throws {@link FsError} if the caller may not know. */
export function named(directory: File, name: Buffer): Awaitable<FoundFile | undefined> {
  checkName(directory, name);
  return attempt<FoundFile | undefined>(
    () => directory.view.lookup(directory.inode, name),
    (error) => {
      if (error.code === 'NOENT') return undefined;
      throw error;
    },
  );
}

/** True if a name stands for the file with this handle body. */
export function isFile(found: FoundFile | undefined, body: Buffer): boolean {
  return found?.inode.body.equals(body) ?? false;
}

/** Goes on once what the interrupted call did is as safe as its reply says. */
export function settled<T>({ view }: File, inodes: readonly Inode[], next: () => Awaitable<T>): Awaitable<T> {
  return view.caller.sync ? then(view.fileSystem.flush(inodes), next) : next();
}

function attempt<T>(work: () => Awaitable<T>, failed: (error: FsError) => T): Awaitable<T> {
  const caught = (error: unknown): T => {
    if (!(error instanceof FsError)) throw error;
    return failed(error);
  };
  try {
    const result = work();
    return result instanceof Promise ? result.catch(caught) : result;
  } catch (error) {
    return caught(error);
  }
}
