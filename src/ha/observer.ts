import type { Coordinator } from './coordinator/contract.ts';
import type { HistoryKind } from './report.ts';

/** Told of what happens on this node, for metrics. */
export interface NodeObserver {
  /** Clients of a package are served here, so long after it was decided, or after the server process had ended. */
  served(name: string, kind: HistoryKind, milliseconds: number): void;
  /** The server process of a package has ended without being asked to, or could not be started again. */
  crashed(name: string): void;
  /** A lease was to be renewed. */
  renewed(name: string, isDone: boolean): void;
}

/** The same coordinator; the observer is told of each renewal. */
export function observed(coordinator: Coordinator, observer: NodeObserver): Coordinator {
  return {
    node: coordinator.node,
    leaseMilliseconds: coordinator.leaseMilliseconds,
    snapshot: () => coordinator.snapshot(),
    acquire: (name) => coordinator.acquire(name),
    renew: (grant) => {
      const renewal = coordinator.renew(grant);
      renewal.then(
        () => observer.renewed(grant.package, true),
        () => observer.renewed(grant.package, false),
      );
      return renewal;
    },
    release: (grant, successor) => coordinator.release(grant, successor),
    publish: (status) => coordinator.publish(status),
    read: (key) => coordinator.read(key),
    write: (key, value, expected) => coordinator.write(key, value, expected),
    close: () => coordinator.close(),
  };
}
