import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { as, DROP_CACHES, onMount, stage } from './stage.ts';

const test = stage({ needs: ['setfacl'] });

const onServer = (path: string) => execFileSync('getfacl', ['-pcE', path], { encoding: 'utf8' }).trim().split('\n');
/** Reads or searches as a user who is neither owner nor in the group. */
const stranger = (uid: number, script: string) => as(uid, [uid], script);
/** The same, refused: prints why. */
const refused = (uid: number, script: string) => `(${stranger(uid, script)} 2>&1 || true) | sed 's/.*: //'`;

test('SETACL, GETACL: what setfacl sets, getfacl and the server show, and removed it is gone', async (on) => {
  const out = await onMount(
    on.guest,
    `echo text > file; chmod 640 file
     setfacl -m u:4001:rw,g:4002:r,m::rw file
     ${DROP_CACHES}
     getfacl -pcE file
     setfacl -x u:4001 file
     ${DROP_CACHES}
     getfacl -pcE file
     setfacl -b file
     ${DROP_CACHES}
     getfacl -pcE file; stat -c %A file`,
  );
  const [full, less, none] = out.trim().split('\n\n');
  assert.deepEqual(full?.split('\n'), [
    'user::rw-',
    'user:4001:rw-',
    'group::r--',
    'group:4002:r--',
    'mask::rw-',
    'other::---',
  ]);
  assert.deepEqual(less?.split('\n'), ['user::rw-', 'group::r--', 'group:4002:r--', 'mask::r--', 'other::---']);
  assert.deepEqual(none?.split('\n'), ['user::rw-', 'group::r--', 'other::---']);
  assert.deepEqual(onServer(join(on.folder, 'file')), ['user::rw-', 'group::r--', 'other::---']);
});

test('GETACL of files without an ACL: what their modes say', async (on) => {
  const out = await onMount(
    on.guest,
    `mkdir plain; echo > plain/file; chmod 751 plain; chmod 604 plain/file
     getfacl -pcE plain; getfacl -pcE plain/file; ls -ld plain | cut -c11`,
  );
  const [directory, file, marker] = out.split('\n\n');
  assert.deepEqual(directory?.trim().split('\n'), ['user::rwx', 'group::r-x', 'other::--x']);
  assert.deepEqual(file?.trim().split('\n'), ['user::rw-', 'group::---', 'other::r--']);
  assert.notEqual(marker?.trim(), '+');
});

test('ACLs set on the server are seen by the client, and are enforced for it', async (on) => {
  await onMount(on.guest, `echo secret > guarded; chmod 600 guarded; chmod 755 .`);
  execFileSync('setfacl', ['-m', 'u:4001:r', join(on.folder, 'guarded')]);
  const out = await onMount(
    on.guest,
    `${DROP_CACHES}
     sleep 1.1
     getfacl -pcE guarded | grep 4001
     ${stranger(4001, 'cat guarded')}
     ${refused(4001, 'echo more >> guarded')}
     ${refused(4002, 'cat guarded')}`,
  );
  assert.deepEqual(out.trim().split('\n'), ['user:4001:r--', 'secret', 'Permission denied', 'Permission denied']);
});

test('SETACL by who does not own the file: EPERM, and nothing changes', async (on) => {
  const out = await onMount(
    on.guest,
    `echo > owned; chmod 666 owned
     ${refused(4001, 'setfacl -m u:4001:rwx owned')}
     getfacl -pcE owned`,
  );
  assert.deepEqual(out.trim().split('\n'), ['Operation not permitted', 'user::rw-', 'group::rw-', 'other::rw-']);
});

test('A default ACL is given to files and folders made below, and taken away again', async (on) => {
  const out = await onMount(
    on.guest,
    `mkdir heirs; setfacl -d -m u::rwx,g::rx,o::-,u:4001:rwx,m::rwx heirs
     umask 022; echo > heirs/file; mkdir heirs/folder
     ${DROP_CACHES}
     getfacl -pcE heirs/file; getfacl -pcE heirs/folder
     setfacl -k heirs
     ${DROP_CACHES}
     getfacl -pcE heirs | grep -c default || true
     echo > heirs/later; getfacl -pcE heirs/later`,
  );
  const [file, folder, later] = out.trim().split('\n\n');
  assert.deepEqual(file?.split('\n'), ['user::rw-', 'user:4001:rwx', 'group::r-x', 'mask::rw-', 'other::---']);
  assert.deepEqual(folder?.split('\n').slice(0, 5), [
    'user::rwx',
    'user:4001:rwx',
    'group::r-x',
    'mask::rwx',
    'other::---',
  ]);
  assert.ok(folder?.includes('default:user:4001:rwx'));
  assert.deepEqual(later?.split('\n'), ['0', 'user::rw-', 'group::r--', 'other::r--']);
  assert.deepEqual(onServer(join(on.folder, 'heirs', 'file')), file?.split('\n'));
});

test('chmod of a file with an ACL sets its mask, not its group’s entry', async (on) => {
  const out = await onMount(
    on.guest,
    `echo > masked; chmod 660 masked; setfacl -m u:4001:rw masked
     chmod 640 masked
     ${DROP_CACHES}
     getfacl -pcE masked
     stat -c %a masked`,
  );
  assert.deepEqual(out.trim().split('\n'), [
    ...['user::rw-', 'user:4001:rw-', 'group::rw-', 'mask::r--', 'other::---'],
    ...['', '640'],
  ]);
  assert.equal(statSync(join(on.folder, 'masked')).mode & 0o777, 0o640);
});

test('Copies keep ACLs: cp -a, and getfacl --restore', async (on) => {
  const out = await onMount(
    on.guest,
    `mkdir tree; echo > tree/file; setfacl -m u:4001:r,g:4002:rw tree/file; setfacl -d -m g:4002:rx tree
     cp -a tree copy
     getfacl -R tree > /tmp/acls; setfacl -R -b tree; setfacl --restore=/tmp/acls
     ${DROP_CACHES}
     for at in tree copy; do (cd $at; getfacl -R . | md5sum); done`,
  );
  const [tree, copy] = out.trim().split('\n');
  assert.equal(copy, tree);
});

test('An ACL of 200 users goes there and back', async (on) => {
  const out = await onMount(
    on.guest,
    `echo > many; setfacl -m "$(for i in $(seq 5000 5199); do printf 'u:%d:r,' $i; done)m::r" many
     ${DROP_CACHES}
     getfacl -pcE many | grep -c ^user:5`,
  );
  assert.equal(out.trim(), '200');
  assert.equal(onServer(join(on.folder, 'many')).filter((line) => line.startsWith('user:5')).length, 200);
});
