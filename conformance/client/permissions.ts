import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { equal } from '../protocol/expect.ts';
import { as, DROP_CACHES, refused, workload, workloads } from './case.ts';

const ALICE = 1001;
const BOB = 1002;
const STAFF = 2001;
const OTHERS = 2002;

export const PERMISSIONS = workloads({ procedure: 'permissions', clause: 'RFC 1813 §4.4' }, [
  workload('owner-alone', 'a file of mode 600 is for its owner alone', async (t) => {
    await t.one.must(`mkdir -m 777 own; ${as(ALICE, [ALICE], 'umask 077; echo secret > own/file; cat own/file')}`);
    await refused(t.one, as(BOB, [BOB], 'cat own/file'), 'Permission denied');
    await refused(t.one, as(BOB, [BOB], 'echo more >> own/file'), 'Permission denied');
    await refused(t.one, as(BOB, [BOB], 'chmod 644 own/file'), 'Operation not permitted');
    await refused(t.one, as(BOB, [BOB], 'chown 1002 own/file'), 'Operation not permitted');
    equal('owner, group and mode', await t.one.must(`${DROP_CACHES} stat -c '%u %g %a' own/file`), '1001 1001 600\n');
    t.onServer((folder) => {
      const { uid, gid, mode } = lstatSync(join(folder, 'own/file'));
      equal('owner, group and mode on the server', [uid, gid, mode & 0o777], [ALICE, ALICE, 0o600]);
    });
  }),
  workload('groups', 'supplementary groups count, and only those the caller is in', async (t) => {
    await t.one.must(`mkdir team; chgrp ${STAFF} team; chmod 2770 team`);
    await t.one.must(as(ALICE, [ALICE, OTHERS, STAFF], 'echo shared > team/file; chmod 640 team/file'));
    await t.one.must(as(BOB, [BOB, STAFF], `test "$(cat team/file)" = shared`));
    await refused(t.one, as(BOB, [BOB, OTHERS], 'ls team'), 'Permission denied');
    // A set-group-ID folder hands its group down.
    equal('the group', await t.one.must('stat -c %g team/file'), `${STAFF}\n`);
    await t.one.must(as(ALICE, [ALICE, OTHERS, STAFF], `chgrp ${OTHERS} team/file`));
    await refused(t.one, as(ALICE, [ALICE, OTHERS, STAFF], 'chgrp 2003 team/file'), 'Operation not permitted');
  }),
  workload('root', 'without squashing, root on the client is root', async (t) => {
    await t.one.must(
      `mkdir -m 700 rooted; echo r > rooted/file; chown 1001:2001 rooted/file; chmod 4750 rooted/file
       ${DROP_CACHES}
       test "$(stat -c '%u %g %a' rooted/file)" = '1001 2001 4750'; cat rooted/file`,
    );
  }),
  workload('sticky', 'a sticky folder: only the owner of a file may remove or rename it', async (t) => {
    await t.one.must(`mkdir sticky; chmod 1777 sticky; ${as(ALICE, [ALICE], 'echo hers > sticky/file')}`);
    await refused(t.one, as(BOB, [BOB], 'rm -f sticky/file'), 'Operation not permitted');
    await refused(t.one, as(BOB, [BOB], 'mv sticky/file sticky/mine'), 'Operation not permitted');
    await t.one.must(as(ALICE, [ALICE], 'rm sticky/file'));
  }),
  workload('owner-override', 'the owner writes on through an open file whose mode has become read-only', async (t) => {
    await t.one.must('mkdir -m 777 override');
    await t.one.must(
      as(
        ALICE,
        [ALICE],
        'exec 5<>override/file; chmod 000 override/file; echo still >&5; exec 5>&-; chmod 400 override/file',
      ),
    );
    equal('the file', await t.one.must(`${DROP_CACHES} cat override/file`), 'still\n');
  }),
  workload('execute-only', 'a program that may be executed but not read runs', async (t) => {
    await t.one.must(`cp /bin/true program; chmod 711 program; ${DROP_CACHES}`);
    await t.one.must(as(BOB, [BOB], './program'));
    await refused(t.one, as(BOB, [BOB], 'cat program'), 'Permission denied');
  }),
  workload(
    'access',
    'who asks by ACCESS is told what the server would allow',
    { clause: 'RFC 1813 §3.3.4' },
    async (t) => {
      await t.one.must(
        `mkdir -m 777 asked; ${as(ALICE, [ALICE, STAFF], 'touch asked/f; chmod 640 asked/f')}; chgrp ${STAFF} asked/f`,
      );
      const ask = 'for right in r w x; do test -$right asked/f && printf $right; done; echo';
      equal('the rights of the owner', await t.one.must(as(ALICE, [ALICE], ask)), 'rw\n');
      equal('the rights of the group', await t.one.must(as(BOB, [BOB, STAFF], ask)), 'r\n');
      equal('the rights of others', await t.one.must(as(BOB, [BOB], ask)), '\n');
    },
  ),
]);
