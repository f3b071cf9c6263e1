import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** What a finished command left behind. */
export interface Outcome {
  /** Exit code; 128 plus the signal's number when a signal ended it, as a shell has it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that ended with another code than zero, with everything it said. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly outcome: Outcome;

  constructor(what: string, outcome: Outcome) {
    super(`${what}\nended with code ${outcome.code}\n${outcome.stdout}${outcome.stderr}`.trimEnd());
    this.outcome = outcome;
  }
}

export interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command is killed after this long, and the run fails. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** Runs a command to its end and keeps its output, whatever its exit code. Fails if it cannot start or takes too long. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd, env, input, timeoutMs = TIMEOUT_MS } = options;
  const spawnOptions: SpawnOptions = { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } };
  const child = spawn(command, args, cwd === undefined ? spawnOptions : { ...spawnOptions, cwd });
  const stdout = collect(child, 'stdout');
  const stderr = collect(child, 'stderr');
  child.stdin?.on('error', () => {}); // A command need not read its input.
  child.stdin?.end(input ?? '');
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const code = await exitCode(child).finally(() => clearTimeout(timer));
  const outcome = { code, stdout: stdout(), stderr: stderr() };
  if (late) throw new CommandFailed(`${command} ${args.join(' ')}\ntook longer than ${timeoutMs} ms`, outcome);
  return outcome;
}

/** As {@link run}, but an exit code other than zero is an error. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await run(command, args, options);
  if (outcome.code !== 0) throw new CommandFailed(`${command} ${args.join(' ')}`, outcome);
  return outcome;
}

/** Resolves when the process has ended and its pipes are closed. */
export function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = [];
  child[stream]?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
