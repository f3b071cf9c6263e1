import { isIPv4 } from 'node:net';
import { LicenceLost } from '../common/licence.ts';
import type { CallbackTarget } from '../nlm/index.ts';
import { lookupPort } from '../portmap/index.ts';
import { RpcClient, type ServingLicence } from '../rpc/index.ts';

const CONNECT_MS = 3000;
/** A connection that was not asked for in this long is closed. */
const IDLE_MS = 60_000;

interface Connection {
  readonly client: Promise<RpcClient>;
  usedAt: number;
}

export interface Destination {
  readonly host: string;
  readonly localAddress: string | undefined;
  readonly program: number;
  readonly version: number;
  readonly transport: 'tcp' | 'udp';
}

/** Connects to a program of a client, at the port that its port mapper tells. */
export async function connectTo(destination: Destination): Promise<RpcClient> {
  const { host, program, version, transport } = destination;
  const localAddress = usable(destination.localAddress, host);
  const ask = (by: 'tcp' | 'udp') => lookupPort({ host, localAddress, program, version, transport: by });
  const other = transport === 'tcp' ? 'udp' : 'tcp';
  for (const by of [transport, other] as const) {
    const port = await ask(by);
    if (port === 0) continue;
    if (by === 'udp') return RpcClient.connectUdp({ host, port, localAddress });
    return RpcClient.connectTcp({ host, port, localAddress, timeout: CONNECT_MS });
  }
  throw new Error(`${host} has no program ${program} version ${version}`);
}

/** A socket that listens on all addresses does not know which one a datagram came to. */
function usable(localAddress: string | undefined, host: string): string | undefined {
  if (localAddress === undefined || localAddress === '0.0.0.0' || localAddress === '::') return undefined;
  return isIPv4(localAddress) === isIPv4(host) ? localAddress : undefined;
}

/** Connections to the lock managers of clients, kept for a while: a lock is to be granted at once. */
export class ClientCalls {
  private readonly connections = new Map<string, Connection>();
  private readonly timer: NodeJS.Timeout;
  private readonly licence: ServingLicence | undefined;
  private readonly reach: typeof connectTo;

  /** @param licence without which no client is called; left out: it never ends. */
  constructor(licence?: ServingLicence, reach = connectTo) {
    this.licence = licence;
    this.reach = reach;
    this.timer = setInterval(() => this.closeIdle(), IDLE_MS).unref();
  }

  async connect(target: CallbackTarget, program: number): Promise<RpcClient> {
    this.mustHold();
    const key = keyOf(target, program);
    const known = this.connections.get(key);
    if (known !== undefined) {
      known.usedAt = performance.now();
      const client = await known.client;
      if (!client.isBroken) return client;
      // The client has closed it. Another call may have noticed that before.
      if (this.connections.get(key) === known) this.connections.delete(key);
      return this.connect(target, program);
    }
    const { address: host, localAddress, version, transport } = target;
    const client = this.connectOnce({ host, localAddress, program, version, transport });
    const connection = { client, usedAt: performance.now() };
    this.connections.set(key, connection);
    client.catch(() => {
      if (this.connections.get(key) === connection) this.connections.delete(key);
    });
    return client;
  }

  /** For a single call. Rejects as {@link connectTo} does. */
  async connectOnce(destination: Destination): Promise<RpcClient> {
    this.mustHold();
    const client = await this.reach(destination);
    // Finding the way may have taken a while.
    if (this.licence?.holds() !== false) return client;
    client.close();
    throw new LicenceLost();
  }

  forget(target: CallbackTarget, program: number): void {
    this.drop(keyOf(target, program));
  }

  close(): void {
    clearInterval(this.timer);
    for (const key of [...this.connections.keys()]) this.drop(key);
  }

  private mustHold(): void {
    if (this.licence?.holds() === false) throw new LicenceLost();
  }

  private closeIdle(): void {
    const since = performance.now() - IDLE_MS;
    for (const [key, { usedAt }] of this.connections) if (usedAt < since) this.drop(key);
  }

  private drop(key: string): void {
    const connection = this.connections.get(key);
    this.connections.delete(key);
    connection?.client.then(
      (client) => client.close(),
      () => {},
    );
  }
}

function keyOf({ address, localAddress, version, transport }: CallbackTarget, program: number): string {
  return `${transport} ${address} ${localAddress} ${program} ${version}`;
}
