import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { as, DROP_CACHES, onMount, type Stage, stage } from './stage.ts';

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
const BOB = 1002;
const STAFF = 2001;
const OTHERS = 2002;

/** Runs a script that must fail with this error, whatever else it says. */
async function refused(on: Stage, script: string, error: RegExp): Promise<void> {
  const { code, stderr } = await on.guest.run(`cd /mnt/nfs\n${script}`);
  assert.match(stderr, error);
  assert.notEqual(code, 0);
}

test('a file of mode 600 is for its owner alone', async (on) => {
  await onMount(on.guest, `mkdir -m 777 own; ${as(ALICE, [ALICE], 'umask 077; echo secret > own/file; cat own/file')}`);
  await refused(on, as(BOB, [BOB], 'cat own/file'), /Permission denied/);
  await refused(on, as(BOB, [BOB], 'echo more >> own/file'), /Permission denied/);
  await refused(on, as(BOB, [BOB], 'chmod 644 own/file'), /Operation not permitted/);
  await refused(on, as(BOB, [BOB], 'chown 1002 own/file'), /Operation not permitted/);
  const { uid, gid, mode } = lstatSync(join(on.folder, 'own/file'));
  assert.deepEqual([uid, gid, mode & 0o777], [ALICE, ALICE, 0o600]);
});

test('supplementary groups count, and only those the caller is in', async (on) => {
  await onMount(on.guest, `mkdir team; chgrp ${STAFF} team; chmod 2770 team`);
  await onMount(on.guest, as(ALICE, [ALICE, OTHERS, STAFF], 'echo shared > team/file; chmod 640 team/file'));
  await onMount(on.guest, as(BOB, [BOB, STAFF], `test "$(cat team/file)" = shared`));
  await refused(on, as(BOB, [BOB, OTHERS], 'ls team'), /Permission denied/);
  assert.equal(lstatSync(join(on.folder, 'team/file')).gid, STAFF, 'a set-group-ID folder hands its group down');
  await onMount(on.guest, as(ALICE, [ALICE, OTHERS, STAFF], `chgrp ${OTHERS} team/file`));
  await refused(on, as(ALICE, [ALICE, OTHERS, STAFF], 'chgrp 2003 team/file'), /Operation not permitted/);
});

test('no_root_squash: root on the client is root', async (on) => {
  await onMount(
    on.guest,
    `mkdir -m 700 rooted; echo r > rooted/file; chown 1001:2001 rooted/file; chmod 4750 rooted/file
     ${DROP_CACHES}
     test "$(stat -c '%u %g %a' rooted/file)" = '1001 2001 4750'; cat rooted/file`,
  );
});

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

test('a sticky folder: only the owner of a file may remove or rename it', async (on) => {
  await onMount(on.guest, `mkdir sticky; chmod 1777 sticky; ${as(ALICE, [ALICE], 'echo hers > sticky/file')}`);
  await refused(on, as(BOB, [BOB], 'rm -f sticky/file'), /Operation not permitted/);
  await refused(on, as(BOB, [BOB], 'mv sticky/file sticky/mine'), /Operation not permitted/);
  await onMount(on.guest, as(ALICE, [ALICE], 'rm sticky/file'));
});

test('the owner writes on through an open file whose mode has become read-only (RFC 1813 §4.4)', async (on) => {
  await onMount(on.guest, 'mkdir -m 777 override');
  await onMount(
    on.guest,
    as(
      ALICE,
      [ALICE],
      `exec 5<>override/file; chmod 000 override/file; echo still >&5; exec 5>&-; chmod 400 override/file`,
    ),
  );
  assert.equal(readFileSync(join(on.folder, 'override/file'), 'utf8'), 'still\n');
});

test('a program that may be executed but not read runs (RFC 1813 §4.4)', async (on) => {
  await onMount(on.guest, `cp /bin/true program; chmod 711 program; ${DROP_CACHES}`);
  await onMount(on.guest, as(BOB, [BOB], './program'));
  await refused(on, as(BOB, [BOB], 'cat program'), /Permission denied/);
});

test('who asks by ACCESS is told what the server would allow', async (on) => {
  await onMount(
    on.guest,
    `mkdir -m 777 asked; ${as(ALICE, [ALICE, STAFF], 'touch asked/f; chmod 640 asked/f')}; chgrp ${STAFF} asked/f`,
  );
  const ask = 'for right in r w x; do test -$right asked/f && printf $right; done; echo';
  assert.equal(await onMount(on.guest, as(ALICE, [ALICE], ask)), 'rw\n');
  assert.equal(await onMount(on.guest, as(BOB, [BOB, STAFF], ask)), 'r\n');
  assert.equal(await onMount(on.guest, as(BOB, [BOB], ask)), '\n');
});
