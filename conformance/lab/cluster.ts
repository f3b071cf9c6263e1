import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askAdmin } from './admin.ts';
import type { Outcome } from './command.ts';
import type { Lab } from './lab.ts';
import { ServerProcess } from './server-process.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(REPOSITORY, 'dist/cli/main.js');
const ADMIN_SOCKET = 'admin.sock';
const POLL_MS = 50;
const COMMAND_MS = 60_000;
/** Address of node number n, counted from 0: 10.99.0.101, 10.99.0.102, ... */
const FIRST_NODE_HOST = 101;
/** Addresses of package number n: 10.99.0.201 and fd00:99::201, 10.99.0.202 and fd00:99::202, ... */
const FIRST_PACKAGE_HOST = 201;

export interface ClusterOptions {
  /** Names of the nodes. */
  readonly nodes?: readonly string[];
  /** Packages, each with its nodes in order of preference; all nodes in order if left out. */
  readonly packages?: Readonly<Record<string, PackageOptions>>;
  readonly coordinator?:
    | { readonly type: 'shared-dir' }
    | { readonly type: 'etcd'; readonly endpoints: readonly string[] };
  /** Interfaces that each node has on the service network. */
  readonly interfaces?: number;
  /** Seconds. */
  readonly lease?: number;
  readonly logLevel?: 'info' | 'trace';
}

export interface PackageOptions {
  readonly nodes?: readonly string[];
  readonly failback?: 'manual' | 'automatic';
  /** Lines of TOML that go into the package's table. */
  readonly settings?: string;
}

/** A package as a test meets it. */
export interface PackageUnderTest {
  readonly name: string;
  readonly address: string;
  readonly ipv6: string;
  /** Folder that it exports. */
  readonly folder: string;
}

/** What `steadfs cluster status --json` says, as far as the lab looks at it. */
interface StatusReport {
  readonly packages: readonly { readonly name: string; readonly active: string | undefined }[];
}

/**
 * Nodes of a cluster in one lab: each a network namespace with its own links to the lab's bridge, all on the same folder.
 * The kernel is one, so what a node loses when it dies is its processes and its network, not its page cache.
 */
export class Cluster {
  readonly lab: Lab;
  readonly nodes: readonly ClusterNode[];
  readonly packages: readonly PackageUnderTest[];
  /** The folder of the shared-dir coordinator. */
  readonly coordinatorFolder: string;

  private constructor(lab: Lab, nodes: ClusterNode[], packages: PackageUnderTest[], coordinatorFolder: string) {
    this.lab = lab;
    this.nodes = nodes;
    this.packages = packages;
    this.coordinatorFolder = coordinatorFolder;
  }

  /** Makes the nodes' networks and configuration; nothing runs yet. */
  static async create(lab: Lab, options: ClusterOptions = {}): Promise<Cluster> {
    const { nodes: names = ['a', 'b'], interfaces = 1 } = options;
    const coordinatorFolder = join(lab.folder, 'coordinator');
    mkdirSync(coordinatorFolder, { recursive: true });
    const wanted = Object.entries(options.packages ?? { data: {} });
    const packages = wanted.map(([name], index) => {
      const folder = join(lab.folder, `export-${name}`);
      mkdirSync(folder, { recursive: true });
      const host = FIRST_PACKAGE_HOST + index;
      return { name, folder, address: `10.99.0.${host}`, ipv6: `fd00:99::${host}` };
    });
    const nodes = names.map((name, index) => new ClusterNode(lab, name, FIRST_NODE_HOST + index, interfaces));
    const text = configuration(lab, options, coordinatorFolder, nodes, packages);
    for (const node of nodes) {
      writeFileSync(node.configFile, text.replace('NODE', node.name).replace('RUN', node.runFolder));
      await node.connect();
    }
    return new Cluster(lab, nodes, packages, coordinatorFolder);
  }

  node(name: string): ClusterNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }

  /** Starts every node and waits until every package is served. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
    for (const { name } of this.packages) await this.activeNode(name);
  }

  /** The node that serves a package, waited for; one of `among` if given. */
  async activeNode(name: string, among?: readonly string[], timeoutMs = COMMAND_MS): Promise<ClusterNode> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      for (const node of this.nodes) {
        if (!node.running || !(among ?? [node.name]).includes(node.name)) continue;
        if (await node.serves(name)) return node;
      }
      if (Date.now() > deadline) throw new Error(`${name} is not served:\n${this.logs()}`);
      await sleep(POLL_MS);
    }
  }

  /** The end of what every node has logged, for a failed test's message. */
  logs(lines = 40): string {
    return this.nodes.map((node) => `--- node ${node.name}\n${node.lastLines(lines)}`).join('\n');
  }
}

