import type { Logger, LogLevel } from '../common/log.ts';
import { monotonic } from '../common/monotonic.ts';
import type { FromServer, InheritedSocket, ManagedSettings } from '../ha/protocol.ts';
import { servicesOf } from '../portmap/index.ts';
import { Dispatcher, type Peer } from '../rpc/index.ts';
import { openEpoch, removeOldEpochs, type StateStore } from '../state/index.ts';
import type { AdminServer } from './admin.ts';
import { openAdmin, type Running } from './answers.ts';
import type { LastResort } from './last-resort.ts';
import { Licence } from './licence.ts';
import { LicenceWatch } from './licence-watch.ts';
import { type Listeners, listenOnInherited } from './listeners.ts';
import { mountAddress, mountCommand } from './mount-command.ts';
import { endpointsOf, PORTMAP_LIMITS, portmapperOf } from './portmap.ts';
import { CountingDispatcher } from './progress.ts';
import { Services } from './services.ts';
import { traceCalls } from './trace.ts';

const PULSE_MS = 250;
/** How long calls may take to end when the package is let go of. */
const DRAIN_MS = 2000;
/** A client whose connection was lost comes again in a minute or two, or never. */
const FORGET_CONNECTIONS_MS = 3 * 60_000;
const FIRST_FREE_PORT = 1024;

export interface ManagedPorts {
  readonly log: Logger;
  readonly lastResort: Pick<LastResort, 'set' | 'disarm'>;
  send(message: FromServer): void;
  /** Ends the process at once, as it is. */
  end(why: string): void;
}

/** The server of one package of a cluster: it serves only while the node daemon renews its licence. */
export class ManagedServer {
  private readonly settings: ManagedSettings;
  private readonly ports: ManagedPorts;
  private readonly licence = new Licence();
  private readonly watch: LicenceWatch;
  private readonly listeners: Listeners[] = [];
  private services: Services | undefined;
  private isServing = false;
  private isAddressed = false;
  /** What is to be closed, the first one last. */
  private readonly opened: (() => Promise<void>)[] = [];

  constructor(settings: ManagedSettings, ports: ManagedPorts) {
    const { log, lastResort, end } = ports;
    this.settings = settings;
    this.ports = ports;
    this.watch = new LicenceWatch({
      ...{ licence: this.licence, lastResort, log, end },
      resumed: () => {
        for (const listeners of this.listeners) listeners.reset();
      },
    });
  }

  renew(until: number): void {
    this.watch.renew(until);
  }

  /** Takes up the state under a token, and serves. Throws as {@link Services.open} and {@link openEpoch} do. */
  async activate(token: number, until: number): Promise<void> {
    const started = monotonic();
    this.renew(until);
    try {
      const state = await this.openState(token);
      const services = await this.openServices(state);
      const dispatcher = new CountingDispatcher(services.programs, {
        ...{ log: this.ports.log, licence: this.licence, journal: state.replies },
        observer: traceCalls(this.ports.log, this.settings.logLevel as LogLevel, undefined, { token }),
      });
      await dispatcher.recover();
      await this.listen(dispatcher, services, state);
      this.isServing = true;
      this.ports.send({ type: 'active', connections: state.connections.left, milliseconds: monotonic() - started });
      this.tellRoots();
      this.begin(dispatcher, services, state, token);
    } catch (error) {
      await this.closeAll();
      throw error;
    }
  }

  /** The service addresses are up: clients can be called. */
  addressed(): void {
    if (!this.isServing || this.isAddressed) return;
    this.isAddressed = true;
    this.services?.locking.begin();
  }

  async reload(): Promise<void> {
    await this.services?.reload();
  }

  /** Answers what has been asked, flushes and closes the state. Connections stay open, in silence. */
  async release(): Promise<void> {
    this.isServing = false;
    for (const listeners of this.listeners) await listeners.quiesce(DRAIN_MS);
    await this.closeAll();
    this.watch.stop();
  }

