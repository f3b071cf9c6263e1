import { linux, must } from '../case.ts';
import { check, equal, NotApplicable } from '../expect.ts';
import { MOUNT1, MOUNT2 } from '../programs/mount.ts';
import { callMessage, exchange, NO_AUTH } from '../rpc/client.ts';
import { RpcRefused, refusalOf } from '../rpc/failures.ts';
import { exportPath, listing, mountCases, type Version } from './tools.ts';

const EXPORT = 5;

/** EXPORT: what can be mounted, and by whom. */
export const exportCases = (version: Version) =>
  mountCases(version, 'EXPORT', '5', [
    must('lists', 'lists the export', async (t) => {
      const dirs = (await (await listing(t, version)).EXPORT()).map(({ ex_dir }) => ex_dir.replace(/\/+$/, ''));
      const path = exportPath(t);
      const isListed = dirs.some((dir) => path === dir || path.startsWith(`${dir}/`));
      check(isListed, `${path}, or a directory above it`, dirs.join(', ') || 'nothing');
    }),
    must('lists-second', 'lists the second export', { needs: ['second-export'] }, async (t) => {
      const dirs = (await (await listing(t, version)).EXPORT()).map(({ ex_dir }) => ex_dir);
      const second = t.target.options.secondPath ?? '';
      check(
        dirs.some((dir) => second === dir || second.startsWith(`${dir}/`)),
        second,
        dirs.join(', '),
      );
    }),
    must('paths', 'every path is absolute, and is listed once', async (t) => {
      const dirs = (await (await listing(t, version)).EXPORT()).map(({ ex_dir }) => ex_dir);
      for (const dir of dirs) check(dir.startsWith('/'), 'an absolute path', dir);
      equal('paths', dirs, [...new Set(dirs)]);
    }),
    must('groups', 'no group is an empty name', async (t) => {
      for (const { ex_dir, ex_groups } of await (await listing(t, version)).EXPORT()) {
        check(!ex_groups.includes(''), `names for ${ex_dir}`, ex_groups.join(', '));
      }
    }),
    must('udp', 'the same by UDP', { needs: ['udp'] }, async (t) => {
      const list = async (kind: 'tcp' | 'udp') => (await listing(t, version, { kind })).EXPORT();
      equal('exports', await list('udp'), await list('tcp'));
    }),
    linux(
      'no-credential',
      'needs no credential, for showmount and automounters',
      { clause: 'showmount(8)' },
      async (t) => {
        const { program: prog, version: vers } = version.program;
        const message = callMessage({ prog, vers, proc: EXPORT, cred: NO_AUTH });
        const { body } = await exchange(await t.tcp(version.program, { privileged: false }), message);
        equal('the answer', refusalOf(body), 'SUCCESS');
      },
    ),
  ]);

const NOT_IN_AN_RFC = 'mount.x of SunOS and Linux';

/** EXPORTALL, which the versions before 3 have without any RFC's telling. */
export const exportAllCases = (version: Version) =>
  mountCases(version, 'EXPORTALL', '', [
    linux('as-export', 'tells what EXPORT tells', { clause: NOT_IN_AN_RFC }, async (t) => {
      const mount = await t.client(version.number === 1 ? MOUNT1 : MOUNT2);
      const all = await mount.EXPORTALL().catch((error) => {
        if (error instanceof RpcRefused && refusalOf(error.body) === 'PROC_UNAVAIL') {
          throw new NotApplicable('the server leaves EXPORTALL out (PROC_UNAVAIL)');
        }
        throw error;
      });
      equal('exports', all, await mount.EXPORT());
    }),
  ]);
