import { randomUUID } from 'node:crypto';
import type { ClusterView, Coordinator, Document, Grant, Lease, NodeStatus } from './contract.ts';
import { CoordinatorLost } from './contract.ts';
import { fileNameOf } from './names.ts';
import { Observations } from './observation.ts';
import { type RunFile, SharedDocuments } from './shared-documents.ts';
import type { SharedFiles } from './shared-files.ts';
import { SharedLeases } from './shared-leases.ts';
import { decodeStatus, encodeStatus } from './shared-records.ts';
import { Slots } from './slots.ts';
import { type Deadline, patienceOf, rejectAsLost, type Timing, withDeadline } from './timing.ts';

/** Half of the threads that Node has for file work: when the folder hangs, the rest of the process goes on. */
const OPERATIONS_AT_ONCE = 2;

export interface SharedDirOptions {
  readonly files: SharedFiles;
  readonly node: string;
  readonly leaseMilliseconds: number;
  readonly timing: Timing;
}

/** Nodes agree through a folder that all of them see. How is told at {@link SharedLeases}; the layout is made by `openSharedDir`. */
export class SharedDirCoordinator implements Coordinator {
  readonly node: string;
  readonly leaseMilliseconds: number;
  private readonly files: SharedFiles;
  private readonly timing: Timing;
  private readonly slots = new Slots(OPERATIONS_AT_ONCE);
  private readonly observations: Observations;
  private readonly leases: SharedLeases;
  private readonly documents: SharedDocuments;
  private readonly incarnation = randomUUID();
  private published = 0;
  /** To write the status file: a late write must not land on a newer one. */
  private readonly turn = new Slots(1);
  private readonly statuses = new Map<string, { readonly identity: string; readonly status: unknown }>();
  private closed = false;

  constructor({ files, node, leaseMilliseconds, timing }: SharedDirOptions) {
    this.files = files;
    this.node = node;
    this.leaseMilliseconds = leaseMilliseconds;
    this.timing = timing;
    this.observations = new Observations(timing.now);
    this.leases = new SharedLeases(files, this.slots, this.observations, timing, node, leaseMilliseconds);
    this.documents = new SharedDocuments(files);
  }

  snapshot(): Promise<ClusterView> {
    return this.ask('looking at the cluster', async (deadline) => {
      const [leases, nodes] = await Promise.all([
        this.each('leases', deadline, (name) => this.leases.look(name, deadline)),
        this.each('nodes', deadline, (node) => this.statusOf(node, deadline)),
      ]);
      return {
        leases: byKey<Lease>(leases, (lease) => lease.package),
        nodes: byKey<NodeStatus>(nodes, ({ node }) => node),
      };
    });
  }

  acquire(name: string): Promise<Grant | undefined> {
    return this.ask(`acquiring ${name}`, (deadline) => this.leases.acquire(name, deadline));
  }

  async renew(grant: Grant): Promise<Grant> {
    const renewed = await this.ask(`renewing ${grant.package}`, (deadline) => this.leases.renew(grant, deadline));
    if (this.leases.needsCleaning(grant)) {
      // It may take its time, and if it fails the next holder does it.
      this.ask(`cleaning up ${grant.package}`, (deadline) => this.leases.clean(grant, deadline)).catch(() => {});
    }
    return renewed;
  }

  release(grant: Grant, successor?: string): Promise<void> {
    return this.ask(`releasing ${grant.package}`, (deadline) => this.leases.release(grant, successor, deadline));
  }

  publish(status: unknown): Promise<void> {
    return this.ask('publishing', async (deadline) => {
      const path = `nodes/${fileNameOf(this.node)}`;
      const content = encodeStatus(this.incarnation, (this.published += 1), status);
      await this.turn.enter(deadline);
      await this.slots.run(
        deadline,
        async () => (await this.files.overwrite(path, content)) || (await this.files.create(path, content)),
        () => this.turn.leave(),
      );
    });
  }

  read(key: string): Promise<Document | undefined> {
    return this.ask(`reading ${key}`, (deadline) => this.documents.read(key, this.within(deadline)));
  }

  write(key: string, value: unknown, expected: number): Promise<boolean> {
    return this.ask(`writing ${key}`, (deadline) => this.documents.write(key, value, expected, this.within(deadline)));
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private async ask<T>(what: string, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    if (this.closed) throw new CoordinatorLost(`${what}: the coordinator is closed`);
    return withDeadline(this.timing, patienceOf(this.leaseMilliseconds), what, work).catch(rejectAsLost);
  }

  private within(deadline: Deadline): RunFile {
    return (operation) => this.slots.run(deadline, operation);
  }

  private async each<T>(
    folder: string,
    deadline: Deadline,
    look: (name: string) => Promise<T | undefined>,
  ): Promise<T[]> {
    const names = await this.slots.run(deadline, () => this.files.list(folder));
    if (names === undefined) throw new CoordinatorLost(`the folder ${folder} is gone: is its storage mounted?`);
    const found = await Promise.all(names.sort().map((name) => look(decodeURIComponent(name))));
    return found.filter((item) => item !== undefined);
  }

  private async statusOf(node: string, deadline: Deadline): Promise<NodeStatus | undefined> {
    const content = await this.slots.run(deadline, () => this.files.read(`nodes/${fileNameOf(node)}`));
    const read = content && decodeStatus(content);
    if (read !== undefined) this.statuses.set(node, read);
    const last = this.statuses.get(node);
    if (last === undefined) return undefined;
    const age = this.observations.ageOf(`nodes/${node}`, last.identity);
    return { node, status: last.status, age, alive: age < this.leaseMilliseconds };
  }
}

function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [keyOf(item), item]));
}
