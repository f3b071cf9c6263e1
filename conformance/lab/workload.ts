import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Guest } from './lab.ts';

const SCRIPT = fileURLToPath(new URL('workload.pl', import.meta.url));
const POLL_MS = 20;
const END_MS = 120_000;
/** A hard mount waits for a server that is away, and so may these programs. */
const LIFETIME_MS = 60 * 60_000;

export type WorkloadKind = 'ops' | 'copy' | 'count' | 'hold' | 'steal' | 'stable' | 'probe';

/** A call that took long. Times are of the wall clock, milliseconds. */
export interface SlowCall {
  readonly endedAt: number;
  readonly milliseconds: number;
  /** The median of what such calls took before. */
  readonly usual: number;
  readonly call: string;
}

export interface WorkloadOptions {
  /** Folder on the guest's mount. */
  readonly folder: string;
  /** Of the files that it uses; programs on two guests that share files have the same. */
  readonly name: string;
  /** Size of a copied file. */
  readonly mebibytes?: number;
}

/** A program on a guest that works on a mount until it is stopped, and ends with an error at whatever should not happen. */
export class Workload {
  private readonly kind: WorkloadKind;
  private readonly stopFile: string;
  private readonly outputFile: string;
  private readonly ended: Promise<{ code: number; stderr: string }>;
  private over = false;

  private constructor(guest: Guest, kind: WorkloadKind, { folder, name, mebibytes = 16 }: WorkloadOptions) {
    this.kind = kind;
    const id = `${kind}-${name}`;
    this.stopFile = join(guest.folder, `${id}.stop`);
    this.outputFile = join(guest.folder, `${id}.out`);
    rmSync(this.stopFile, { force: true });
    writeFileSync(this.outputFile, '');
    const script = join(guest.folder, 'workload.pl');
    copyFileSync(SCRIPT, script);
    const args = [kind, folder, name, this.stopFile, mebibytes];
    this.ended = guest.run(`exec perl ${script} ${args.join(' ')} > ${this.outputFile}`, { timeoutMs: LIFETIME_MS });
    const end = () => (this.over = true);
    this.ended.then(end, end);
  }

  /** Starts it and waits for its first round. */
  static async start(guest: Guest, kind: WorkloadKind, options: WorkloadOptions): Promise<Workload> {
    const workload = new Workload(guest, kind, options);
    await workload.until(() => workload.rounds > 0, 60_000, 'begins');
    return workload;
  }

  /** Rounds that it has told of so far. */
  get rounds(): number {
    const ticks = this.output.match(/^(?:tick \S+|end) \d+$/gm) ?? [];
    return Number(ticks.at(-1)?.split(' ').at(-1) ?? 0);
  }

  /** Calls that took over 100 ms, in order. */
  get slow(): SlowCall[] {
    return [...this.output.matchAll(/^slow (\S+) (\d+) (\d+) (.*)$/gm)].map(([, at, milliseconds, usual, call]) => ({
      endedAt: Number(at) * 1000,
      milliseconds: Number(milliseconds),
      usual: Number(usual),
      call: call!,
    }));
  }

  /** The numbers that it wrote, with the times (wall clock, milliseconds). */
  get counted(): { readonly at: number; readonly number: number }[] {
    const lines = this.output.matchAll(/^counted (\S+) (\d+)$/gm);
    return [...lines].map(([, at, number]) => ({ at: Number(at) * 1000, number: Number(number) }));
  }

  /** Waits until it has gone on since now: rounds are told of again. */
  async goesOn(timeoutMs: number): Promise<void> {
    const { rounds } = this;
    await this.until(() => this.rounds > rounds + 1, timeoutMs, 'goes on');
  }

  /** Stops it, and fails if anything happened that should not. @returns the rounds it made. */
  async stop(): Promise<number> {
    writeFileSync(this.stopFile, '');
    const late = sleep(END_MS, 'late' as const, { ref: false });
    const outcome = await Promise.race([this.ended, late]);
    if (outcome === 'late') throw new Error(`${this.kind} did not end:\n${this.lastLines()}`);
    if (outcome.code !== 0) throw new Error(`${this.kind} failed:\n${this.lastLines()}\n${outcome.stderr}`);
    return this.rounds;
  }

  private async until(condition: () => boolean, timeoutMs: number, what: string): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition()) {
      if (this.over) throw new Error(`${this.kind} ended before it ${what}:\n${this.lastLines()}`);
      if (Date.now() > deadline)
        throw new Error(`not within ${timeoutMs} ms: ${this.kind} ${what}:\n${this.lastLines()}`);
      await sleep(POLL_MS);
    }
  }

  private get output(): string {
    return existsSync(this.outputFile) ? readFileSync(this.outputFile, 'utf8') : '';
  }

  private lastLines(): string {
    return this.output.trimEnd().split('\n').slice(-12).join('\n');
  }
}
