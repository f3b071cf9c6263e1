import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { Logger } from '../common/log.ts';
import { type ExportEntry, ExportTable, exportsForPaths, parseExports, systemResolver } from '../exports/index.ts';
import { mountPrograms } from '../mount/index.ts';
import { aclPrograms } from '../nfs/acl/program.ts';
import { nfs2Program } from '../nfs/v2/program.ts';
import { nfs3Program } from '../nfs/v3/program.ts';
import { Dispatcher, type ProgramVersion } from '../rpc/index.ts';
import { rquotaPrograms } from '../rquota/index.ts';
import { openState, type StateStore } from '../state/index.ts';
import { asServer, openLocalFileSystem } from '../vfs/local/index.ts';
import { AdminServer } from './admin.ts';
import { ConfigError, type ServeConfig } from './config.ts';
import { type Listeners, listenOn } from './listeners.ts';
import { LockAdmin } from './lock-admin.ts';
import { type Locking, startLocking } from './locking.ts';
import { Metrics } from './metrics.ts';
import { mountCommand } from './mount-command.ts';
import { type Portmap, startPortmap } from './portmap.ts';
import { type ClientReport, clientReports, type StatusReport } from './reports.ts';
import { traceCalls } from './trace.ts';
import { VERSION } from './version.ts';

const LOOPBACK_HOSTS = ['127.0.0.0/8', '::1'];

/** A running NFS server: the composition of everything below it. */
export class Server {
  /** The command that mounts the first export. */
  readonly mountCommand: string;
  readonly exportedPaths: readonly string[];
  private readonly config: ServeConfig;
  private readonly log: Logger;
  private readonly parts: Parts;
  private readonly startedAt = Date.now();
  private admin: AdminServer | undefined;

  private constructor(config: ServeConfig, log: Logger, parts: Parts) {
    this.config = config;
    this.log = log;
    this.parts = parts;
    this.exportedPaths = parts.exports.list().map((entry) => entry.path);
    this.mountCommand = mountCommand({
      address: mountAddress(parts.listeners.addresses),
      path: this.exportedPaths[0] ?? '/',
      port: parts.listeners.port,
      portmap: parts.portmap.kind !== 'none',
    });
  }

  /**
   * Opens the state, the exports and the ports, in this order. Throws ConfigError, ExportsError or StateError, each with
   * what the administrator is to do, and leaves nothing open then.
   */
  static async start(config: ServeConfig, log: Logger): Promise<Server> {
    const opened: (() => Promise<void>)[] = [];
    try {
      const state = await openState(config.stateDirectory, {
        report: (error) => log.error({ err: error }, 'the state could not be written; trying again'),
      });
      opened.push(() => state.close());

      const exports = await openExports(config, state, log);
      opened.push(() => exports.close());

      const metrics = config.metrics === undefined ? undefined : await Metrics.start(config.metrics);
      if (metrics !== undefined) opened.push(() => metrics.close());

      const locking = await startLocking({
        ...{ exports, state, log, grace: config.graceSeconds * 1000, forget: config.forgetLocks },
        names: [hostname()],
      });
      opened.push(() => locking.close());

      const programs: ProgramVersion[] = [
        ...locking.programs,
        nfs2Program(exports),
        nfs3Program(exports),
        ...aclPrograms(exports),
        ...rquotaPrograms(exports, { maySet: config.setQuota }),
        ...mountPrograms(exports, state.mounts, log),
      ];
      const observer = traceCalls(log, config.logLevel, metrics);
      const dispatcher = new Dispatcher(programs, { log, observer, journal: state.replies });
      await dispatcher.recover();
      const listeners = await listenOn(dispatcher, config.listen, config.port, { log });
      opened.push(() => listeners.close());
      metrics?.watch(listeners);

      const portmap = await startPortmap(config.portmap, listeners, programs, log);
      opened.push(() => portmap.close());
      const server = new Server(config, log, { state, exports, locking, metrics, listeners, portmap });
      locking.begin();
      server.admin = await server.openAdmin();
      return server;
    } catch (error) {
      for (const close of opened.reverse()) await close();
      throw error;
    }
  }

