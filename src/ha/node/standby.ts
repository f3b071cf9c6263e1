import type { PackageConfig } from '../config.ts';
import type { ManagedSettings } from '../protocol.ts';
import { ManagedServer } from './managed-server.ts';
import { pause } from './operation.ts';
import type { NodePorts, PackageSockets } from './ports.ts';

/** The server process of a daemon that died goes on until its licence ends, and its sockets with it. Milliseconds. */
const LISTEN_PATIENCE = 4000;
const LISTEN_PAUSE = 100;

/** The package's listening sockets, and a server process that waits to be activated. */
export class Standby {
  private readonly ports: NodePorts;
  private readonly plan: PackageConfig;
  private readonly settings: Omit<ManagedSettings, 'sockets'>;
  private readonly changed: (problem: string | undefined) => void;
  private sockets: PackageSockets | undefined;
  private process: ManagedServer | undefined;
  private starting: Promise<ManagedServer> | undefined;

  /** @param changed it is ready and has practised, or (with what went wrong) is gone. */
  constructor(
    ports: NodePorts,
    plan: PackageConfig,
    settings: Omit<ManagedSettings, 'sockets'>,
    changed: (problem: string | undefined) => void,
  ) {
    this.ports = ports;
    this.plan = plan;
    this.settings = settings;
    this.changed = changed;
  }

  /** A process is there, or is being started. */
  get exists(): boolean {
    return this.starting !== undefined;
  }

  /** Opens the sockets, unless they are. Rejects if a port stays taken, for so long as a former run's process may live. */
  async listen(): Promise<PackageSockets> {
    const { clock, network } = this.ports;
    const deadline = clock.monotonic() + LISTEN_PATIENCE;
    for (;;) {
      try {
        this.sockets ??= network.listen(this.plan);
        return this.sockets;
      } catch (error) {
        if (clock.monotonic() >= deadline) throw error;
        await pause(clock, LISTEN_PAUSE);
      }
    }
  }

  /** The process that is there, or a new one. Rejects if it cannot be started. */
  ready(): Promise<ManagedServer> {
    if (this.starting === undefined) {
      const starting = this.start();
      this.starting = starting;
      starting.then(
        (server) => this.practise(starting, server),
        (error: Error) => this.gone(starting, error.message),
      );
    }
    return this.starting;
  }

  /** The process belongs to somebody else from here on. */
  handOver(): void {
    this.process = undefined;
    this.starting = undefined;
  }

  /** Ends the process. The sockets stay. */
  async close(): Promise<void> {
    const { process, starting } = this;
    this.handOver();
    await process?.end();
    // A process whose sockets were still being opened.
    if (process === undefined) await starting?.then((late) => late.end()).catch(() => undefined);
  }

  closeSockets(): void {
    this.sockets?.close();
    this.sockets = undefined;
  }

  private async start(): Promise<ManagedServer> {
    const { sockets } = await this.listen();
    const server = new ManagedServer(this.ports.servers, this.settings, sockets, this.ports.clock);
    this.process = server;
    try {
      await server.prepared();
    } catch (error) {
      await server.end();
      throw error;
    }
    server.ended.then((how) => {
      if (this.process === server && this.starting !== undefined) this.gone(this.starting, how);
    });
    return server;
  }

  /** Who moves a package waits for that; who is in need of the process takes it before. */
  private async practise(starting: Promise<ManagedServer>, server: ManagedServer): Promise<void> {
    await server.practised().catch(() => undefined);
    if (this.starting === starting) this.changed(undefined);
  }

  private gone(starting: Promise<ManagedServer>, problem: string): void {
    if (this.starting !== starting) return;
    this.handOver();
    this.changed(problem);
  }
}