/** A node: a network namespace and, while it runs, the node daemon with what it starts. */
export class ClusterNode {
  readonly name: string;
  readonly address: string;
  readonly configFile: string;
  readonly runFolder: string;
  private readonly lab: Lab;
  private readonly interfaces: number;
  private daemon: ServerProcess | undefined;
  private logged = '';

  constructor(lab: Lab, name: string, host: number, interfaces: number) {
    this.lab = lab;
    this.name = name;
    this.address = `10.99.0.${host}`;
    this.interfaces = interfaces;
    this.configFile = join(lab.folder, `node-${name}.toml`);
    this.runFolder = join(lab.folder, `run-${name}`);
    mkdirSync(this.runFolder, { recursive: true });
  }

  get running(): boolean {
    return this.daemon !== undefined;
  }

  /** The lab's end of one of the node's links. */
  port(index = 0): string {
    return `n-${this.name}${index}`;
  }

  get ports(): string[] {
    return [...Array(this.interfaces).keys()].map((index) => this.port(index));
  }

  /** Plugs the node's interfaces into the bridge. */
  async connect(): Promise<void> {
    await this.lab.exec('ip', ['netns', 'add', this.name]);
    await this.inside('ip', ['link', 'set', 'lo', 'up']);
    for (let index = 0; index < this.interfaces; index++) {
      const peer = ['peer', 'name', `eth${index}`, 'netns', this.name];
      await this.lab.exec('ip', ['link', 'add', this.port(index), 'type', 'veth', ...peer]);
      await this.lab.exec('ip', ['link', 'set', this.port(index), 'master', 'br0', 'up']);
      await this.inside('ip', ['link', 'set', `eth${index}`, 'up']);
    }
    await this.inside('ip', ['address', 'add', `${this.address}/24`, 'dev', 'eth0']);
  }

  /** Runs a command on the node. */
  inside(command: string, args: readonly string[]): Promise<Outcome> {
    return this.lab.exec('ip', ['netns', 'exec', this.name, command, ...args]);
  }

  async start(): Promise<void> {
    this.daemon = await ServerProcess.start(this.lab.namespace, {
      command: 'ip',
      args: ['netns', 'exec', this.name, process.execPath, MAIN, 'node', '--config', this.configFile, '--json'],
      cwd: REPOSITORY,
      ready: async () => (await this.report()) !== undefined,
    });
  }

  /** Asks it to leave: its packages move first. */
  async stop(): Promise<void> {
    const { daemon } = this;
    this.remember();
    await daemon?.stop();
  }

  /** Power loss, as far as one kernel allows: every process of the node dies at once, and its cables are out. */
  async die({ cables = true }: { cables?: boolean } = {}): Promise<void> {
    const { daemon } = this;
    this.remember();
    if (cables) await this.unplug();
    // In the lab's own process namespace; `ip netns pids` looks through its /proc.
    await this.lab.run('sh', ['-c', `kill -9 $(ip netns pids ${this.name})`]);
    await daemon?.ended;
  }

  /** A node that died is switched on again: no address is left from before. */
  async revive(): Promise<void> {
    for (let index = 0; index < this.interfaces; index++)
      await this.inside('ip', ['address', 'flush', 'dev', `eth${index}`, 'scope', 'global']);
    await this.inside('ip', ['address', 'add', `${this.address}/24`, 'dev', 'eth0']);
    await this.plug();
    await this.start();
  }

  /** Takes a cable out, or all of them. */
  async unplug(index?: number): Promise<void> {
    await this.setPorts(index, 'down');
  }

  async plug(index?: number): Promise<void> {
    await this.setPorts(index, 'up');
  }

  private async setPorts(index: number | undefined, state: 'up' | 'down'): Promise<void> {
    for (const port of index === undefined ? this.ports : [this.port(index)])
      await this.lab.exec('ip', ['link', 'set', port, state]);
  }

  /** The server process of a package on this node, by its id inside the lab. */
  async serverPid(name: string): Promise<number> {
    const status = await askAdmin<{ pid: number }>(join(this.runFolder, name, ADMIN_SOCKET), '/status');
    if (status === undefined) throw new Error(`the server of ${name} on node ${this.name} does not answer`);
    return status.pid;
  }

