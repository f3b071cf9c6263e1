import { linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, NotApplicable } from '../expect.ts';
import { newFolder } from '../nfs3/tools.ts';
import { listing, mnt, mountCases, mounted, VERSIONS, type Version } from './tools.ts';

/** How often DUMP lists a path. */
async function lines(t: Context, version: Version, path: string): Promise<number> {
  const list = await (await listing(t, version)).DUMP();
  return list.filter(({ ml_directory }) => ml_directory === path).length;
}

/** Mounts a folder of the case's own, so that nobody else has it in the table. */
async function mountOwn(t: Context, version: Version, name: string): Promise<string> {
  await newFolder(t, name);
  const path = `${await t.folderPath()}/${name}`;
  const { status } = await mnt(t, version, path);
  if (status !== 'MNT3_OK') throw new NotApplicable(`directories below the export cannot be mounted: ${status}`);
  return path;
}

/** The same where the server has to keep a table, for the case to see anything. */
async function mountListed(t: Context, version: Version, name: string): Promise<string> {
  const path = await mountOwn(t, version, name);
  if ((await lines(t, version, path)) === 0) throw new NotApplicable('the server keeps no table of mounts');
  return path;
}

async function forget(t: Context, version: Version, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) await (await listing(t, version)).UMNT(path);
}

const ALONE = { alone: true } as const;

/** The table of who has mounted what: MNT adds a line, UMNT and UMNTALL take lines away, DUMP tells them. */
export const tableCases = (version: Version) => [
  ...mountCases(version, 'DUMP', '2', [
    should('mount-is-listed', 'what was mounted is listed, once', ALONE, async (t) => {
      const path = await mountOwn(t, version, 'listed');
      await mnt(t, version, path);
      const count = await lines(t, version, path);
      await forget(t, version, path);
      equal('lines', count, 1);
    }),
    must('refused-is-not-listed', 'what could not be mounted is not listed', ALONE, async (t) => {
      const path = `${await t.folderPath()}/nobody`;
      const { status } = await mnt(t, version, path);
      check(status !== 'MNT3_OK', 'an error', status);
      equal('lines', await lines(t, version, path), 0);
    }),
    must('host-named', 'each line has a host and a path', async (t) => {
      for (const { ml_hostname, ml_directory } of await (await listing(t, version)).DUMP()) {
        check(ml_hostname !== '' && ml_directory !== '', 'a host and a path', `${ml_hostname}:${ml_directory}`);
      }
    }),
    must('one-table', 'every version tells the same table', ALONE, async (t) => {
      const path = await mountListed(t, version, 'shared');
      const told: (readonly [string, number])[] = [];
      for (const other of VERSIONS) {
        if ((await t.target.missing(other.program)) !== undefined) continue;
        told.push([other.program.name, await lines(t, other, path)]);
      }
      await forget(t, version, path);
      for (const [name, count] of told) equal(`lines by ${name}`, count, 1);
    }),
    must('udp', 'the same by UDP', { needs: ['udp'], alone: true }, async (t) => {
      const dump = async (kind: 'tcp' | 'udp') =>
        (await (await listing(t, version, { kind })).DUMP()).map((line) => ({ ...line }));
      equal('table', await dump('udp'), await dump('tcp'));
    }),
    linux(
      'unprivileged-port',
      'from an ordinary port, for showmount',
      { needs: ['privileged'], clause: 'showmount(8)' },
      async (t) => {
        await (await listing(t, version, { privileged: false })).DUMP();
      },
    ),
  ]),
  ...mountCases(version, 'UMNT', '3', [
    must('takes-the-line', 'takes its line away, and no other', ALONE, async (t) => {
      const [going, staying] = [await mountListed(t, version, 'going'), await mountListed(t, version, 'staying')];
      await forget(t, version, going);
      const counts = [await lines(t, version, going), await lines(t, version, staying)];
      await forget(t, version, staying);
      equal('lines of both', counts, [0, 1]);
    }),
    must('never-mounted', 'a path that was never mounted: nothing happens', ALONE, async (t) => {
      const path = await mountOwn(t, version, 'kept');
      const before = await lines(t, version, path);
      await forget(t, version, `${path}/other`, '/nobody', '');
      const after = await lines(t, version, path);
      await forget(t, version, path);
      equal('lines', after, before);
    }),
    must('twice', 'twice: nothing happens the second time', ALONE, async (t) => {
      const path = await mountOwn(t, version, 'twice');
      await forget(t, version, path, path);
      equal('lines', await lines(t, version, path), 0);
    }),
    must('handle-stays', 'the handle works on: a server may not rely on the table', ALONE, async (t) => {
      const { path } = t.target.options;
      await mounted(t, version, path);
      await forget(t, version, path);
      equal('GETATTR', (await t.nfs.GETATTR({ object: t.root })).status, 'NFS3_OK');
    }),
    must('udp', 'by UDP, as umount sends it', { needs: ['udp'], alone: true }, async (t) => {
      const path = await mountOwn(t, version, 'by-udp');
      await (await listing(t, version, { kind: 'udp' })).UMNT(path);
      equal('lines', await lines(t, version, path), 0);
    }),
  ]),
  ...mountCases(version, 'UMNTALL', '4', [
    must('takes-all', "takes all of the caller's lines away", ALONE, async (t) => {
      const [one, two] = [await mountOwn(t, version, 'one'), await mountOwn(t, version, 'two')];
      await (await listing(t, version)).UMNTALL();
      equal('lines of both', [await lines(t, version, one), await lines(t, version, two)], [0, 0]);
    }),
    must('nothing-mounted', 'with no line left: nothing happens', ALONE, async (t) => {
      const mount = await listing(t, version);
      await mount.UMNTALL();
      await mount.UMNTALL();
      equal('GETATTR', (await t.nfs.GETATTR({ object: t.root })).status, 'NFS3_OK');
    }),
  ]),
];
