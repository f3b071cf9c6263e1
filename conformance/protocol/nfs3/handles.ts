import { cases, linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok, show } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { RpcRefused } from '../rpc/failures.ts';
import { attributesOf, contentOf, handleOf, newFile, newFolder, newLink, staleHandle, statusOfName } from './tools.ts';

const REFUSALS = ['NFS3ERR_BADHANDLE', 'NFS3ERR_STALE', 'AUTH_ERROR'];

/** GETATTR by a forged handle. A server may find it to be of an export that the caller has no right to, and refuse the call. */
async function forgedGetattr(t: Context, object: Buffer) {
  try {
    return await t.nfs.GETATTR({ object });
  } catch (error) {
    if (error instanceof RpcRefused && error.body.reply_stat === 'MSG_DENIED') return { status: 'AUTH_ERROR' } as const;
    throw error;
  }
}

async function isRefused(t: Context, object: Buffer): Promise<void> {
  const { status } = await forgedGetattr(t, object);
  check(REFUSALS.includes(status), `${REFUSALS.join(' or ')} for ${show(object)}`, status);
}

/** File handles and paths, whatever the procedure. */
export const HANDLES = cases({ program: NFS3, procedure: 'handles', clause: 'RFC 1813 §2.4' }, [
  must('size', 'a handle has 1 to 64 bytes', async (t) => {
    for (const handle of [t.root, await t.folder(), await newFile(t)]) {
      check(handle.length > 0 && handle.length <= 64, '1 to 64 bytes', `${handle.length}`);
    }
  }),
  must('one-for-a-file', 'one file has one handle, by whichever name and connection', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } }));
    const { fileid } = await attributesOf(t.nfs, file);
    const second = await handleOf(await t.client(NFS3), dir, 'two');
    equal('fileid', (await attributesOf(t.nfs, second)).fileid, fileid);
  }),
  must('files-differ', 'two files never have one handle', async (t) => {
    check(!(await newFile(t, 'a')).equals(await newFile(t, 'b')), 'two handles', 'the same');
  }),
  must('other-connection', 'it works on another connection, and by UDP', { needs: ['udp'] }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const truth = await attributesOf(t.nfs, file);
    equal('size by TCP', (await attributesOf(await t.client(NFS3), file)).size, truth.size);
    equal('size by UDP', (await attributesOf(await t.client(NFS3, { kind: 'udp' }), file)).size, truth.size);
  }),
  must(
    'flipped-bits',
    'with any one bit flipped: refused, or still the same file',
    { clause: 'RFC 1813 §2.6, §8' },
    async (t) => {
      const file = await newFile(t);
      const { fileid } = await attributesOf(t.nfs, file);
      for (let bit = 0; bit < file.length * 8; bit++) {
        const forged = Buffer.from(file);
        forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const res = await t.nfs.GETATTR({ object: forged });
        if (res.status === 'NFS3_OK') equal(`fileid with bit ${bit} flipped`, res.obj_attributes.fileid, fileid);
        else check(REFUSALS.includes(res.status), REFUSALS.join(' or '), res.status);
      }
    },
  ),
  must('cut-off', 'shorter or longer by some bytes: refused', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const file = await newFile(t);
    const longer = Buffer.concat([file, Buffer.alloc(4)]);
    const forged = [file.subarray(0, -1), file.subarray(0, -4), file.subarray(0, 1), file.subarray(4)];
    if (longer.length <= 64) forged.push(longer);
    for (const object of forged) await isRefused(t, object);
  }),
  must(
    'zeros-and-ones',
    'nothing but zeros or ones, of every length: refused',
    { clause: 'RFC 1813 §2.6' },
    async (t) => {
      for (let length = 0; length <= 64; length += 4) {
        for (const fill of [0, 0xff]) await isRefused(t, Buffer.alloc(length, fill));
      }
    },
  ),
  must(
    'not-reused',
    'a removed file stays stale, also when its inode is taken again',
    { clause: 'RFC 1813 §2.4' },
    async (t) => {
      const stale = await staleHandle(t);
      for (let index = 0; index < 20; index++) await newFile(t, `next-${index}`, { data: 'others content' });
      fails(await t.nfs.GETATTR({ object: stale }), 'NFS3ERR_STALE');
      fails(await t.nfs.READ({ file: stale, offset: 0n, count: 10 }), 'NFS3ERR_STALE');
    },
  ),
  must('not-reused-directory', 'a removed directory stays stale, also when its inode is taken again', async (t) => {
    const dir = await t.folder();
    const stale = await newFolder(t, 'gone');
    ok(await t.nfs.RMDIR({ object: { dir, name: 'gone' } }));
    for (let index = 0; index < 20; index++) await newFolder(t, `next-${index}`);
    fails(await t.nfs.LOOKUP({ what: { dir: stale, name: 'any' } }), 'NFS3ERR_STALE');
  }),
  must(
    'exports-apart',
    'two exports have two roots, and their fileid and fsid pairs differ',
    { needs: ['second-export'] },
    async (t) => {
      const second = await t.secondRoot();
      check(!second.equals(t.root), 'two handles', 'the same');
      const [a, b] = [await attributesOf(t.nfs, t.root), await attributesOf(t.nfs, second)];
      check(a.fsid !== b.fsid || a.fileid !== b.fileid, 'another fsid or fileid', `${a.fsid} and ${a.fileid} for both`);
    },
  ),
  must(
    'dot-dot-at-the-root',
    '".." of the export\'s root does not lead out of it',
    { clause: 'RFC 1813 §3.2' },
    async (t) => {
      const res = await t.nfs.LOOKUP({ what: { dir: t.root, name: '..' } });
      if (res.status !== 'NFS3_OK') return;
      const [root, above] = [await attributesOf(t.nfs, t.root), await attributesOf(t.nfs, res.object)];
      equal('fileid and fsid', [above.fileid, above.fsid], [root.fileid, root.fsid]);
    },
  ),
  must('path-for-a-name', 'LOOKUP takes a name, never a path', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const dir = await newFolder(t, 'folder');
    await newFile(t, 'inside', { dir });
    const paths = ['folder/inside', '/etc/passwd', '../../../etc/passwd', './folder', 'folder/', '/'];
    for (const path of paths) {
      const status = await statusOfName(t.nfs, await t.folder(), path);
      check(status !== 'NFS3_OK', `an error for ${path}`, status);
    }
  }),
  must(
    'symlink-out',
    "a link to a folder of the server's is not followed",
    { clause: 'RFC 1813 §3.3.5' },
    async (t) => {
      const link = await newLink(t, 'out', '/etc');
      fails(await t.nfs.LOOKUP({ what: { dir: link, name: 'passwd' } }), 'NFS3ERR_NOTDIR');
      fails(await t.nfs.READDIR({ dir: link, cookie: 0n, cookieverf: Buffer.alloc(8), count: 4096 }), 'NFS3ERR_NOTDIR');
    },
  ),
  must('nul-in-name', 'a name with a NUL byte is no other name', { clause: 'RFC 1813 §3.2' }, async (t) => {
    await newFile(t, 'file');
    const status = await statusOfName(t.nfs, await t.folder(), 'file\0suffix');
    check(status !== 'NFS3_OK', 'an error', status);
  }),
  linux(
    'restart',
    'handles live on over a restart of the server',
    { needs: ['restart'], alone: true, clause: 'nfs(5): hard' },
    async (t) => {
      const dir = await t.folder();
      const file = await newFile(t, 'file', { data: 'abc' });
      await t.restart();
      equal('content', (await contentOf(t.nfs, file)).toString(), 'abc');
      equal('handle', await handleOf(t.nfs, dir, 'file'), file);
    },
  ),
]);
