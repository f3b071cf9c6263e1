import { realpathSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { relative } from 'node:path';
import type { Logger } from '../common/log.ts';
import { Dispatcher } from '../rpc/index.ts';
import { openState } from '../state/index.ts';
import { openAdmin, type Running } from './answers.ts';
import { ConfigError, type ServeConfig } from './config.ts';
import { listenOn } from './listeners.ts';
import { Metrics } from './metrics.ts';
import { mountAddress, mountCommand } from './mount-command.ts';
import { startPortmap } from './portmap.ts';
import { Services } from './services.ts';
import { traceCalls } from './trace.ts';

const LOOPBACK_HOSTS = ['127.0.0.0/8', '::1'];

/** A running NFS server of its own: the composition of everything below it. */
export class Server {
  /** The command that mounts the first export. */
  readonly mountCommand: string;
  readonly exportedPaths: readonly string[];
  private readonly services: Services;
  /** What is to be closed, the first one last. */
  private readonly opened: (() => Promise<void>)[];

  private constructor({ services, mountCommand }: Running, opened: (() => Promise<void>)[]) {
    this.services = services;
    this.mountCommand = mountCommand();
    this.exportedPaths = services.exports.list().map((entry) => entry.path);
    this.opened = opened;
  }

  /**
   * Opens the state, the exports and the ports, in this order. Throws ConfigError, ExportsError or StateError, each with
   * what the administrator is to do, and leaves nothing open then.
   */
  static async start(config: ServeConfig, log: Logger): Promise<Server> {
    const opened: (() => Promise<void>)[] = [];
    try {
      const { stateDirectory } = config;
      const allow = config.allow ?? defaultHosts(config);
      const report = (error: unknown) => log.error({ err: error }, 'the state could not be written; trying again');
      const state = await openState(stateDirectory, { report });
      // By then the exports are closed, and what clients have written is flushed.
      opened.push(() => state.close({ filesFlushed: true }));

      const metrics = config.metrics === undefined ? undefined : await Metrics.start(config.metrics);
      if (metrics !== undefined) opened.push(() => metrics.close());

      const services = await Services.open({ ...config, allow, names: [hostname()] }, { state, log });
      opened.push(() => services.close());
      for (const { path } of services.exports.list()) {
        if (!liesIn(stateDirectory, path)) continue;
        const danger = 'who may read it there can make up file handles, and who may write there can end the service';
        log.warn(
          { path, stateDirectory },
          `the state lies in the exported ${path}: ${danger}; name another with --state`,
        );
      }

      const { programs } = services;
      const observer = traceCalls(log, config.logLevel, metrics);
      const dispatcher = new Dispatcher(programs, { log, observer, journal: state.replies });
      await dispatcher.recover();
      const listeners = await listenOn(dispatcher, config.listen, config.port, { log });
      opened.push(() => listeners.close());
      metrics?.watch(listeners);

      const portmap = await startPortmap(config.portmap, listeners, programs, log);
      opened.push(() => portmap.close());

      const running: Running = {
        ...{ state, stateDirectory, services, listeners, portmap: portmap.kind },
        mountCommand: () =>
          mountCommand({
            address: mountAddress(listeners.addresses),
            path: services.exports.list()[0]?.path,
            port: listeners.port,
            portmap: portmap.kind !== 'none',
          }),
      };
      services.locking.begin();
      const admin = await openAdmin(stateDirectory, running, log);
      if (admin !== undefined) opened.push(() => admin.close());
      return new Server(running, opened);
    } catch (error) {
      for (const close of opened.reverse()) await close();
      throw error;
    }
  }

  /** Reads the exports again. A file with an error changes nothing; what is wrong with it goes to the log. */
  reload(): Promise<void> {
    return this.services.reload();
  }

  /** Answers what has been asked, flushes, and lets go of everything. */
  async close(): Promise<void> {
    for (const close of this.opened.reverse()) await close();
  }
}

function liesIn(path: string, folder: string): boolean {
  try {
    return !/^\.\.(\/|$)/.test(relative(realpathSync(folder), realpathSync(path)));
  } catch {
    // An export that waits for its storage.
    return false;
  }
}

/** Folders named on the command line go to this host, and to the networks of the addresses that were asked for. */
function defaultHosts({ listen, paths }: ServeConfig): string[] {
  const hosts = new Set(LOOPBACK_HOSTS);
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const address of listen) {
    if ((address === '::' || address === '0.0.0.0') && paths.length > 0) {
      throw new ConfigError(`--listen ${address} with folders: say who may mount them, for example --allow 10.0.0.0/8`);
    }
    const known = interfaces.find((candidate) => candidate.address === address);
    if (known?.cidr != null && !known.internal) hosts.add(known.cidr);
  }
  return [...hosts];
}
