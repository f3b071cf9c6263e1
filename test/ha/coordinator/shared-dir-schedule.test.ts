import { SharedDirCoordinator } from '../../../src/ha/coordinator/shared-dir.ts';
import { scheduleTest } from './schedule.ts';
import { LEASE } from './suite.ts';
import { VirtualDisk, VirtualFiles } from './virtual-files.ts';

scheduleTest('shared-dir', 8, 'clocks differ', () => {
  const disk = new VirtualDisk();
  return (host) => {
    const files = new VirtualFiles(disk, host);
    return new SharedDirCoordinator({ files, node: host.node, leaseMilliseconds: LEASE, timing: host });
  };
});
