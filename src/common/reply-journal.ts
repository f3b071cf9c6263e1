import type { Awaitable } from './awaitable.ts';

/** What was known of a call when the journal was last written. */
export interface KeptCall {
  /** The key of the duplicate request cache. */
  readonly key: string;
  /** `intent`: it was to be run, and nobody knows whether it was. `result`: it ended with this result body. */
  readonly kind: 'intent' | 'result';
  /** Part of a larger buffer, which lasts as long as this is kept. */
  readonly bytes: Buffer;
}

/**
 * The replies that a server remembers across its own crash. Declared here because `rpc` writes it and `state` keeps it,
 * and neither imports the other.
 *
 * What was written survives a crash of the process from the moment the call returns; a power loss, once {@link flush} has
 * ended. No call throws: a journal that cannot be written is reported, and calls go on without it.
 */
export interface ReplyJournal {
  /** What the last holder of the state left, oldest first; each key once. */
  readonly found: readonly KeptCall[];
  /** A call is about to run. The bytes are kept: they are not to be changed afterwards. */
  intent(key: string, bytes: Uint8Array): void;
  /** It ended with this result. */
  result(key: string, body: Uint8Array): void;
  /** It came to nothing, and is to run if it is asked again. */
  aborted(key: string): void;
  /** What was written up to here is on stable storage when this ends. Concurrent callers share one flush. */
  flush(): Awaitable<void>;
}