  /** Reads the exports again. A file with an error changes nothing; what is wrong with it goes to the log. */
  async reload(): Promise<void> {
    try {
      await this.parts.exports.reload(readExports(this.config, this.log));
      this.log.info({ exports: this.parts.exports.list().length }, 'exports reloaded');
    } catch (error) {
      this.log.error({}, `exports not reloaded, the old ones stay: ${(error as Error).message}`);
    }
  }

  private async openAdmin(): Promise<AdminServer | undefined> {
    const locks = new LockAdmin(this.parts.locking, this.parts.exports);
    try {
      return await AdminServer.start(this.config.stateDirectory, {
        'GET /status': () => this.status(),
        'GET /clients': () => this.clients(),
        'GET /locks': () => locks.report(),
        'POST /locks/release': (body) => locks.release(body),
      });
    } catch (error) {
      // Clients are to be served all the same.
      this.log.warn({ err: error }, 'no admin socket: "steadfs status" and its kin cannot ask this server');
      return undefined;
    }
  }

  status(): StatusReport {
    const { exports, listeners, locking, portmap } = this.parts;
    return {
      version: VERSION,
      pid: process.pid,
      startedAt: this.startedAt,
      stateDirectory: this.config.stateDirectory,
      addresses: listeners.addresses,
      port: listeners.port,
      portmap: portmap.kind,
      mountCommand: this.mountCommand,
      exports: exports.list(),
      connections: listeners.peers().length,
      clients: this.clients().length,
      locks: locking.manager.locks().length,
    };
  }

  clients(): ClientReport[] {
    const { listeners, locking, state } = this.parts;
    const holders = locking.manager.locks().map(({ tag }) => tag.address);
    return clientReports(listeners.peers(), state.mounts.list(), holders);
  }

  /** Answers what has been asked, flushes, and lets go of everything. */
  async close(): Promise<void> {
    const { state, exports, locking, metrics, listeners, portmap } = this.parts;
    await this.admin?.close();
    await portmap.close();
    await listeners.close();
    await locking.close();
    await exports.close();
    await metrics?.close();
    await state.close();
  }
}

interface Parts {
  readonly state: StateStore;
  readonly exports: ExportTable;
  readonly locking: Locking;
  readonly metrics: Metrics | undefined;
  readonly listeners: Listeners;
  readonly portmap: Portmap;
}

async function openExports(config: ServeConfig, state: StateStore, log: Logger): Promise<ExportTable> {
  const exports = new ExportTable({
    secret: state.secret,
    fsidFor: (key) => state.fsidFor(key),
    aliases: state.aliases,
    openFileSystem: (path) => openLocalFileSystem(path, { index: state.index, verifier: state.verifier }),
    resolver: systemResolver,
    log,
  });
  await exports.reload(readExports(config, log));
  return exports;
}

/** The exports that the command line and the exports file ask for. Throws ExportsError or ConfigError. */
function readExports(config: ServeConfig, log: Logger): ExportEntry[] {
  const { paths, exportsFile } = config;
  const entries: ExportEntry[] = [];
  if (paths.length > 0) {
    entries.push(...exportsForPaths(paths, config.allow ?? defaultHosts(config.listen), config.options));
  }
  if (exportsFile !== undefined) {
    const { exports, warnings } = parseExports(readTextFile(exportsFile), exportsFile);
    for (const warning of warnings) log.warn({}, warning);
    entries.push(...exports);
  }
  return entries;
}

function readTextFile(path: string): string {
  try {
    return asServer(() => readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}

/** Folders named on the command line go to this host, and to the networks of the addresses that were asked for. */
function defaultHosts(listen: readonly string[]): string[] {
  const hosts = new Set(LOOPBACK_HOSTS);
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const address of listen) {
    if (address === '::' || address === '0.0.0.0') {
      throw new ConfigError(`--listen ${address} with folders: say who may mount them, for example --allow 10.0.0.0/8`);
    }
    const known = interfaces.find((candidate) => candidate.address === address);
    if (known?.cidr != null && !known.internal) hosts.add(known.cidr);
  }
  return [...hosts];
}

/** The address to put into the mount command. */
function mountAddress(addresses: readonly string[]): string {
  const [first = '127.0.0.1'] = addresses;
  if (first !== '::' && first !== '0.0.0.0') return first;
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? (isIP(hostname()) ? hostname() : '127.0.0.1');
}
