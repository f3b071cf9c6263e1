import { ConfigError } from '../common/config-error.ts';
import type { Logger } from '../common/log.ts';
import {
  PMAP_PORT,
  portmapPrograms,
  Registry,
  RpcbindRegistration,
  type Service,
  servicesOf,
} from '../portmap/index.ts';
import { Dispatcher, type ProgramVersion } from '../rpc/index.ts';
import { InUse, type Listeners, listenOn } from './listeners.ts';

/** How clients find the programs' ports: our own portmapper, an rpcbind that runs already, or not at all. */
export interface Portmap {
  readonly kind: 'own' | 'rpcbind' | 'none';
  close(): Promise<void>;
}

const NONE: Portmap = { kind: 'none', close: async () => {} };
/** A portmapper's calls are small. */
export const PORTMAP_LIMITS = { maxRecord: 16 * 1024, maxConnections: 256, maxPerAddress: 32 };

/**
 * `on`: serve port 111, or fail. `auto`: serve it if it can be had, else register with the rpcbind that has it, else do
 * without: clients then name the port themselves.
 */
export async function startPortmap(
  mode: 'auto' | 'on' | 'off',
  listeners: Listeners,
  programs: readonly ProgramVersion[],
  log: Logger,
): Promise<Portmap> {
  if (mode === 'off') return NONE;
  const services = servicesOf(programs, endpointsOf(listeners.addresses, listeners.port));
  try {
    return await ownPortmap(listeners.addresses, services, log);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (mode === 'on') {
      const remedy = error instanceof InUse ? 'an rpcbind runs there: --portmap auto registers with it' : error.message;
      throw new ConfigError(`--portmap on: port ${PMAP_PORT} cannot be had; ${remedy}`);
    }
    if (error instanceof InUse) return await throughRpcbind(services, log);
    log.info({}, `no portmapper: port ${PMAP_PORT} needs root; clients name the port, as in the mount command`);
    return NONE;
  }
}

async function ownPortmap(addresses: readonly string[], services: readonly Service[], log: Logger): Promise<Portmap> {
  const dispatcher = new Dispatcher(portmapperOf(addresses, services), { log });
  const listeners = await listenOn(dispatcher, addresses, PMAP_PORT, { log, limits: PORTMAP_LIMITS });
  return { kind: 'own', close: () => listeners.close() };
}

/** A port mapper on these addresses, which tells of these services and of itself. */
export function portmapperOf(addresses: readonly string[], services: readonly Service[]): ProgramVersion[] {
  const portmapper = portmapPrograms(new Registry());
  return portmapPrograms(new Registry([...servicesOf(portmapper, endpointsOf(addresses, PMAP_PORT)), ...services]));
}

/** Where programs are that answer on one port of each of these addresses. */
export function endpointsOf(addresses: readonly string[], port: number) {
  return addresses.flatMap((address) => (['tcp', 'udp'] as const).map((transport) => ({ transport, address, port })));
}

async function throughRpcbind(services: readonly Service[], log: Logger): Promise<Portmap> {
  try {
    const registration = await RpcbindRegistration.start(services, log);
    return { kind: 'rpcbind', close: () => registration.close() };
  } catch (error) {
    log.warn({ err: error }, `an rpcbind runs here, but does not take our services; mount with port= and mountport=`);
    return NONE;
  }
}
