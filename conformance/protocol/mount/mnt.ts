import { linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, NotApplicable, ok } from '../expect.ts';
import { attributesOf, BOB, newFile, newFolder, newLink } from '../nfs3/tools.ts';
import { NFS2 } from '../programs/nfs2.ts';
import {
  exportPath,
  hasOutside,
  isNotMounted,
  isObject,
  isRefused,
  mnt,
  mountCases,
  mounted,
  NOTHING_THERE,
  type Version,
} from './tools.ts';

const LONGEST_NAME = 255;
const LONGEST_PATH = 1024;

/** The folder that a handle of this version names has the fileid that NFSv3 tells for `truth`. */
async function names(t: Context, { number }: Version, handle: Buffer, truth: Buffer): Promise<void> {
  if (number === 3) return isObject(t, handle, truth);
  const missing = await t.target.missing(NFS2);
  if (missing !== undefined) throw new NotApplicable(missing);
  const { attributes } = ok(await (await t.client(NFS2)).GETATTR(handle));
  const { fileid } = await attributesOf(t.nfs, truth);
  equal('type', attributes.type, 'NFDIR');
  // NFSv2 has 32 bits for it.
  equal('fileid', attributes.fileid, Number(fileid & 0xffff_ffffn));
}

/** What a longer path to a folder gives: its handle or an error, but never another's. */
async function isSameOrRefused(t: Context, version: Version, path: string, truth: Buffer): Promise<void> {
  const { handle } = await mnt(t, version, path);
  if (handle !== undefined) await names(t, version, handle, truth);
}

