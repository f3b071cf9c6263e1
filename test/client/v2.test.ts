import assert from 'node:assert/strict';
import { join } from 'node:path';
import { mountedBy } from '../../conformance/client/lab.ts';
import { version2Mount } from '../../conformance/client/mount-command.ts';
import type { Mounted } from '../../conformance/client/runner.ts';
import { VERSION2 } from '../../conformance/client/version2.ts';
import { mountImage, SERVER_IPV4 } from '../../conformance/lab/lab.ts';
import { type Stage, type StageTest, stage, workloadTests } from './stage.ts';

const MIB = 1024 * 1024;
const KINDS = ['ext4', 'xfs', 'btrfs'] as const;
type Kind = (typeof KINDS)[number];

const test = stage({
  options: ['rw', 'no_root_squash', 'crossmnt'],
  needs: ['/dev/loop-control', 'mkfs.xfs', 'mkfs.btrfs', 'perl'],
  prepare: async (lab, folder) => {
    for (const kind of KINDS) await mountImage(lab.namespace, kind, join(folder, kind), 400 * MIB);
  },
});

/** The file system of a kind, mounted by version 2. What lies there is seen inside the lab only. */
async function mounted({ guest, folder }: Stage, kind: Kind): Promise<Mounted> {
  const at = `/mnt/v2-${kind}`;
  const mount = version2Mount(SERVER_IPV4, join(folder, kind));
  await guest.must(`mountpoint -q ${at} || { mkdir -p ${at}; ${mount} ${at}; }`);
  return { ...mountedBy([guest], at, folder), served: undefined };
}

for (const kind of KINDS) {
  const onKind: StageTest = (name, work) => test(`NFSv2 on ${kind}: ${name}`, work);
  workloadTests(onKind, VERSION2, (on) => mounted(on, kind));

  test(`NFSv2 on ${kind}: df tells the space that the server has`, async (on) => {
    const { at } = await mounted(on, kind);
    const ask = "stat -f -c '%b %S' .";
    const numbers = (out: string) => out.trim().split(' ').map(Number);
    const [blocks = 0, size = 0] = numbers(await on.guest.must(`cd ${at}; ${ask}`));
    const stored = await on.lab.exec('bash', ['-euc', ask], { cwd: join(on.folder, kind) });
    const [storedBlocks = 0, storedSize = 0] = numbers(stored.stdout);
    // The client counts in blocks of its own.
    assert.ok(Math.abs(blocks * size - storedBlocks * storedSize) < size);
  });
}
