import type { MonotonicClock } from '../../common/monotonic.ts';

export interface LinkState {
  readonly device: string;
  readonly up: boolean;
}

/** A lost link is noticed that fast. */
const POLL_MILLISECONDS = 200;
/** A switch port with the classical spanning tree passes nothing on for so long after its link came up (IEEE 802.1D: twice the forward delay). */
const SETTLE_MILLISECONDS = 30_000;

export interface LinksOptions {
  /** The most wanted first. */
  readonly devices: readonly string[];
  /** `isLinkUp` of interface.ts. */
  readonly probe: (device: string) => boolean;
  readonly clock: MonotonicClock;
  readonly pollMilliseconds?: number;
  /** For so long a link must have been up before addresses go back to it from one that works. */
  readonly settleMilliseconds?: number;
}

interface Link {
  readonly device: string;
  up: boolean;
  /** When it came up, on the clock. */
  since: number;
}

/**
 * Watches the links of the service interfaces, and picks the one that service addresses belong on: the first whose link
 * is up. The kernel is asked several times a second; unlike a subscription to its events, that cannot fall silent.
 */
export class Links {
  private readonly links: readonly Link[];
  private readonly options: Required<LinksOptions>;
  private readonly listeners = new Set<(device: string | undefined) => void>();
  private readonly timer: NodeJS.Timeout;
  private picked: string | undefined;

  constructor(options: LinksOptions) {
    this.options = { pollMilliseconds: POLL_MILLISECONDS, settleMilliseconds: SETTLE_MILLISECONDS, ...options };
    // What is up from the start needs no time to settle.
    this.links = options.devices.map((device) => ({ device, up: options.probe(device), since: -Infinity }));
    this.picked = this.pick();
    this.timer = setInterval(() => this.look(), this.options.pollMilliseconds);
    this.timer.unref();
  }

  /** The interface for service addresses; undefined: no link is up, this node is isolated. */
  get device(): string | undefined {
    return this.picked;
  }

  states(): LinkState[] {
    return this.links.map(({ device, up }) => ({ device, up }));
  }

  /** Calls `listener` whenever {@link device} becomes another. @returns what ends that. */
  onChange(listener: (device: string | undefined) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Looks at the links now. */
  look(): void {
    const now = this.options.clock();
    for (const link of this.links) {
      const up = this.options.probe(link.device);
      if (up && !link.up) link.since = now;
      link.up = up;
    }
    const device = this.pick();
    if (device === this.picked) return;
    this.picked = device;
    for (const listener of [...this.listeners]) listener(device);
  }

  close(): void {
    clearInterval(this.timer);
    this.listeners.clear();
  }

  private pick(): string | undefined {
    const up = this.links.filter((link) => link.up);
    const now = this.options.clock();
    const settled = up.find(
      (link) => link.device === this.picked || now - link.since >= this.options.settleMilliseconds,
    );
    return (settled ?? up[0])?.device;
  }
}
