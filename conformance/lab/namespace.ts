import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed, exitCode, must, type Outcome, type RunOptions, run } from './command.ts';

/** The name of a namespace's folder tells whose it is, so that what a dead process left behind can be told apart. */
const FOLDER = /^steadfs-lab-(\d+)-\d+$/;
let made = 0;

/**
 * Network, mount and process namespaces of a test's own, and a scratch folder.
 *
 * They live as long as the pipe to their first process stands. However the test process ends, the kernel closes the pipe,
 * kills every process inside and takes down the interfaces and mounts; the folder is removed last.
 */
export class Namespace {
  /** Scratch folder, open to every user. Mounts made below it inside the namespace are seen inside alone. */
  readonly folder: string;
  private readonly keeper: ChildProcess;
  private readonly init: number;

  private constructor(folder: string, keeper: ChildProcess, init: number) {
    this.folder = folder;
    this.keeper = keeper;
    this.init = init;
  }

  static async create(): Promise<Namespace> {
    removeLeftovers();
    const folder = join(tmpdir(), `steadfs-lab-${process.pid}-${made++}`);
    mkdirSync(folder, { mode: 0o755 });
    // A process group of its own: a Ctrl-C on the terminal must not end the shell that has yet to remove the folder.
    const keeper = spawn('sh', ['-c', KEEPER, 'sh', folder], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    const [up] = await Promise.race([once(keeper.stdout!, 'data'), once(keeper, 'close')]);
    if (!Buffer.isBuffer(up)) throw new Error('the kernel refuses new namespaces');
    const [unshare] = childrenOf(keeper.pid!);
    const [init] = unshare === undefined ? [] : childrenOf(unshare);
    if (init === undefined) throw new Error('the namespace ended as soon as it was made');
    return new Namespace(folder, keeper, init);
  }

  /** Runs a command inside to its end, whatever its exit code. */
  run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run('nsenter', this.enter(command, args, options.cwd), withoutFolder(options));
  }

  /** Runs a command inside; an exit code other than zero is an error. */
  async exec(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const outcome = await this.run(command, args, options);
    if (outcome.code !== 0) throw new CommandFailed(`${command} ${args.join(' ')}`, outcome);
    return outcome;
  }

  /** Starts a command inside. Its own process id is {@link pidOf}, for what is returned here only waits for it. */
  spawn(command: string, args: readonly string[], stdio: StdioOptions, options: SpawnInside = {}): ChildProcess {
    return spawn('nsenter', this.enter(command, args, options.cwd), {
      stdio,
      env: { ...process.env, ...options.env },
    });
  }

  /** Ends everything inside and removes the folder. */
  async dispose(): Promise<void> {
    const ended = exitCode(this.keeper);
    this.keeper.stdin?.end();
    await ended;
  }

  private enter(command: string, args: readonly string[], cwd: string = this.folder): string[] {
    return ['--target', `${this.init}`, '--mount', '--net', '--pid', '--', 'env', '-C', cwd, command, ...args];
  }
}

export interface SpawnInside {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The process inside that a child made by {@link Namespace.spawn} waits for. */
export async function pidOf(child: ChildProcess): Promise<number> {
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const [pid] = childrenOf(child.pid);
    if (pid !== undefined) return pid;
    await sleep(5);
  }
  throw new Error('the process ended as soon as it was started');
}

/** Makes a file system of this kind in a file of the namespace's folder and mounts it there inside. */
export async function mountImage(inside: Namespace, kind: 'ext4' | 'xfs' | 'btrfs', at: string, bytes: number) {
  const image = join(inside.folder, `image-${randomUUID()}`);
  await must('truncate', ['--size', `${bytes}`, image]);
  await must(`mkfs.${kind}`, [kind === 'ext4' ? '-q' : '-f', image]);
  mkdirSync(at);
  await inside.exec('mount', ['-o', 'loop', image, at]);
}

// `cat` is process 1 inside: it ends with the pipe, and everything else inside ends with it.
// The host's /run would let a server find the host's own rpcbind.
const KEEPER = `
unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private -- \
  sh -c 'ip link set lo up && mount -t tmpfs tmpfs /run && echo up && exec cat'
rm -rf "$1"
`;

function withoutFolder({ cwd: _, ...rest }: RunOptions): RunOptions {
  return rest;
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // The process is gone.
  }
}

/** Folders of processes that were killed together with their keepers. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
