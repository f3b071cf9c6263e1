import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCode } from './command.ts';
import { type Namespace, pidOf } from './namespace.ts';

const READY_MS = 60_000;
const STOP_MS = 30_000;
const POLL_MS = 20;

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the server prints when it serves, or a question that is asked until it is answered with true. */
  readonly ready: RegExp | (() => Promise<boolean>);
}

/** A server that runs in a namespace. */
export class ServerProcess {
  /** Its process id on the host. */
  readonly pid: number;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  private said = '';
  private hasEnded = false;

  private constructor(child: ChildProcess, pid: number, ended: Promise<number>) {
    this.pid = pid;
    this.ended = ended;
    child.stdout!.on('data', (chunk: Buffer) => (this.said += chunk.toString('utf8')));
    child.stderr!.on('data', (chunk: Buffer) => (this.said += chunk.toString('utf8')));
    ended.then(() => (this.hasEnded = true));
  }

  static async start(
    namespace: Namespace,
    { command, args, ready, ...options }: ServerCommand,
  ): Promise<ServerProcess> {
    const child = namespace.spawn(command, args, ['ignore', 'pipe', 'pipe'], options);
    const ended = exitCode(child);
    const server = new ServerProcess(child, await pidOf(child), ended);
    await server.until(ready instanceof RegExp ? async () => ready.test(server.said) : ready, READY_MS);
    return server;
  }

  /** Everything it has printed. */
  get output(): string {
    return this.said;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Waits until `condition` holds, and fails with what the server said if it ends or takes too long. */
  async until(condition: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await condition())) {
      if (this.hasEnded) throw new Error(`the server ended with code ${await this.ended}:\n${this.said}`);
      if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms; the server said\n${this.said}`);
      await sleep(POLL_MS);
    }
  }

  /** Asks it to end, and fails if it does not. @returns its exit code. */
  async stop(): Promise<number> {
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    return this.ended.finally(() => clearTimeout(late));
  }

  /** What `kill -9` does. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
}
