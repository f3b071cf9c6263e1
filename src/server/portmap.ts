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
import { ConfigError } from './config.ts';
import { InUse, type Listeners, listenOn } from './listeners.ts';

/** How clients find the programs' ports: our own portmapper, an rpcbind that runs already, or not at all. */
export interface Portmap {
  readonly kind: 'own' | 'rpcbind' | 'none';
  close(): Promise<void>;
}

const NONE: Portmap = { kind: 'none', close: async () => {} };
/** A portmapper's calls are small. */
const LIMITS = { maxRecord: 16 * 1024, maxConnections: 256, maxPerAddress: 32 };

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
  const endpoints = listeners.addresses.flatMap((address) =>
    (['tcp', 'udp'] as const).map((transport) => ({ transport, address, port: listeners.port })),
  );
  const services = servicesOf(programs, endpoints);
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
  const portmapper = portmapPrograms(new Registry());
  const own = addresses.flatMap((address) =>
    (['tcp', 'udp'] as const).map((transport) => ({ transport, address, port: PMAP_PORT })),
  );
  const registry = new Registry([...servicesOf(portmapper, own), ...services]);
  const dispatcher = new Dispatcher(portmapPrograms(registry), { log });
  const listeners = await listenOn(dispatcher, addresses, PMAP_PORT, { log, limits: LIMITS });
  return { kind: 'own', close: () => listeners.close() };
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
