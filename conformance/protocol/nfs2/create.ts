import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { type fattr, NFS2, type sattr } from '../programs/nfs2.ts';
import { makingCases } from './common.ts';
import {
  ALICE,
  attributesOf,
  BOB,
  contentOf,
  handleOf,
  newFile,
  newFolder,
  newLink,
  nfs2,
  PERMISSIONS,
  ROOT,
  sattr2,
  statusOfName,
  tellsTruth,
  UNSET,
} from './tools.ts';

const S_IFCHR = 0o020000;
const S_IFSOCK = 0o140000;
/** Major 1, minor 3 in the 16 bits that every client sends such a number in. */
const DEV_NULL = 0x103;

async function create(t: Context, name: string, set: Partial<sattr>, user = ALICE) {
  return nfs2(t, user).CREATE({ where: { dir: await t.folder2(), name }, attributes: sattr2(set) });
}

const isDevice = ({ type, rdev }: fattr) => [type, rdev & 0xffff];

export const CREATE = cases({ program: NFS2, procedure: 'CREATE', clause: 'RFC 1094 §2.2.10' }, [
  must('new', 'a new file: empty, with the mode asked for, and a handle that works', async (t) => {
    const { file } = ok(await create(t, 'new', { mode: 0o640, size: 0 }));
    const { type, mode, size } = await attributesOf(t, file);
    equal('attributes', [type, mode & PERMISSIONS, size], ['NFREG', 0o640, 0]);
    equal('handle by LOOKUP', await handleOf(t, await t.folder2(), 'new'), file);
  }),
  must('attributes-true', 'the attributes in the reply are true', async (t) => {
    const { file, attributes } = ok(await create(t, 'new', { mode: 0o640 }));
    tellsTruth(attributes, await attributesOf(t, file));
  }),
  must('without-size', 'size -1: an empty file', { clause: 'RFC 1094 §2.3.6' }, async (t) => {
    equal('size', ok(await create(t, 'new', { mode: 0o644 })).attributes.size, 0);
  }),
  must('owner', 'it belongs to the caller', { needs: ['users'] }, async (t) => {
    const { uid, gid } = ok(await create(t, 'new', { mode: 0o644 }, BOB)).attributes;
    equal('owner', { uid, gid }, { uid: BOB.uid, gid: BOB.gid });
  }),
  linux(
    'existing-emptied',
    'a file that is there, with size 0: emptied, as open(O_TRUNC) wants it',
    { clause: 'open(2)' },
    async (t) => {
      const file = await newFile(t, 'new', { data: 'abc', mode: 0o640 });
      const made = ok(await create(t, 'new', { mode: 0o600, size: 0 }));
      equal('handle', made.file, file);
      equal('size', (await attributesOf(t, file)).size, 0);
    },
  ),
  linux(
    'existing-kept',
    'a file that is there, without a size: it and its content stay',
    { clause: 'open(2)' },
    async (t) => {
      const file = await newFile(t, 'new', { data: 'abc' });
      equal('handle', ok(await create(t, 'new', { mode: 0o644 })).file, file);
      equal('content', (await contentOf(t, file)).toString(), 'abc');
    },
  ),
  must('existing-not-writable', "another's file is not emptied", { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'new', { data: 'abc', mode: 0o644 });
    const { status } = await create(t, 'new', { mode: 0o644, size: 0 }, BOB);
    check(status !== 'NFS_OK', 'NFSERR_ACCES', status);
    equal('content', (await contentOf(t, file)).toString(), 'abc');
  }),
  must('existing-directory', "a directory's name: an error, and its files stay", async (t) => {
    const folder = await newFolder(t, 'new');
    await newFile(t, 'inside', { dir: folder });
    fails(await create(t, 'new', { mode: 0o644, size: 0 }), 'NFSERR_EXIST', 'NFSERR_ISDIR');
    equal('LOOKUP inside', await statusOfName(t, folder, 'inside'), 'NFS_OK');
  }),
  must(
    'existing-symlink',
    'the name of a dangling symbolic link: its target is not made',
    { clause: 'RFC 1094 §3.2' },
    async (t) => {
      await newLink(t, 'new', 'escaped');
      await create(t, 'new', { mode: 0o644, size: 0 });
      equal('LOOKUP of the target', await statusOfName(t, await t.folder2(), 'escaped'), 'NFSERR_NOENT');
    },
  ),
  should('mode-of-bits', 'set-user-ID and sticky bits of the mode are kept', { needs: ['users'] }, async (t) => {
    equal('mode', ok(await create(t, 'new', { mode: 0o4755 })).attributes.mode & PERMISSIONS, 0o4755);
  }),
  linux('fifo', 'a character device without a number: a FIFO', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    ok(await create(t, 'pipe', { mode: S_IFCHR | 0o644, size: UNSET }));
    const found = ok(await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: 'pipe' } }));
    equal('type by NFSv3', ok(await t.nfs.GETATTR({ object: found.object })).obj_attributes.type, 'NF3FIFO');
    const { type, rdev } = await attributesOf(t, await handleOf(t, await t.folder2(), 'pipe'));
    check(type === 'NFCHR' || type === 'NFFIFO', 'NFCHR or NFFIFO', type);
    if (type === 'NFCHR') equal('rdev', rdev, UNSET);
  }),
  linux('socket', 'a socket, by the type in its mode', { clause: 'mknod(2)' }, async (t) => {
    ok(await create(t, 'socket', { mode: S_IFSOCK | 0o644 }));
    equal('type', (await attributesOf(t, await handleOf(t, await t.folder2(), 'socket'))).type, 'NFSOCK');
  }),
  linux('device', 'a device by root, with its number in size', { needs: ['root'], clause: 'mknod(2)' }, async (t) => {
    const { file } = ok(await create(t, 'null', { mode: S_IFCHR | 0o666, size: DEV_NULL }, ROOT));
    equal('type and number', isDevice(await attributesOf(t, file)), ['NFCHR', DEV_NULL]);
  }),
  linux(
    'device-by-user',
    'a device by who is not root: NFSERR_PERM',
    { needs: ['users'], clause: 'mknod(2)' },
    async (t) => {
      fails(await create(t, 'null', { mode: S_IFCHR | 0o666, size: DEV_NULL }), 'NFSERR_PERM', 'NFSERR_ACCES');
      equal('LOOKUP', await statusOfName(t, await t.folder2(), 'null'), 'NFSERR_NOENT');
    },
  ),
  ...makingCases(
    (t, dir, name, user) =>
      nfs2(t, user).CREATE({ where: { dir, name }, attributes: sattr2({ mode: 0o644, size: 0 }) }),
    { replacesFiles: true },
  ),
]);
