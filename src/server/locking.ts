import type { Logger } from '../common/log.ts';
import type { Exports, FileLocator } from '../exports/index.ts';
import { Grace } from '../locks/grace.ts';
import { LockManager } from '../locks/manager.ts';
import { clientKey } from '../locks/records.ts';
import type { PendingGrant } from '../locks/requests.ts';
import { Callbacks, nlmPrograms } from '../nlm/index.ts';
import { Monitors, Notifier, nsmProgram } from '../nsm/index.ts';
import type { ProgramVersion, ServingLicence } from '../rpc/index.ts';
import type { Monitor, StateStore } from '../state/index.ts';
import { ClientCalls } from './client-calls.ts';

/** How often clients that have no locks any more are looked for, to monitor them no longer. */
const SWEEP_MS = 60_000;

export interface LockingOptions {
  readonly exports: Exports & FileLocator;
  readonly state: StateStore;
  readonly log: Logger;
  /** Milliseconds. */
  readonly grace: number;
  /** True to lose all locks now, and tell everybody. */
  readonly forget: boolean;
  /** Names that clients may have mounted this server by. */
  readonly names: readonly string[];
  /** Without it no client is called. Left out: it never ends. */
  readonly licence?: ServingLicence | undefined;
}

export interface Locking {
  /** The lock manager's and the status monitor's. */
  readonly programs: readonly ProgramVersion[];
  readonly manager: LockManager;
  readonly grace: Grace;
  monitors(): readonly Monitor[];
  /** To be called once the server answers: whoever is told of something now may come at once. */
  begin(): void;
  close(): Promise<void>;
}

/** Puts lock manager and status monitor together, and takes up what the state has of both. */
export async function startLocking({
  exports,
  state,
  log,
  grace: limit,
  forget,
  names,
  licence,
}: LockingOptions): Promise<Locking> {
  const calls = new ClientCalls(licence);
  const grace = new Grace(log);
  const monitors = new Monitors(state.monitors, log);
  const callbacks = new Callbacks({ caller: calls, log, name: names[0] ?? 'server' });
  const notifier = new Notifier({
    monitors,
    connect: (to) => calls.connectOnce({ ...to, transport: 'udp' }),
    names,
    told: (monitor) => grace.told(clientKey(monitor)),
    log,
  });
  const manager = new LockManager({
    store: state.locks,
    locate: (handle) => exports.locate(handle),
    watch: (client) => monitors.watch(client),
    grace,
    log,
  });
  // Who waited when the last server ended may have its lock now, and cannot be told before this one can be asked.
  const early: PendingGrant[] = [];
  manager.onGrant = (grant) => void early.push(grant);

  const untold = () =>
    monitors.list().filter(({ told, watcher }) => told !== state.monitors.state && watcher === undefined);
  const lose = () => {
    state.locks.clear();
    // Odd while the host runs (X/Open): a restart passes by an even number.
    state.monitors.renew(state.monitors.state + 2, state.locks.lineage);
  };
  const { lineage } = state.monitors;
  if (lineage === undefined) state.monitors.renew(state.monitors.state, state.locks.lineage);
  else if (forget || lineage !== state.locks.lineage) lose();
  await manager.load();
  grace.open(untold().map(clientKey), limit);

  const sweeper = setInterval(() => {
    for (const monitor of monitors.idle()) if (!manager.knows(monitor)) monitors.drop(monitor).catch(() => {});
  }, SWEEP_MS).unref();

  return {
    programs: [
      ...nlmPrograms({ exports, manager, callbacks, log }),
      nsmProgram({
        monitors,
        log,
        tellWatcher: (monitor, number) => notifier.tellWatcher(monitor, number),
        simulateCrash: async () => {
          await manager.forget();
          lose();
          grace.open(untold().map(clientKey), limit);
          notifier.start();
        },
        listener: {
          rebooted: async (client, number) => {
            const freed = await manager.freeClient(client, number);
            grace.left(clientKey(client));
            log.info(
              { client: client.name, address: client.address, ...freed },
              'a client has restarted: its locks are free',
            );
          },
        },
      }),
    ],
    manager,
    grace,
    monitors: () => monitors.list(),
    begin: () => {
      manager.onGrant = (grant) => void callbacks.grant(grant);
      for (const grant of early.splice(0)) void callbacks.grant(grant);
      notifier.start();
    },
    close: async () => {
      clearInterval(sweeper);
      notifier.close();
      callbacks.close();
      await manager.close();
      calls.close();
    },
  };
}
