import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CommandFailed, exitCode, type Outcome } from './command.ts';
import { type Namespace, pidOf } from './namespace.ts';

const INIT = fileURLToPath(new URL('guest-init.sh', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const BOOT_MS = 60_000;
const STOP_MS = 15_000;
const JOB_MS = 60_000;
/** How long the guest's kernel gets to print what its tasks wait for. */
const REPORT_MS = 1_000;
const CONSOLE_LINES = 40;

export interface GuestOptions {
  readonly name: string;
  /** Tap device inside the namespace. */
  readonly tap: string;
  /** Addresses with their prefix length. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly serverIpv4: string;
  readonly serverIpv6: string;
  readonly memory: string;
  /** File that the guest has as the block device /dev/ubda; several guests may have the same. */
  readonly disk?: string | undefined;
}

export interface JobOptions {
  /** A job that takes longer fails with what the guest's console last said, and the guest is killed. */
  readonly timeoutMs?: number;
}

interface Job {
  readonly script: string;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/**
 * A Linux machine: the User-Mode Linux kernel on the host's own files, read-only, with one folder shared both ways.
 *
 * Jobs are bash scripts. They reach the guest as files in the shared folder, and a serial line says which to run and which
 * has ended, so nothing depends on what a script prints. Several may run at once.
 */
export class Guest {
  /** The folder shared with the host, under the same path on both sides. */
  readonly folder: string;
  readonly ipv4: string;
  readonly ipv6: string;
  private readonly uml: ChildProcess;
  private readonly serialIn: Duplex;
  private readonly jobs = new Map<string, Job>();
  private readonly ended: Promise<number>;
  private console = '';
  private started = 0;
  private hasEnded = false;
  private onReady: () => void = () => {};

  private constructor(folder: string, uml: ChildProcess, options: GuestOptions) {
    this.folder = folder;
    this.uml = uml;
    this.ipv4 = options.ipv4.split('/')[0]!;
    this.ipv6 = options.ipv6.split('/')[0]!;
    this.serialIn = uml.stdio[3] as Duplex;
    this.serialIn.resume(); // Without a reader its end would go unseen, and the guest's with it.
    this.serialIn.on('error', () => {}); // A guest that is gone is noticed by its exit.
    uml.stdout!.on('data', (chunk: Buffer) => (this.console += chunk.toString('latin1')));
    uml.stderr!.on('data', (chunk: Buffer) => (this.console += chunk.toString('latin1')));
    readLines(uml.stdio[4] as Readable, (line) => this.serialLine(line));
    this.ended = exitCode(uml);
    this.ended.then(() => {
      this.hasEnded = true;
      this.failJobs('the guest has stopped');
    });
  }

  static async boot(namespace: Namespace, options: GuestOptions): Promise<Guest> {
    const folder = join(namespace.folder, options.name);
    mkdirSync(folder);
    const args = [
      ...['quiet', `mem=${options.memory}`, 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro'],
      ...[`init=${INIT}`, `uml_dir=${folder}/`, `umid=uml`, `eth0=tuntap,${options.tap}`],
      ...['con=null', 'con0=null,fd:1', 'ssl=null', 'ssl0=fd:3,fd:4'],
      ...[
        `LAB_FOLDER=${folder}`,
        `LAB_REPOSITORY=${REPOSITORY}`,
        `LAB_NAME=${options.name}`,
        `LAB_IPV4=${options.ipv4}`,
        `LAB_IPV6=${options.ipv6}`,
      ],
      // Not locked: which of the guests that share it may use it is what they have to agree on.
      ...(options.disk === undefined ? [] : [`ubd0c=${options.disk}`]),
      ...[`LAB_SERVER4=${options.serverIpv4}`, `LAB_SERVER6=${options.serverIpv6}`],
    ];
    // Every process of the guest is one of the host's too, and a kernel that is killed leaves them behind. A process
    // namespace ends them. Its process 1 is a shell, for the kernel could not abort there when it panics.
    const alone = ['--pid', '--fork', '--kill-child', 'sh', '-c', 'linux.uml "$@"; exit $?', 'sh'];
    const uml = namespace.spawn('unshare', [...alone, ...args], ['ignore', 'pipe', 'pipe', 'pipe', 'pipe']);
    const guest = new Guest(folder, uml, options);
    await guest.booted();
    return guest;
  }

  /** The process that the guest ends with. */
  get pid(): number {
    return this.uml.pid!;
  }

  /** Runs a bash script, whatever its exit code. */
  run(script: string, { timeoutMs = JOB_MS }: JobOptions = {}): Promise<Outcome> {
    if (this.hasEnded) return Promise.reject(new Error('the guest has stopped'));
    const id = `job${this.started++}`;
    writeFileSync(join(this.folder, `${id}.sh`), script);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.hung(id, timeoutMs), timeoutMs);
      this.jobs.set(id, { script, resolve, reject, timer });
      this.serialIn.write(`run ${id}\n`);
    });
  }

  /** Runs a bash script that ends at its first failing command; returns what it printed. */
  async must(script: string, options: JobOptions = {}): Promise<string> {
    const outcome = await this.run(`set -euo pipefail\n${script}`, options);
    if (outcome.code !== 0) throw new CommandFailed(script, outcome);
    return outcome.stdout;
  }

  /** Unmounts and halts. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => void this.kill(), STOP_MS);
    this.serialIn.write('stop\n');
    await this.ended;
    clearTimeout(timer);
  }

  /** Power loss. */
  async kill(): Promise<void> {
    if (this.uml.exitCode === null && this.uml.signalCode === null) process.kill(await pidOf(this.uml), 'SIGKILL');
    await this.ended;
  }

  private async booted(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const ready = new Promise<true>((resolve) => (this.onReady = () => resolve(true)));
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), BOOT_MS)));
    const up = await Promise.race([ready, late, this.ended.then(() => false)]);
    clearTimeout(timer);
    if (up) return;
    await this.kill();
    throw new Error(`the guest did not boot; its console's last lines:\n${this.lastLines()}`);
  }

  private serialLine(line: string): void {
    const [word, id, code] = line.split(' ');
    if (word === 'ready') this.onReady();
    if (word !== 'done' || id === undefined) return;
    const job = this.take(id);
    job?.resolve(this.outcome(id, Number(code)));
  }

  private hung(id: string, timeoutMs: number): void {
    this.serialIn.write('blocked\n');
    setTimeout(() => {
      const job = this.take(id);
      if (job === undefined) return; // It ended in the meantime.
      const what = `${job.script}\ntook longer than ${timeoutMs} ms; the console's last lines:\n${this.lastLines()}`;
      job.reject(new CommandFailed(what, this.outcome(id, 124)));
      void this.kill();
    }, REPORT_MS);
  }

  private failJobs(why: string): void {
    for (const id of [...this.jobs.keys()]) {
      const job = this.take(id);
      job?.reject(new Error(`${why} while it ran\n${job.script}\nThe console's last lines:\n${this.lastLines()}`));
    }
  }

  private take(id: string): Job | undefined {
    const job = this.jobs.get(id);
    this.jobs.delete(id);
    clearTimeout(job?.timer);
    return job;
  }

  private outcome(id: string, code: number): Outcome {
    const read = (suffix: string) => readFileSync(join(this.folder, `${id}.${suffix}`), 'utf8');
    return { code, stdout: read('out'), stderr: read('err') };
  }

  private lastLines(): string {
    return this.console.trimEnd().split('\n').slice(-CONSOLE_LINES).join('\n');
  }
}

function readLines(from: Readable, take: (line: string) => void): void {
  let rest = '';
  from.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop()!;
    for (const line of lines) take(line);
  });
}
