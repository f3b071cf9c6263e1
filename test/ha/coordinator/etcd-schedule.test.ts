import { EtcdCoordinator } from '../../../src/ha/coordinator/etcd.ts';
import { scheduleTest } from './schedule.ts';
import { LEASE } from './suite.ts';
import { VirtualEtcd, VirtualEtcdStore } from './virtual-etcd.ts';

scheduleTest('etcd', 8, 'clocks differ', () => {
  const etcd = new VirtualEtcd();
  return (host) => {
    const store = new VirtualEtcdStore(etcd, host);
    return new EtcdCoordinator({ store, cluster: 'c', node: host.node, leaseMilliseconds: LEASE, timing: host });
  };
});