/** MNT: a path becomes the handle to begin with. */
export const mntCases = (version: Version) =>
  mountCases(version, 'MNT', '1', [
    must('export', "the export's path: the handle of a directory", async (t) => {
      await names(t, version, await mounted(t, version, t.target.options.path), t.root);
    }),
    must('handle-size', 'the handle has 1 to 64 bytes; 32 before version 3', async (t) => {
      const { length } = await mounted(t, version, t.target.options.path);
      const [least, most] = version.number === 3 ? [1, 64] : [32, 32];
      check(least <= length && length <= most, `${least} to ${most} bytes`, `${length}`);
    }),
    must('same-again', 'mounted twice: one handle', async (t) => {
      const { path } = t.target.options;
      equal('handle', await mounted(t, version, path), await mounted(t, version, path));
    }),
    must('udp', 'by UDP: the same handle', { needs: ['udp'] }, async (t) => {
      const { path } = t.target.options;
      equal('handle', await mounted(t, version, path, { kind: 'udp' }), await mounted(t, version, path));
    }),
    must('ipv6', 'by IPv6: the same handle', { needs: ['ipv6'] }, async (t) => {
      const { path } = t.target.options;
      equal('handle', await mounted(t, version, path, { family: 6 }), await mounted(t, version, path));
    }),
    must('all-at-once', 'many mounts at once: one handle', async (t) => {
      const { path } = t.target.options;
      const truth = await mounted(t, version, path);
      const handles = await Promise.all(Array.from({ length: 10 }, () => mounted(t, version, path)));
      for (const handle of handles) equal('handle', handle, truth);
    }),
    must('second-export', 'another export: another directory', { needs: ['second-export'] }, async (t) => {
      const second = await mounted(t, version, t.target.options.secondPath ?? '');
      check(!second.equals(await mounted(t, version, t.target.options.path)), 'another handle', 'the same');
      await names(t, version, second, await t.secondRoot());
    }),
    linux('ordinary-user', 'any user may ask for the handle', { clause: 'mount.nfs(8)' }, async (t) => {
      await mounted(t, version, t.target.options.path, { user: BOB });
    }),
    linux('below', 'a directory below the export', { clause: 'exports(5): subtree_check' }, async (t) => {
      await newFolder(t, 'below');
      const { object } = ok(await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: 'below' } }));
      await names(t, version, await mounted(t, version, `${await t.folderPath()}/below`), object);
    }),
    linux('trailing-slash', 'slashes at the end do not matter', { clause: 'path_resolution(7)' }, async (t) => {
      const path = await t.folderPath();
      for (const each of [`${path}/`, `${path}//`]) {
        await names(t, version, await mounted(t, version, each), await t.folder());
      }
    }),
    linux('doubled-slashes', 'doubled slashes do not matter', { clause: 'path_resolution(7)' }, async (t) => {
      const path = (await t.folderPath()).replaceAll('/', '//');
      await names(t, version, await mounted(t, version, path), await t.folder());
    }),
    must('dot-inside', '"." and ".." that stay inside: the directory meant, or an error', async (t) => {
      await newFolder(t, 'sub');
      const path = await t.folderPath();
      for (const each of [`${path}/.`, `${path}/sub/..`, `${path}/./sub/../.`]) {
        await isSameOrRefused(t, version, each, await t.folder());
      }
    }),
    must('missing', 'a name below the export that is not there: MNT3ERR_NOENT', async (t) => {
      await isRefused(t, version, `${await t.folderPath()}/nobody`);
      await isRefused(t, version, `${await t.folderPath()}/nobody/below`);
    }),
    must('not-exported', 'a directory that is not exported: MNT3ERR_ACCES or MNT3ERR_NOENT', async (t) => {
      hasOutside(t);
      for (const path of ['/proc', '/sys', '/dev', '/etc']) await isRefused(t, version, path);
    }),
    must('above', "the export's parent, and the root: MNT3ERR_ACCES or MNT3ERR_NOENT", async (t) => {
      hasOutside(t);
      const parent = exportPath(t).replace(/\/[^/]*$/, '');
      for (const path of new Set([parent === '' ? '/' : parent, '/'])) {
        if (path !== t.target.options.secondPath) await isRefused(t, version, path);
      }
    }),
    must('same-beginning', "a path that goes on where the export's name ends: not this export", async (t) => {
      hasOutside(t);
      const path = exportPath(t);
      for (const each of [`${path}x`, `${path}-2/x`, path.slice(0, -1)]) await isNotMounted(t, version, each);
    }),
    must('dot-dot-out', 'a path that leads out by "..": an error', async (t) => {
      hasOutside(t);
      const [path, folder] = [exportPath(t), await t.folderPath()];
      const up = '/..'.repeat(40);
      for (const each of [
        `${path}/..`,
        `${path}${up}`,
        `${path}${up}/etc`,
        `${folder}${up}/etc`,
        `${path}/../../proc`,
      ]) {
        await isNotMounted(t, version, each);
      }
    }),
    must('symlink-out', 'a path that leads out by a symbolic link: an error', async (t) => {
      hasOutside(t);
      await newLink(t, 'etc', '/etc');
      await newLink(t, 'up', `${'../'.repeat(40)}etc`);
      const path = await t.folderPath();
      for (const each of [`${path}/etc`, `${path}/up`, `${path}/etc/ssl`]) await isNotMounted(t, version, each);
    }),
    must(
      'symlink-inside',
      'a path by a symbolic link that stays inside: the directory meant, or an error',
      async (t) => {
        const inside = await newFolder(t, 'inside');
        await newLink(t, 'link', 'inside');
        await isSameOrRefused(t, version, `${await t.folderPath()}/link`, inside);
      },
    ),
    should('file', 'a file: MNT3ERR_NOTDIR', async (t) => {
      await newFile(t);
      await isRefused(t, version, `${await t.folderPath()}/file`, ['MNT3ERR_NOTDIR']);
    }),
    must('below-a-file', 'a path that goes on below a file: MNT3ERR_NOTDIR or as if it were missing', async (t) => {
      await newFile(t);
      await isRefused(t, version, `${await t.folderPath()}/file/below`, ['MNT3ERR_NOTDIR', ...NOTHING_THERE]);
    }),
    must('empty', 'the empty path, and relative ones: an error', async (t) => {
      hasOutside(t);
      for (const path of ['', '.', '..', exportPath(t).slice(1), 'etc']) await isNotMounted(t, version, path);
    }),
    must('long-name', 'a name longer than there can be: an error, and no other directory', async (t) => {
      await isRefused(t, version, `${await t.folderPath()}/${'n'.repeat(LONGEST_NAME + 1)}`, [
        'MNT3ERR_NAMETOOLONG',
        'MNT3ERR_INVAL',
        ...NOTHING_THERE,
      ]);
    }),
    must('long-path', 'a path of MNTPATHLEN bytes is answered', { clause: 'RFC 1813 §5.1.3' }, async (t) => {
      const path = (await t.folderPath()).padEnd(LONGEST_PATH, '/n');
      await isNotMounted(t, version, path);
    }),
    should('nul', 'a path with a NUL byte is no shorter path', { clause: 'RFC 4506 §4.11' }, async (t) => {
      await isNotMounted(t, version, `${t.target.options.path}\0suffix`);
    }),
    must('any-bytes', 'a path of bytes that are no text: an error', async (t) => {
      const path = await t.folderPath();
      for (const each of ['\xff\xfe', '%n%s', '$(id)', '`id`', '*', '\n'])
        await isNotMounted(t, version, `${path}/${each}`);
    }),
  ]);
