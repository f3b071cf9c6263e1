import type { PackageConfig } from '../config.ts';
import type { ManagedSettings } from '../protocol.ts';
import { ManagedServer } from './managed-server.ts';
import type { NodePorts, PackageSockets } from './ports.ts';

/** The package's listening sockets, and a server process that waits to be activated. */
export class Standby {
  private readonly ports: NodePorts;
  private readonly plan: PackageConfig;
  private readonly settings: Omit<ManagedSettings, 'sockets'>;
  private readonly changed: (problem: string | undefined) => void;
  private sockets: PackageSockets | undefined;
  private process: ManagedServer | undefined;
  private starting: Promise<ManagedServer> | undefined;

  /** @param changed it became ready, or (with what went wrong) is gone. */
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

  /** Opens the sockets, unless they are. Throws if a port is taken. */
  listen(): PackageSockets {
    this.sockets ??= this.ports.network.listen(this.plan);
    return this.sockets;
  }

  /** The process that is there, or a new one. Rejects if it cannot be started. */
  ready(): Promise<ManagedServer> {
    if (this.starting === undefined) {
      const starting = this.start();
      this.starting = starting;
      starting.then(
        () => this.changed(undefined),
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
    const { sockets } = this.listen();
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

  private gone(starting: Promise<ManagedServer>, problem: string): void {
    if (this.starting !== starting) return;
    this.handOver();
    this.changed(problem);
  }
}
