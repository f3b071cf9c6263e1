import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const ROOT = new URL('../..', import.meta.url).pathname;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A steadfs command as a process of its own. */
export class Running {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;

  constructor(args: readonly string[], user?: { uid: number; gid: number }) {
    this.child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.finished = new Promise((resolve) => {
      this.child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Waits until standard output or error matches. Rejects if the process ends before. */
  async until(pattern: RegExp, where: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this[where]);
      if (found !== null) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`ended before ${pattern}: ${this.stdout}${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Runs `body` with a folder of its own; what `start` started is ended afterwards. */
export async function withCommands(
  body: (tools: { folder: string; start: (args: readonly string[]) => Running }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-cli-'));
  const started: Running[] = [];
  try {
    await body({
      folder,
      start: (args) => {
        const running = new Running(args);
        started.push(running);
        return running;
      },
    });
  } finally {
    for (const running of started) {
      running.signal('SIGKILL');
      await running.finished;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
