import { mkdirSync } from 'node:fs';
import type { Logger } from '../common/log.ts';
import type { StateStore } from '../state/index.ts';
import { type AdminHandler, AdminServer } from './admin.ts';
import type { Listeners } from './listeners.ts';
import { LockAdmin } from './lock-admin.ts';
import { clientReports, type StatusReport } from './reports.ts';
import type { Services } from './services.ts';
import { VERSION } from './version.ts';

export interface Running {
  readonly state: StateStore;
  readonly stateDirectory: string;
  readonly services: Services;
  readonly listeners: Listeners;
  readonly portmap: StatusReport['portmap'];
  /** Of the first export, as it is when it is asked for. */
  mountCommand(): string;
}

/** Opens the admin socket in a folder. Without one, clients are to be served all the same. */
export async function openAdmin(folder: string, running: Running, log: Logger): Promise<AdminServer | undefined> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return await AdminServer.start(folder, answersOf(running));
  } catch (error) {
    log.warn({ err: error }, 'no admin socket: "steadfs status" and its kin cannot ask this server');
    return undefined;
  }
}

function answersOf(running: Running): Readonly<Record<string, AdminHandler>> {
  const { state, stateDirectory, services, listeners, portmap } = running;
  const { exports, locking } = services;
  const startedAt = Date.now();
  const locks = new LockAdmin(locking, exports);
  const clients = () => {
    const holders = locking.manager.locks().map(({ tag }) => tag.address);
    return clientReports(listeners.peers(), state.mounts.list(), holders);
  };
  const status = (): StatusReport => ({
    ...{ version: VERSION, pid: process.pid, startedAt, stateDirectory },
    ...{ addresses: listeners.addresses, port: listeners.port, portmap, mountCommand: running.mountCommand() },
    exports: exports.list(),
    connections: listeners.peers().length,
    clients: clients().length,
    locks: locking.manager.locks().length,
  });
  return {
    'GET /status': status,
    'GET /clients': clients,
    'GET /locks': () => locks.report(),
    'POST /locks/release': (body) => locks.release(body),
  };
}
