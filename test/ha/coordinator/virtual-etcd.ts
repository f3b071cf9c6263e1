import type { Committed, EtcdStore, KeyValue, Transaction } from '../../../src/ha/coordinator/etcd-store.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** etcd's transactions in memory. */
export class VirtualEtcd {
  private readonly keys = new Map<string, KeyValue>();
  private revision = 1;

  commit({ when, put, get }: Transaction): Committed {
    const succeeded = when.every(([key, revision]) => (this.keys.get(key)?.revision ?? 0) === revision);
    if (succeeded && put.length > 0) {
      this.revision += 1;
      for (const [key, value] of put) this.keys.set(key, { key, value, revision: this.revision });
    }
    const matching = (wanted: string) => (key: KeyValue) =>
      wanted.endsWith('/') ? key.key.startsWith(wanted) : key.key === wanted;
    const found = get.map((wanted) => [...this.keys.values()].filter(matching(wanted)));
    return { succeeded, revision: this.revision, found };
  }
}

/** A host's way there: transactions are late at times, and at times carried out twice, the second time late. */
export class VirtualEtcdStore implements EtcdStore {
  private readonly etcd: VirtualEtcd;
  private readonly host: SimulatedHost;

  constructor(etcd: VirtualEtcd, host: SimulatedHost) {
    this.etcd = etcd;
    this.host = host;
  }

  commit(transaction: Transaction): Promise<Committed> {
    const once = () => this.host.ask(() => this.etcd.commit(transaction));
    const first = once();
    return this.host.random() < 0.1 ? once() : first;
  }

  async compact(): Promise<void> {}

  close(): void {}
}
