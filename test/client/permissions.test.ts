import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSIONS } from '../../conformance/client/permissions.ts';
import { as, onMount, type Stage, stage, workloadTests } from './stage.ts';

const test = stage({
  others: {
    squashed: ['rw'],
    readonly: ['ro', 'no_root_squash'],
    everyone: ['rw', 'all_squash', 'anonuid=1500', 'anongid=1600'],
  },
  prepare: async (lab) => {
    for (const name of ['squashed', 'everyone']) chmodSync(join(lab.folder, name), 0o777);
    writeFileSync(join(lab.folder, 'readonly/file'), 'to be read\n');
  },
});

const ALICE = 1001;
const STAFF = 2001;

workloadTests(test, PERMISSIONS);

/** Runs a script that must fail with this error, whatever else it says. */
async function refused(on: Stage, script: string, error: RegExp): Promise<void> {
  const { code, stderr } = await on.guest.run(`cd /mnt/nfs\n${script}`);
  assert.match(stderr, error);
  assert.notEqual(code, 0);
}

test('root_squash: root on the client is nobody', async (on) => {
  const folder = join(on.lab.folder, 'squashed');
  mkdirSync(join(folder, 'private'), { mode: 0o700 });
  await onMount(on.guest, 'echo by nobody > /mnt/squashed/file');
  const { uid, gid } = lstatSync(join(folder, 'file'));
  assert.deepEqual([uid, gid], [65534, 65534]);
  await refused(on, 'ls /mnt/squashed/private', /Permission denied/);
  await refused(on, 'chown 1001 /mnt/squashed/file', /Operation not permitted/);
  await onMount(on.guest, as(ALICE, [ALICE], 'echo by alice > /mnt/squashed/hers'));
  assert.equal(lstatSync(join(folder, 'hers')).uid, ALICE, 'others stay who they are');
});

test('all_squash, anonuid, anongid: everybody is the one named', async (on) => {
  await onMount(on.guest, as(ALICE, [ALICE, STAFF], 'echo who > /mnt/everyone/file'));
  const { uid, gid } = lstatSync(join(on.lab.folder, 'everyone/file'));
  assert.deepEqual([uid, gid], [1500, 1600]);
});

test('a read-only export is read, and no change is made', async (on) => {
  assert.equal(await onMount(on.guest, 'cat /mnt/readonly/file'), 'to be read\n');
  for (const change of ['touch new', 'rm file', 'mkdir d', 'ln -s a b', 'chmod 600 file', 'mv file other']) {
    await refused(on, `cd /mnt/readonly; ${change}`, /Read-only file system/);
  }
  // The client asks by ACCESS before it opens, and is told that it may not write.
  await refused(on, 'echo x >> /mnt/readonly/file', /Permission denied/);
  assert.equal(readFileSync(join(on.lab.folder, 'readonly/file'), 'utf8'), 'to be read\n');
});