  /** The node daemon's id inside the lab. */
  async daemonPid(): Promise<number> {
    if (this.daemon === undefined) throw new Error(`node ${this.name} does not run`);
    return pidInside(this.daemon.pid);
  }

  /** Sends a signal to the server process of a package. */
  async signalServer(name: string, signal: 'KILL' | 'STOP' | 'CONT'): Promise<number> {
    const pid = await this.serverPid(name);
    await this.signal(pid, signal);
    return pid;
  }

  async signal(pid: number, signal: 'KILL' | 'STOP' | 'CONT'): Promise<void> {
    await this.lab.run('sh', ['-c', `kill -${signal} ${pid}`]);
    // Who waits for the daemon on the host stops and ends with it, but does not go on with it.
    if (signal === 'CONT' && this.daemon !== undefined) process.kill(parentOf(this.daemon.pid), 'SIGCONT');
  }

  /** Makes the coordinator's folder look empty to this node's daemon, or shows it again. */
  async cutFromCoordinator(folder: string, cut: boolean): Promise<void> {
    const command = cut ? ['mount', '-t', 'tmpfs', 'none', folder] : ['umount', folder];
    await this.lab.exec('nsenter', ['--target', `${await this.daemonPid()}`, '--mount', '--', ...command]);
  }

  /** True if this node says that it serves the package. */
  async serves(name: string): Promise<boolean> {
    const report = await this.report();
    return report?.packages.find((each) => each.name === name)?.active === this.name;
  }

  private report(): Promise<StatusReport | undefined> {
    return askAdmin<StatusReport>(join(this.runFolder, ADMIN_SOCKET), '/cluster');
  }

  /** Runs a steadfs command on the node, whatever its exit code. */
  steadfs(args: readonly string[]): Promise<Outcome> {
    const config = args[0] === 'cluster' ? ['--config', this.configFile] : [];
    const command = ['netns', 'exec', this.name, process.execPath, MAIN, ...args, ...config];
    return this.lab.run('ip', command, { timeoutMs: COMMAND_MS });
  }

  lastLines(count: number): string {
    const all = this.logged + (this.daemon?.output ?? '');
    return all.trimEnd().split('\n').slice(-count).join('\n');
  }

  private remember(): void {
    this.logged += this.daemon?.output ?? '';
    this.daemon = undefined;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** The id of a process of the host inside the lab, whose process namespace counts on its own. */
function pidInside(pid: number): number {
  const line = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(line?.split('\t').at(-1));
}

function configuration(
  lab: Lab,
  options: ClusterOptions,
  coordinatorFolder: string,
  nodes: readonly ClusterNode[],
  packages: readonly PackageUnderTest[],
): string {
  const { coordinator = { type: 'shared-dir' }, interfaces = 1, lease = 3, logLevel = 'info' } = options;
  const devices = [...Array(interfaces).keys()].map((index) => `eth${index}`);
  return [
    'cluster = "lab"',
    'self = "NODE"',
    'run = "RUN"',
    `lease = ${lease}`,
    `log_level = "${logLevel}"`,
    // Crashes are what is tried; no number of them is to move a package.
    '[restarts]',
    'count = 100',
    '[coordinator]',
    `type = "${coordinator.type}"`,
    coordinator.type === 'etcd'
      ? `endpoints = ${JSON.stringify(coordinator.endpoints)}`
      : `path = ${JSON.stringify(coordinatorFolder)}`,
    ...nodes.flatMap(({ name }) => ['[[node]]', `name = "${name}"`, `interfaces = ${JSON.stringify(devices)}`]),
    ...packages.flatMap(({ name, address, ipv6, folder }) => {
      const { nodes: preferred, failback, settings } = options.packages?.[name] ?? {};
      return [
        '[[package]]',
        `name = "${name}"`,
        `nodes = ${JSON.stringify(preferred ?? nodes.map((node) => node.name))}`,
        `addresses = ["${address}/24", "${ipv6}/64"]`,
        'portmap = true',
        `paths = [${JSON.stringify(folder)}]`,
        'options = "rw,no_root_squash"',
        'allow = ["*"]',
        `state = ${JSON.stringify(join(lab.folder, `state-${name}`))}`,
        ...(failback === undefined ? [] : [`failback = "${failback}"`]),
        ...(settings === undefined ? [] : [settings]),
      ];
    }),
    '',
  ].join('\n');
}
