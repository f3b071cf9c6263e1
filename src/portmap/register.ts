import type { Logger } from '../common/log.ts';
import { RpcClient } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import { type Binder, connectBinder } from './binder.ts';
import type { Service } from './registry.ts';
import { formatUaddr, isUnspecified } from './uaddr.ts';

/** Where rpcbind listens for programs of its host. */
const RPCBIND_SOCKET = '/run/rpcbind.sock';
const CHECK_MS = 60_000;
/** How long a server that is registered already gets to show that it lives. */
const PROBE_MS = 1000;

export interface RegistrationOptions {
  readonly socketPath?: string;
  /** Milliseconds between looks whether everything is still registered. */
  readonly interval?: number;
}

/**
 * Our services in the rpcbind of this host, for as long as we run. rpcbind forgets everything when it restarts, so it is
 * asked now and then, and told again.
 */
export class RpcbindRegistration {
  private readonly services: readonly Service[];
  private readonly log: Logger;
  private readonly socketPath: string;
  private readonly timer: NodeJS.Timeout;
  private checking: Promise<void> = Promise.resolve();
  /** What was already said in the log, so that it is said once. */
  private readonly said = new Set<string>();

  private constructor(services: readonly Service[], log: Logger, options: RegistrationOptions) {
    this.services = services;
    this.log = log;
    this.socketPath = options.socketPath ?? RPCBIND_SOCKET;
    this.timer = setInterval(() => this.check(), options.interval ?? CHECK_MS);
    this.timer.unref();
  }

  /** Registers all of `services`. Rejects if there is no rpcbind, or it takes none of them. */
  static async start(
    services: readonly Service[],
    log: Logger,
    options: RegistrationOptions = {},
  ): Promise<RpcbindRegistration> {
    const registration = new RpcbindRegistration(services, log, options);
    try {
      const taken = await registration.registerMissing();
      if (taken === 0 && services.length > 0) throw new Error('rpcbind refused every registration');
      return registration;
    } catch (error) {
      clearInterval(registration.timer);
      throw error;
    }
  }

  /** Takes away what is still registered as ours. Never rejects: a server that ends does not wait for rpcbind. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.checking;
    try {
      await this.withBinder(async (binder) => {
        const there = await binder.dump();
        for (const service of this.services) {
          if (there.some((entry) => isSame(entry, service))) await binder.unset(service);
        }
      });
    } catch (error) {
      this.log.warn({ err: error }, 'the services stay registered with rpcbind');
    }
  }

  private check(): void {
    this.checking = this.checking
      .then(() => this.registerMissing())
      .then(
        () => {
          this.said.delete('unreachable');
        },
        (error: unknown) => this.sayOnce('unreachable', { err: error }, 'rpcbind does not answer; trying again'),
      );
  }

  /** @returns how many of the services are registered now. */
  private registerMissing(): Promise<number> {
    return this.withBinder(async (binder) => {
      const there = await binder.dump();
      let taken = 0;
      let added = 0;
      for (const service of this.services.filter((service) => binder.knows(service))) {
        const known = there.find((entry) => isSameKey(entry, service));
        if (known !== undefined && isSame(known, service)) {
          taken++;
        } else if (await this.register(binder, service, known)) {
          taken++;
          added++;
        }
      }
      if (added > 0) this.log.info({ services: added }, 'registered with rpcbind');
      return taken;
    });
  }

  /** A server that was killed leaves its registration behind; one that still answers keeps it. */
  private async register(binder: Binder, service: Service, known: Service | undefined): Promise<boolean> {
    if (known !== undefined) {
      if (await answers(known)) {
        this.sayOnce(
          describe(known),
          { ...known },
          `${describe(known)} is registered for another server, which answers`,
        );
        return false;
      }
      await binder.unset(known);
    }
    if (await binder.set(service)) return true;
    this.sayOnce(describe(service), { ...service }, `rpcbind refused to register ${describe(service)}`);
    return false;
  }

  private async withBinder<T>(use: (binder: Binder) => Promise<T>): Promise<T> {
    const binder = await connectBinder(this.socketPath);
    try {
      return await use(binder);
    } finally {
      binder.close();
    }
  }

  private sayOnce(key: string, details: object, message: string): void {
    if (this.said.has(key)) return;
    this.said.add(key);
    this.log.warn(details, message);
  }
}

/** Whether the program registered there takes a call: NULL, which every program has. */
async function answers({ program, version, netid, address, port }: Service): Promise<boolean> {
  const host = isUnspecified(address) ? (netid.endsWith('6') ? '::1' : '127.0.0.1') : address;
  try {
    const client = netid.startsWith('tcp')
      ? await RpcClient.connectTcp({ host, port, timeout: PROBE_MS })
      : await RpcClient.connectUdp({ host, port });
    try {
      await client.call(program, version, 0, nothing, undefined, nothing, { timeout: PROBE_MS });
      return true;
    } finally {
      client.close();
    }
  } catch {
    return false;
  }
}

function isSameKey(a: Service, b: Service): boolean {
  return a.program === b.program && a.version === b.version && a.netid === b.netid;
}

/** An old portmap knows ports alone, and says 0.0.0.0 for all of them. */
function isSame(entry: Service, service: Service): boolean {
  const sameAddress = entry.address === service.address || isUnspecified(entry.address);
  return isSameKey(entry, service) && entry.port === service.port && sameAddress;
}

function describe(service: Service): string {
  return `program ${service.program} version ${service.version} at ${service.netid} ${formatUaddr(service)}`;
}
