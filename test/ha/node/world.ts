import type { Logger } from '../../../src/common/log.ts';
import type { ClusterConfig, PackageConfig } from '../../../src/ha/config.ts';
import { MemoryCluster } from '../../../src/ha/coordinator/memory.ts';
import type { Clock, NodePorts, PlacedAddress, Probe, ProbeAnswers, ServerChild } from '../../../src/ha/node/ports.ts';
import type { Connection, FromServer, ToServer, ToWatchdog } from '../../../src/ha/protocol.ts';

export const LEASE = 3000;

/** More than this in one go, and something runs in circles. */
const MOST_TIMERS = 10_000;

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  now = 10_000;
  private timers: { at: number; work: () => void }[] = [];

  monotonic = () => this.now;
  wall = () => 1_700_000_000_000 + this.now;

  after(milliseconds: number, work: () => void): () => void {
    const timer = { at: this.now + milliseconds, work };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass, and everything happen in it that was to. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await settle();
    for (let timers = 0; ; timers++) {
      if (timers > MOST_TIMERS) throw new Error(`a busy loop: ${timers} timers within ${milliseconds} ms`);
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.at);
      next.work();
      await settle();
    }
    this.now = end;
  }

  /** The process is stopped (SIGSTOP) for so long, and goes on: what was due comes late. */
  async sleep(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    await this.advance(0);
  }

  async until(condition: () => boolean, milliseconds = 60_000): Promise<void> {
    const end = this.now + milliseconds;
    while (!condition()) {
      if (this.now >= end) throw new Error(`not within ${milliseconds} ms`);
      await this.advance(10);
    }
  }
}

/** Lets all promises that can settle do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeServer implements ServerChild {
  readonly pid: number;
  readonly startTime = '77';
  readonly exited: Promise<string>;
  readonly told: ToServer[] = [];
  alive = true;
  /** Answers each message as a healthy server does, until this is switched off. */
  obedient = true;
  /** It waits for a disk: not even SIGKILL ends it now. */
  stuck = false;
  private end: (how: string) => void = () => {};
  private readonly world: World;
  private readonly received: (message: FromServer) => void;

  constructor(world: World, pid: number, received: (message: FromServer) => void) {
    this.world = world;
    this.pid = pid;
    this.received = received;
    this.exited = new Promise((resolve) => {
      this.end = resolve;
    });
    const begin = () => {
      if (this.world.failing.has('prepare')) this.fail('no port is free');
      else {
        this.say({ type: 'prepared' });
        const practised = () => this.say({ type: 'practised' });
        if (world.practising === 0) practised();
        else world.clock.after(world.practising, practised);
      }
    };
    if (world.preparing === 0) setImmediate(begin);
    else world.clock.after(world.preparing, begin);
  }

  get until(): number {
    const until = this.told.flatMap((message) => ('until' in message ? [message.until] : []));
    return until.at(-1) ?? 0;
  }

  send(message: ToServer): void {
    if (!this.alive) return;
    this.told.push(message);
    if (message.type !== 'licence') this.world.step(`server ${message.type}`);
    if (!this.obedient) return;
    setImmediate(() => {
      if (message.type === 'activate') {
        if (this.world.failing.has('activate')) this.fail('the state cannot be opened');
        else this.say({ type: 'active', connections: this.world.connections, milliseconds: 1 });
      }
      if (message.type === 'release') this.say({ type: 'released' });
    });
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (!this.alive) return;
    this.world.step(`server ${signal}`);
    if (!this.stuck && (signal === 'SIGKILL' || this.obedient)) this.crash(signal);
  }

  crash(how = 'SIGSEGV'): void {
    this.alive = false;
    this.end(how);
  }

  say(message: FromServer): void {
    if (this.alive) this.received(message);
  }

  private fail(reason: string): void {
    this.say({ type: 'failed', reason });
    this.crash('code 1');
  }
}

/** What a fake of the world can be told to refuse. */
export type Failure = 'listen' | 'prepare' | 'mount' | 'unmount' | 'activate' | 'raise' | 'lower' | 'fence';

export const WELL: ProbeAnswers = {
  ping: { kind: 'answer', status: 0, milliseconds: 1 },
  roots: [],
  lock: undefined,
};