  private async openState(token: number): Promise<StateStore> {
    const { stateDirectory } = this.settings;
    const { log } = this.ports;
    const state = await openEpoch(stateDirectory, token, {
      guard: this.licence,
      report: (error) => log.error({ err: error }, 'the state could not be written; trying again'),
    });
    // By then the exports are closed, and what clients have written is flushed.
    this.opened.push(() => state.close({ filesFlushed: true }));
    return state;
  }

  private async openServices(state: StateStore): Promise<Services> {
    const { settings } = this;
    const services = await Services.open(
      { ...settings, forgetLocks: false, names: [...settings.names, ...this.addresses] },
      {
        ...{ state, log: this.ports.log, licence: this.licence, isProbe },
        exportsChanged: () => this.tellRoots(),
      },
    );
    this.opened.push(() => services.close());
    this.services = services;
    return services;
  }

  private async listen(dispatcher: Dispatcher, services: Services, { connections }: StateStore): Promise<void> {
    const { log } = this.ports;
    const { port } = this.settings;
    const events = {
      connected: (peer: Peer) => connections.opened(peer),
      disconnected: (peer: Peer) => connections.closed(peer),
    };
    const portmapper = portmapperOf(this.addresses, servicesOf(services.programs, endpointsOf(this.addresses, port)));
    const portmap = new Dispatcher(portmapper, { log, licence: this.licence });
    this.listeners.push(await listenOnInherited(dispatcher, this.socketsFor('nfs'), { log, events }));
    const portmapSockets = this.socketsFor('portmap');
    this.listeners.push(await listenOnInherited(portmap, portmapSockets, { log, limits: PORTMAP_LIMITS }));
  }

  /** What goes on beside the serving. */
  private begin(dispatcher: CountingDispatcher, services: Services, state: StateStore, token: number): void {
    const { log, send } = this.ports;
    const admin = this.openAdmin(services, state);
    const pulse = setInterval(() => send({ type: 'pulse', ...dispatcher.progress() }), PULSE_MS);
    const forget = setTimeout(() => state.connections.forgetLeft(), FORGET_CONNECTIONS_MS);
    this.opened.push(async () => {
      clearInterval(pulse);
      clearTimeout(forget);
      await (await admin)?.close();
    });
    removeOldEpochs(this.settings.stateDirectory, token).catch((error: unknown) => {
      log.warn({ err: error }, 'old epochs of the state could not be removed');
    });
  }

  private openAdmin(services: Services, state: StateStore): Promise<AdminServer | undefined> {
    const { stateDirectory, runDirectory, port } = this.settings;
    const [listeners] = this.listeners;
    const hasPortmap = this.socketsFor('portmap').length > 0;
    const running: Running = {
      ...{ state, stateDirectory, services, listeners: listeners!, portmap: hasPortmap ? 'own' : 'none' },
      mountCommand: () =>
        mountCommand({
          address: mountAddress(this.addresses),
          path: services.exports.list()[0]?.path,
          port,
          portmap: hasPortmap,
        }),
    };
    return openAdmin(runDirectory, running, this.ports.log);
  }

  private tellRoots(): void {
    if (!this.isServing || this.services === undefined) return;
    const roots = this.services.exports.roots();
    this.ports.send({
      type: 'roots',
      roots: roots.map(({ path, handle }) => ({ path, handle: handle.toString('hex') })),
    });
  }

  private get addresses(): string[] {
    return [...new Set(this.socketsFor('nfs').map(({ address }) => address))];
  }

  private socketsFor(use: InheritedSocket['use']): InheritedSocket[] {
    return this.settings.sockets.filter((socket) => socket.use === use);
  }

  private async closeAll(): Promise<void> {
    for (const close of this.opened.splice(0).reverse()) await close();
  }
}

/** A privileged program on the service address itself: the node daemon looks whether the exports answer. */
function isProbe({ address, localAddress, port }: Peer): boolean {
  return address === localAddress && port < FIRST_FREE_PORT;
}
