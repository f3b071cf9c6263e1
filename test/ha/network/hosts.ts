import { type ChildProcess, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../../../conformance/lab/command.ts';
import { Namespace } from '../../../conformance/lab/namespace.ts';
import type { Calls } from './agent.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url));
const PATIENCE_MS = 30_000;

/** What these tests need that this machine lacks, for the `skip` option; false if nothing. */
export const missing: string | false = whatIsMissing();

function whatIsMissing(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces';
  if (spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', 'ip', '-V']).status === 0) return false;
  return 'needs ip (iproute2), and the right to make network namespaces';
}

/**
 * Hosts on one Ethernet, each in a network namespace of its own with `eth0`, and a bridge between them. The number of a
 * host's place in the list is the last one of its addresses: 10.0.0.1 and fd00::1 for the first.
 */
export class Hosts {
  private readonly switch: Namespace;
  private readonly agents: Agent[] = [];

  private constructor(namespace: Namespace) {
    this.switch = namespace;
  }

  static async create(names: readonly string[]): Promise<Hosts> {
    const hosts = new Hosts(await Namespace.create());
    try {
      await hosts.switch.exec('ip', ['link', 'add', 'br0', 'up', 'type', 'bridge']);
      for (const [index, name] of names.entries()) {
        await hosts.switch.exec('ip', ['netns', 'add', name]);
        await hosts.ip(name, 'link set lo up');
        await hosts.plug(name, 'eth0');
        await hosts.ip(name, `address add 10.0.0.${index + 1}/24 dev eth0`);
        await hosts.ip(name, `address add fd00::${index + 1}/64 dev eth0 nodad`);
      }
      return hosts;
    } catch (error) {
      await hosts.dispose();
      throw error;
    }
  }

  /** Gives a host one more interface on the bridge. */
  async plug(host: string, device: string): Promise<void> {
    const port = `${host}-${device}`;
    await this.switch.exec('ip', ['link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'netns', host]);
    await this.switch.exec('ip', ['link', 'set', port, 'master', 'br0', 'up']);
    await this.ip(host, `link set ${device} up`);
    // The kernel tells of a link's change once a second at most.
    await until(`${device} of ${host} is up`, async () => {
      const [{ operstate }] = JSON.parse(await this.ip(host, `-json link show ${device}`));
      return operstate === 'UP';
    });
  }

  /** Pulls a cable, or puts it back. */
  async cable(host: string, device: string, state: 'up' | 'down'): Promise<void> {
    await this.switch.exec('ip', ['link', 'set', `${host}-${device}`, state]);
  }

  /** Runs a command on a host; fails if it does. */
  exec(host: string, command: string, args: readonly string[]): Promise<Outcome> {
    return this.switch.exec('ip', ['netns', 'exec', host, command, ...args]);
  }

  async ip(host: string, args: string): Promise<string> {
    return (await this.exec(host, 'ip', args.split(' '))).stdout;
  }

  /** Starts a process that does on this host what it is told. */
  agent(host: string): Agent {
    const args = ['netns', 'exec', host, process.execPath, '--import', 'tsx', AGENT];
    const agent = new Agent(this.switch.spawn('ip', args, ['pipe', 'pipe', 'pipe'], { cwd: REPOSITORY }));
    this.agents.push(agent);
    return agent;
  }

  async dispose(): Promise<void> {
    for (const agent of this.agents) agent.resume();
    await this.switch.dispose();
  }
}

/** The test's end of agent.ts. */
export class Agent {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  private calls = 0;
  private ended = false;
  private complaints = '';

  constructor(child: ChildProcess) {
    this.child = child;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const { id, value, error } = JSON.parse(line);
      const call = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) call?.resolve(value as never);
      else call?.reject(new Error(error));
    });
    child.stderr!.on('data', (chunk: Buffer) => (this.complaints += chunk.toString('utf8')));
    child.stdin!.on('error', () => {}); // It may be gone.
    child.on('close', () => {
      this.ended = true;
      for (const { reject } of this.waiting.values()) reject(this.gone);
    });
  }

  private get gone(): Error {
    return new Error(`the agent ended\n${this.complaints}`);
  }

  /** What waits for a process inside stops when that is stopped, and would not notice its end. */
  resume(): void {
    this.child.kill('SIGCONT');
  }

  call<Name extends keyof Calls>(
    name: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    if (this.ended) return Promise.reject(this.gone);
    const id = this.calls++;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to ${name} within ${PATIENCE_MS} ms`)), PATIENCE_MS);
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(late);
          settle(value);
        };
      };
      this.waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.child.stdin!.write(`${JSON.stringify({ id, name, args })}\n`);
    });
  }
}

/** Gives `work` hosts and takes them down again, however it ends. */
export async function withHosts(names: readonly string[], work: (hosts: Hosts) => Promise<void>): Promise<void> {
  const hosts = await Hosts.create(names);
  try {
    await work(hosts);
  } finally {
    await hosts.dispose();
  }
}

/** Waits until `condition` holds. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await sleep(20);
  }
}
