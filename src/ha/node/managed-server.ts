import type { Connection, FromServer, InheritedSocket, ManagedSettings } from '../protocol.ts';
import type { Clock, ServerChild, ServerSpawner } from './ports.ts';

/** Milliseconds. Node and its modules take a third of a second to load on a free machine. */
const PREPARE_DEADLINE = 20_000;
/** A second on a busy machine. */
const PRACTISE_DEADLINE = 5000;
/** Opening the state may have to read a long journal. */
const ACTIVATE_DEADLINE = 60_000;
/** After it was asked to end. */
const END_DEADLINE = 500;
/** After it was killed. */
const KILL_DEADLINE = 3000;

/** The last word of a server process about its work. */
export interface Pulse {
  readonly finished: number;
  readonly running: number;
  /** How long the oldest call has been under way, milliseconds. */
  readonly oldest: number;
  /** When it was said (monotonic). */
  readonly at: number;
}

export type Root = { readonly path: string; readonly handle: string };

interface Waiter {
  readonly type: FromServer['type'];
  readonly resolve: (message: FromServer) => void;
  readonly reject: (error: Error) => void;
}

/** One server process, from its start to its end. */
export class ManagedServer {
  /** Resolves when the process is gone, with how it ended. */
  readonly ended: Promise<string>;
  hasEnded = false;
  /** True if its end was asked for, and is no crash. */
  isEnding = false;
  isActive = false;
  /** True once it was sent SIGKILL: there is nothing more to ask it for. */
  isKilled = false;
  pulse: Pulse | undefined;
  roots: readonly Root[] = [];
  private readonly child: ServerChild;
  private readonly clock: Clock;
  private readonly waiters = new Set<Waiter>();
  private readonly seen = new Map<FromServer['type'], FromServer>();
  private ending = '';
  /** Outlived a SIGKILL: it waits for a disk, and may do so for ever. */
  private isStuck = false;

  constructor(
    spawner: ServerSpawner,
    settings: Omit<ManagedSettings, 'sockets'>,
    sockets: readonly InheritedSocket[],
    clock: Clock,
  ) {
    this.clock = clock;
    this.child = spawner.spawn(settings, sockets, (message) => this.received(message));
    this.ended = this.child.exited.then((how) => this.exited(how));
  }

  get pid(): number {
    return this.child.pid;
  }

  get startTime(): string {
    return this.child.startTime;
  }

  /** Rejects if it ends, or takes too long. */
  async prepared(): Promise<void> {
    await this.next('prepared', PREPARE_DEADLINE);
  }

  /** Its activation will take less time from here on. Rejects if it ends, or takes too long. */
  async practised(): Promise<void> {
    await this.next('practised', PRACTISE_DEADLINE);
  }

  /** @returns the connections that were open when the last holder of the lease ended. */
  async activate(token: number, until: number): Promise<readonly Connection[]> {
    this.isActive = true;
    this.child.send({ type: 'activate', token, until });
    return (await this.next('active', ACTIVATE_DEADLINE)).connections;
  }

  licence(until: number): void {
    if (this.isActive) this.child.send({ type: 'licence', until });
  }

  addressed(): void {
    this.child.send({ type: 'addressed' });
  }

  reload(): void {
    this.child.send({ type: 'reload' });
  }

  /** Answers, flushes, closes its state. Rejects if it ends instead, or takes too long. */
  async release(milliseconds: number): Promise<void> {
    this.isEnding = true;
    this.child.send({ type: 'release' });
    await this.next('released', milliseconds);
  }

  /** Asks it to end, and sees to it. @returns false if not even SIGKILL helps: it waits for a disk. */
  async end(): Promise<boolean> {
    this.isEnding = true;
    if (this.hasEnded || this.isStuck) return this.hasEnded;
    if (!this.isKilled) {
      this.child.kill('SIGTERM');
      if (await this.endsWithin(END_DEADLINE)) return true;
      this.kill('');
    }
    return await this.dies();
  }

  /** At once. Whether this is an end that was asked for, {@link isEnding} says. */
  kill(reason: string): void {
    this.ending = this.ending === '' ? reason : this.ending;
    this.isKilled = true;
    this.child.kill('SIGKILL');
  }

  /** Waits for its end after {@link kill}. @returns false if it does not come: the process waits for a disk. */
  async dies(): Promise<boolean> {
    this.isStuck = !(await this.endsWithin(KILL_DEADLINE));
    return !this.isStuck;
  }

  private async endsWithin(milliseconds: number): Promise<boolean> {
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.clock.after(milliseconds, resolve);
    });
    await Promise.race([this.ended, late]);
    cancel();
    return this.hasEnded;
  }

  private next<T extends FromServer['type']>(
    type: T,
    milliseconds: number,
  ): Promise<Extract<FromServer, { readonly type: T }>> {
    const isWanted = (message: FromServer): message is Extract<FromServer, { readonly type: T }> =>
      message.type === type;
    return new Promise((resolve, reject) => {
      const known = this.seen.get(type);
      if (known !== undefined && isWanted(known)) return resolve(known);
      if (this.hasEnded) return reject(new Error(this.ending));
      const cancel = this.clock.after(milliseconds, () => {
        this.waiters.delete(waiter);
        reject(new Error(`the server process did not say "${type}" within ${milliseconds / 1000} s`));
      });
      const waiter: Waiter = {
        type,
        resolve: (message) => {
          cancel();
          if (isWanted(message)) resolve(message);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      };
      this.waiters.add(waiter);
    });
  }

  private received(message: FromServer): void {
    switch (message.type) {
      case 'pulse': {
        const { finished, running, oldest } = message;
        this.pulse = { finished, running, oldest, at: this.clock.monotonic() };
        return;
      }
      case 'roots':
        this.roots = message.roots;
        return;
      case 'failed':
        this.ending = message.reason;
        this.settle((waiter) => waiter.reject(new Error(message.reason)));
        return;
      default:
        this.seen.set(message.type, message);
        this.settle((waiter) => waiter.type === message.type && waiter.resolve(message));
    }
  }

  private exited(how: string): string {
    this.hasEnded = true;
    this.ending = this.ending === '' ? `the server process ended: ${how}` : this.ending;
    this.settle((waiter) => waiter.reject(new Error(this.ending)));
    return this.ending;
  }

  private settle(give: (waiter: Waiter) => unknown): void {
    for (const waiter of [...this.waiters]) if (give(waiter) !== false) this.waiters.delete(waiter);
  }
}
