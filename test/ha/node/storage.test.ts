import assert from 'node:assert/strict';
import { ChildProcess, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { HostStorage, mountedOn } from '../../../src/ha/node/storage.ts';
import { planOf } from './world.ts';

const MOUNTINFO = [
  '22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw',
  '30 22 7:0 / /srv/with\\040space rw master:2 - xfs /dev/loop0 rw',
  '31 22 7:1 / /srv/data rw - ext4 /dev/loop1 rw',
  '32 31 7:2 / /srv/data rw shared:3 shared:4 - ext4 /dev/loop2 rw',
  '',
].join('\n');

test('mountinfo (proc(5)): the last mount on exactly this path', () => {
  assert.equal(mountedOn('/srv/data', MOUNTINFO), '/dev/loop2');
  assert.equal(mountedOn('/srv/with space', MOUNTINFO), '/dev/loop0');
  assert.equal(mountedOn('/', MOUNTINFO), '/dev/vda1');
  assert.equal(mountedOn('/srv', MOUNTINFO), undefined);
});

test('a umount that waits for a disk and that nothing ends: the storage counts as mounted, and it is not tried twice', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-umount-'));
  writeFileSync(join(folder, 'umount'), '#!/bin/sh\nexec sleep 1\n', { mode: 0o755 });
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  const kill = mock.method(ChildProcess.prototype, 'kill', () => false);
  t.after(() => {
    kill.mock.restore();
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });
  const storage = new HostStorage({ mount: 100, unmount: 100 });
  const plan = planOf({ storage: { device: '/dev/sdx', path: '/proc', fsType: 'ext4', options: '' } });
  await assert.rejects(storage.unmount(plan), /umount \/proc: no end within 0\.1 s/);
  await assert.rejects(storage.unmount(plan), /"umount \/proc" waits in the kernel, and nothing ends it/);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await assert.rejects(storage.unmount(plan), /umount \/proc: no end within 0\.1 s/);
});

function missing(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  return spawnSync('sh', ['-c', 'command -v mkfs.ext4 && losetup -f']).status === 0 ? false : 'needs loop devices';
}

test('storage: mounted once, unmounted once, and errors say what is wrong', { skip: missing() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-storage-'));
  const image = join(folder, 'image');
  const path = join(folder, 'mount point');
  mkdirSync(path);
  assert.equal(spawnSync('truncate', ['--size=8M', image]).status, 0);
  assert.equal(spawnSync('mkfs.ext4', ['-q', image]).status, 0);
  const { stdout } = spawnSync('losetup', ['--find', '--show', image], { encoding: 'utf8' });
  const device = stdout.trim();
  t.after(() => {
    spawnSync('umount', [path]);
    spawnSync('losetup', ['--detach', device]);
    rmSync(folder, { recursive: true });
  });

  const storage = new HostStorage();
  const plan = planOf({ storage: { device, path, fsType: 'ext4', options: 'noatime' } });
  assert.equal(await storage.isMounted(plan), false);
  await storage.unmount(plan);
  await Promise.all([storage.mount(plan), storage.mount(plan)]);
  assert.equal(await storage.isMounted(plan), true);
  writeFileSync(join(path, 'file'), '');
  const other = planOf({ storage: { device: '/dev/null', path, fsType: 'ext4', options: '' } });
  await assert.rejects(storage.mount(other), /is mounted on .*mount point, where \/dev\/null is to be/);

  const open = openSync(join(path, 'file'), 'r');
  await assert.rejects(storage.unmount(plan), /umount .*: .*busy/);
  closeSync(open);
  await storage.unmount(plan);
  assert.equal(existsSync(join(path, 'file')), false);

  const uuid = spawnSync('blkid', ['-o', 'value', '-s', 'UUID', image], { encoding: 'utf8' }).stdout.trim();
  const tagged = planOf({ storage: { device: `UUID=${uuid}`, path, fsType: 'ext4', options: '' } });
  await storage.mount(tagged);
  await storage.mount(tagged);
  await storage.unmount(tagged);

  const wrong = planOf({ storage: { device: image, path, fsType: 'xfs', options: '' } });
  await assert.rejects(storage.mount(wrong), /^CommandFailed: mount -t xfs .*: .+/);
});
