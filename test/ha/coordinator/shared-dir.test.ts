import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SharedDirCoordinator } from '../../../src/ha/coordinator/shared-dir.ts';
import { openSharedDir } from '../../../src/ha/coordinator/shared-dir-open.ts';
import { FolderFiles } from '../../../src/ha/coordinator/shared-files.ts';
import { HangingFiles } from './hanging-files.ts';
import { silent } from './silent.ts';
import { coordinatorSuite, LEASE } from './suite.ts';
import { VirtualTime } from './virtual-time.ts';

coordinatorSuite('shared-dir', async () => {
  const path = mkdtempSync(join(tmpdir(), 'steadfs-shared-'));
  const time = new VirtualTime();
  const joined: HangingFiles[] = [];
  return {
    time,
    join: async (node, cluster) => {
      const options = { path, cluster, node, leaseMilliseconds: LEASE, timing: time, log: silent };
      await (await openSharedDir(options)).close();
      const files = new HangingFiles(node, new FolderFiles(join(path, cluster), `${node}.${joined.length}`));
      joined.push(files);
      return new SharedDirCoordinator({ files, node, leaseMilliseconds: LEASE, timing: time });
    },
    cutOff: (node, off) => {
      for (const files of joined) if (files.node === node) files.hang(off);
    },
    end: async () => rmSync(path, { recursive: true }),
  };
});