/** A host for one node, on which everything that is done is written down. */
export class World {
  readonly clock: FakeClock;
  readonly steps: string[] = [];
  readonly failing = new Set<Failure>();
  readonly servers: FakeServer[] = [];
  readonly watchdog: ToWatchdog[] = [];
  readonly logged: string[] = [];
  connections: readonly Connection[] = [];
  /** How long server processes take to load, milliseconds. */
  preparing = 0;
  /** And to go through an activation of its own. */
  practising = 0;
  raised = new Map<string, { until: number }>();
  isolated = false;
  mounted = false;
  answers: () => ProbeAnswers = () => WELL;
  private nextPid = 100;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  step(what: string): void {
    this.steps.push(what);
  }

  get server(): FakeServer {
    const server = this.servers.findLast(({ told }) => told.some(({ type }) => type === 'activate'));
    if (server === undefined) throw new Error('no server was activated');
    return server;
  }

  readonly log: Logger = {
    trace: () => {},
    debug: () => {},
    info: (_, message) => this.logged.push(message),
    warn: (_, message) => this.logged.push(message),
    error: (details, message) => this.logged.push(`${message} ${'err' in details ? details.err : ''}`),
  };

  get ports(): NodePorts {
    const world = this;
    const { clock } = this;
    const attempt = async (what: Failure) => {
      world.step(what);
      if (world.failing.has(what)) throw new Error(`${what} does not work`);
    };
    const whereIs = (name: string): PlacedAddress[] =>
      world.raised.has(name) ? [{ address: '192.0.2.50', prefix: 24, device: 'eth0' }] : [];
    const probe: Probe = { ask: async () => world.answers(), close: () => {} };
    return {
      clock,
      servers: {
        spawn: (_settings, _sockets, received) => {
          world.step('spawn');
          const server = new FakeServer(world, world.nextPid++, received);
          world.servers.push(server);
          return server;
        },
      },
      network: {
        listen: () => {
          world.step('listen');
          if (world.failing.has('listen')) throw new Error('TCP port 2049 of 192.0.2.50: EADDRINUSE');
          return { sockets: [], close: () => world.step('close sockets') };
        },
        get isolated() {
          return world.isolated;
        },
        links: () => ({ eth0: !world.isolated }),
        raise: async (name, until) => {
          await attempt('raise');
          world.raised.set(name, { until });
        },
        renew: async (name, until) => {
          world.raised.set(name, { until });
        },
        lower: async (name) => {
          await attempt('lower');
          world.raised.delete(name);
        },
        where: whereIs,
        wake: (_name, connections) => world.step(`wake ${connections.length}`),
        reconcile: async () => {},
        close: () => {},
      },
      storage: {
        isMounted: async () => world.mounted,
        mount: async () => {
          world.mounted = true;
          await attempt('mount');
        },
        unmount: async () => {
          await attempt('unmount');
          world.mounted = false;
        },
      },
      fence: { run: () => attempt('fence') },
      probes: { open: () => probe },
      watchdog: {
        send: (message) => {
          world.watchdog.push(message);
        },
        close: async () => {},
      },
    };
  }
}

export function planOf(changes: Partial<PackageConfig> = {}): PackageConfig {
  return {
    name: 'data',
    nodes: ['a', 'b'],
    addresses: [{ address: '192.0.2.50', prefix: 24 }],
    port: 2049,
    portmap: false,
    paths: ['/srv/data'],
    options: 'rw',
    allow: ['*'],
    exportsFile: undefined,
    stateDirectory: '/srv/state',
    storage: undefined,
    failback: 'manual',
    graceSeconds: 90,
    setQuota: false,
    names: [],
    ...changes,
  };
}

export const STORAGE = { device: '/dev/sdx', path: '/srv', fsType: 'ext4', options: '' };

export function configOf(node: string, runDirectory: string, changes: Partial<ClusterConfig> = {}): ClusterConfig {
  return {
    cluster: 'test',
    node,
    runDirectory,
    coordinator: { type: 'shared-dir', path: '/nowhere' },
    leaseMilliseconds: LEASE,
    nodes: ['a', 'b'].map((name) => ({ name, interfaces: ['eth0'], fence: undefined })),
    packages: [planOf()],
    http: undefined,
    restarts: { count: 2, periodMilliseconds: 60_000 },
    logLevel: 'info',
    ...changes,
  };
}

export function memoryCluster(clock: FakeClock): MemoryCluster {
  return new MemoryCluster(LEASE, clock.monotonic);
}
