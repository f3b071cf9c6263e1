import type { PackageConfig } from '../../../src/ha/config.ts';
import type { MemoryCluster } from '../../../src/ha/coordinator/memory.ts';
import type { Action } from '../../../src/ha/decide/snapshot.ts';
import { PackageRunner, type Served } from '../../../src/ha/node/runner.ts';
import { FakeClock, memoryCluster, planOf, World } from './world.ts';

export const TAKE: Action = { do: 'take', kind: 'start', order: undefined };
export const release = (successor?: string): Action => ({ do: 'release', successor });

/** A runner on node `a`, and everything around it. */
export class Subject {
  readonly clock = new FakeClock();
  readonly world = new World(this.clock);
  readonly cluster: MemoryCluster = memoryCluster(this.clock);
  readonly coordinator = this.cluster.join('a');
  readonly served: Served[] = [];
  readonly runner: PackageRunner;
  maintenance = false;

  constructor(plan: PackageConfig = planOf(), fenced = false) {
    const { world, coordinator } = this;
    const { release } = coordinator;
    coordinator.release = (grant, successor) => {
      world.step(`release lease to ${successor ?? 'anybody'}`);
      return release.call(coordinator, grant, successor);
    };
    this.runner = new PackageRunner({
      plan,
      settings: {
        ...{ package: 'data', node: 'a', stateDirectory: '/srv/state', runDirectory: '/run/a', port: 2049 },
        ...{ paths: [], options: '', allow: [], exportsFile: undefined, graceSeconds: 90, setQuota: false },
        ...{ names: [], logLevel: 'info', json: true },
      },
      restarts: { count: 2, periodMilliseconds: 60_000 },
      fenced,
      coordinator,
      ports: world.ports,
      log: world.log,
      changed: () => {},
      served: (event) => this.served.push(event),
      crashed: () => {},
    });
  }

  apply(action: Action): void {
    const lease = undefined;
    this.runner.apply({ action, reason: 'because' }, { maintenance: this.maintenance, lease });
  }

  /** Takes the package, and forgets the steps of it. */
  async start(): Promise<void> {
    this.apply(TAKE);
    await this.clock.until(() => this.runner.status.phase === 'active');
    this.world.steps.length = 0;
  }

  /** Waits until the runner has come to this phase and does nothing more. */
  async until(phase: string): Promise<void> {
    await this.clock.until(() => this.runner.status.phase === phase && !this.runner.isBusy);
  }

  get leaseState() {
    return this.coordinator.snapshot().then(({ leases }) => leases.get('data')?.state);
  }
}
