import type { Logger } from '../common/log.ts';
import type { LockedFiles } from './files.ts';
import type { HeldLock } from './records.ts';

const PAUSE_MS = 50;
/** A server that is killed is gone by then, also if it was in the middle of a flush. */
const LIMIT_MS = 10_000;

export interface HandoverOptions {
  readonly files: LockedFiles;
  /** What clients hold of a file now. */
  held(file: string): Iterable<HeldLock>;
  readonly log: Logger;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/**
 * Takes, on the host's own files, locks that were there before this server: the one before it, on the same host, may let
 * go of them a moment after its clients have come here. Until then it stands between them and the host's own programs.
 */
export class Handover {
  private readonly options: HandoverOptions;
  private readonly now: () => number;
  /** Files, and until when to try. */
  private readonly missing = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: HandoverOptions) {
    this.options = options;
    this.now = options.now ?? (() => performance.now());
  }

  /** A lock of this file could not be taken; it is tried again. */
  wait(file: string): void {
    this.missing.set(file, this.now() + LIMIT_MS);
    this.timer ??= setInterval(() => this.tryAgain(), PAUSE_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.missing.clear();
  }

  private tryAgain(): void {
    for (const [file, until] of this.missing) {
      if (this.takeAll(file)) this.missing.delete(file);
      else if (this.now() >= until) {
        this.missing.delete(file);
        this.options.log.warn({ file }, 'a program of this host has taken a lock that a client still has');
      }
    }
    if (this.missing.size === 0) this.close();
  }

  /** True also if nothing is held any more. */
  private takeAll(file: string): boolean {
    const { files, held } = this.options;
    let taken = true;
    for (const lock of held(file)) taken = files.take(file, lock.exclusive, lock) && taken;
    return taken;
  }
}
