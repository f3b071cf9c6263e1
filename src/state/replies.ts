import type { KeptCall, ReplyJournal } from '../common/reply-journal.ts';

/** Replies that are gone with the process. */
export class MemoryReplies implements ReplyJournal {
  readonly found: readonly KeptCall[] = [];
  intent(): void {}
  result(): void {}
  aborted(): void {}
  flush(): void {}
}
