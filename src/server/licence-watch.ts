import type { Logger } from '../common/log.ts';
import type { LastResort } from './last-resort.ts';
import type { Licence } from './licence.ts';

/** How long a process may go on in silence once its licence has run out: it may have been renewed, and not have heard yet. */
const SILENCE_MS = 1000;

export interface LicenceWatchOptions {
  readonly licence: Licence;
  readonly lastResort: Pick<LastResort, 'set' | 'disarm'>;
  readonly log: Logger;
  /** The licence is there again after calls were met with silence. */
  resumed(): void;
  /** Ends the process at once, as it is. */
  end(why: string): void;
}

/** Renews the serving licence, and sees to what has to happen when it is not renewed. */
export class LicenceWatch {
  private readonly options: LicenceWatchOptions;
  private timer: NodeJS.Timeout | undefined;
  private begun = false;

  constructor(options: LicenceWatchOptions) {
    this.options = options;
  }

  renew(until: number): void {
    const { licence, lastResort, log } = this.options;
    const wasOut = this.begun && !licence.holds();
    this.begun = true;
    licence.extend(until);
    lastResort.set(licence.remaining + SILENCE_MS);
    this.await(() => this.ranOut());
    if (!wasOut) return;
    if (licence.hasRefused) {
      this.options.end('the licence ran out in the middle of a change');
      return;
    }
    log.warn({}, 'the licence had run out, and is renewed: clients connect again');
    this.options.resumed();
  }

  /** There is nothing more that could be changed. */
  stop(): void {
    clearTimeout(this.timer);
    this.options.lastResort.disarm();
  }

  private await(work: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(work, Math.max(1, Math.ceil(this.options.licence.remaining)));
    this.timer.unref();
  }

  private ranOut(): void {
    const { licence, log, end } = this.options;
    if (licence.holds()) {
      this.await(() => this.ranOut());
      return;
    }
    // Another thread does not ask again before it makes a change that it was given.
    if (licence.hasChangesElsewhere) {
      end('the licence has run out with changes under way');
      return;
    }
    log.warn({}, 'the licence has run out: no call is answered any more');
    this.timer = setTimeout(() => end('the licence has run out'), SILENCE_MS + licence.remaining).unref();
  }
}
