import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Lab, mountImage, SERVER_IPV4 } from '../../conformance/lab/lab.ts';
import { DROP_CACHES, onMount, stage } from './stage.ts';

const MIB = 1024 * 1024;

const test = stage({
  options: ['rw', 'no_root_squash', 'crossmnt'],
  others: { alone: ['rw', 'no_root_squash'] },
  needs: ['/dev/loop-control', 'mkfs.xfs', 'mkfs.btrfs'],
  prepare: async (lab, folder) => {
    await mountImage(lab.namespace, 'ext4', join(folder, 'ext4'), 24 * MIB);
    await mountImage(lab.namespace, 'xfs', join(folder, 'xfs'), 320 * MIB);
    await mountImage(lab.namespace, 'btrfs', join(folder, 'btrfs'), 256 * MIB);
    await mountImage(lab.namespace, 'ext4', join(folder, 'frozen'), 8 * MIB);
    await inside(lab, `echo kept > '${folder}/frozen/kept'; mount -o remount,ro '${folder}/frozen'`);
    await mountImage(lab.namespace, 'ext4', join(lab.folder, 'alone/inner'), 8 * MIB);
    await inside(lab, `echo inner > '${lab.folder}/alone/inner/file'; echo x > '${folder}/xfs/on-xfs'`);
  },
});

/** What only processes in the lab see: the mounts are not the host's. */
async function inside(lab: Lab, script: string): Promise<string> {
  return (await lab.exec('sh', ['-euc', script])).stdout;
}

test('crossmnt: what is mounted below the export is reached through it, as a file system of its own', async (on) => {
  const out = await onMount(
    on.guest,
    `cat xfs/on-xfs; stat -c %d . ext4/. xfs/. btrfs/. | sort -u | wc -l; ls; df --output=size xfs ext4 | tail -2`,
  );
  const [file, devices, ...rest] = out.trim().split('\n');
  assert.equal(file, 'x');
  assert.equal(devices, '4', 'each has a device number of its own on the client');
  for (const name of ['btrfs', 'ext4', 'xfs']) assert.ok(rest.includes(name));
});

test('without crossmnt, the folder below a mount point is what it was before', async (on) => {
  assert.equal(await on.guest.must('ls /mnt/alone; ls /mnt/alone/inner'), 'inner\n');
});

for (const kind of ['ext4', 'xfs', 'btrfs']) {
  test(`${kind}: files, folders, links, renames and sparse files`, async (on) => {
    await onMount(
      on.guest,
      `cd ${kind}; mkdir -p work/a/b; cd work
       dd if=/dev/urandom of=/tmp/random bs=64k count=32 status=none
       cp /tmp/random a/file; ln a/file a/b/hard; ln -s ../file a/b/soft; mv a moved
       for n in $(seq 200); do : > moved/b/$n; done
       truncate -s 5G sparse; echo ends | dd of=sparse bs=1 seek=5368709115 conv=notrunc status=none
       touch -d @1234567890.123456789 sparse
       ${DROP_CACHES}
       cmp /tmp/random moved/b/hard; cmp /tmp/random moved/b/soft
       test moved/file -ef moved/b/hard
       test "$(ls moved/b | wc -l)" = 202
       test "$(stat -c '%s %.9Y' sparse)" = '5368709120 1234567890.123456789'
       test "$(tail -c 5 sparse)" = ends`,
    );
  });
}

test('WRITE: a full file system is told to the program that writes, and goes on when there is room again', async (on) => {
  await onMount(
    on.guest,
    `cd ext4
     (dd if=/dev/zero of=fill bs=1M count=64 conv=fsync 2>&1 || true) | grep 'No space left on device'
     ! (echo more > other && sync other) 2>/dev/null
     rm -f fill other; sync
     dd if=/dev/zero of=again bs=1M count=4 conv=fsync status=none; rm again`,
  );
});

test('CREATE, MKDIR, REMOVE, WRITE: a file system mounted read-only is met with EROFS, and can be read', async (on) => {
  const { stderr } = await on.guest.run(
    `cd /mnt/nfs/frozen; cat kept >&2; touch new; mkdir folder; rm kept; mv kept other; ln kept other; chmod 600 kept`,
  );
  assert.match(stderr, /^kept$/m);
  assert.equal(stderr.match(/Read-only file system/g)?.length, 6, stderr);
});

test('a file system mounted below is mounted by its own path too, when the export crosses', async (on) => {
  const out = await on.guest.must(
    `mkdir -p /mnt/direct; mount -t nfs -o vers=3,nolock ${SERVER_IPV4}:${on.folder}/xfs /mnt/direct
     cat /mnt/direct/on-xfs; umount /mnt/direct`,
  );
  assert.equal(out, 'x\n');
});
