import { cases, linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok, show } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { RpcRefused } from '../rpc/failures.ts';
import { attributesOf, contentOf, handleOf, newFile, nfs2, read, staleHandle } from './tools.ts';

/** GETATTR by a forged handle. A server may find it to be of an export that the caller has no right to, and refuse the call. */
async function forgedGetattr(t: Context, file: Buffer) {
  try {
    return await nfs2(t).GETATTR(file);
  } catch (error) {
    if (error instanceof RpcRefused && error.body.reply_stat === 'MSG_DENIED') return { status: 'AUTH_ERROR' } as const;
    throw error;
  }
}

/** The 32 bytes of a handle (RFC 1094 §2.3.3), whatever the procedure. */
export const HANDLES = cases({ program: NFS2, procedure: 'handles', clause: 'RFC 1094 §2.3.3' }, [
  must('lasting', 'asked twice, also on another connection: the same handle', async (t) => {
    const dir = await t.folder2();
    const file = await newFile(t);
    equal('handle', await handleOf(t, dir, 'file'), file);
    equal('elsewhere', ok(await (await t.client(NFS2)).LOOKUP({ dir, name: 'file' })).file, file);
  }),
  must('files-differ', 'two files never have one handle', async (t) => {
    check(!(await newFile(t, 'a')).equals(await newFile(t, 'b')), 'two handles', 'the same');
  }),
  must('by-udp', 'a handle got by TCP works by UDP', { needs: ['udp'], clause: 'RFC 1094 §3.4' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const udp = await t.client(NFS2, { kind: 'udp' });
    equal('size', ok(await udp.GETATTR(file)).attributes.size, 3);
  }),
  must('flipped-bits', 'with any one bit flipped: refused, or still the same file', async (t) => {
    const file = await newFile(t);
    const { fileid } = await attributesOf(t, file);
    for (let bit = 0; bit < file.length * 8; bit++) {
      const forged = Buffer.from(file);
      forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const res = await forgedGetattr(t, forged);
      if (res.status === 'NFS_OK') equal(`fileid with bit ${bit} flipped`, res.attributes.fileid, fileid);
      else check(['NFSERR_STALE', 'AUTH_ERROR'].includes(res.status), 'NFSERR_STALE', res.status);
    }
  }),
  must('made-up', 'bytes that are no handle: refused', async (t) => {
    // 32 zeros are the public handle of WebNFS (RFC 2054 §5.1), which a server may serve.
    const file = await newFile(t);
    const halves = Buffer.concat([file.subarray(0, 16), (await t.folder2()).subarray(16)]);
    for (const forged of [
      Buffer.alloc(32, 0xff),
      Buffer.from(file).reverse(),
      Buffer.alloc(32, file.subarray(0, 4)),
      halves,
    ]) {
      if (forged.equals(file) || forged.equals(await t.folder2())) continue;
      const { status } = await forgedGetattr(t, forged);
      check(status === 'NFSERR_STALE' || status === 'AUTH_ERROR', `NFSERR_STALE for ${show(forged)}`, status);
    }
  }),
  must(
    'not-reused',
    'a removed file stays stale, also when its inode is taken again',
    { clause: 'RFC 1094 §2.3.1' },
    async (t) => {
      const stale = await staleHandle(t);
      for (let index = 0; index < 20; index++) await newFile(t, `next-${index}`, { data: "others' content" });
      fails(await nfs2(t).GETATTR(stale), 'NFSERR_STALE');
      fails(await read(t, stale), 'NFSERR_STALE');
    },
  ),
  must('both-versions', 'a file made by NFSv3 is found by NFSv2, and the reverse', async (t) => {
    await newFile(t, 'old', { data: 'abc' });
    const found = ok(await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: 'old' } }));
    equal(
      'content by NFSv3',
      ok(await t.nfs.READ({ file: found.object, offset: 0n, count: 10 })).data.toString(),
      'abc',
    );
    const data = Buffer.from('defg');
    ok(await t.nfs.WRITE({ file: found.object, offset: 0n, count: 4, stable: 'FILE_SYNC', data }));
    equal('content by NFSv2', (await contentOf(t, await handleOf(t, await t.folder2(), 'old'))).toString(), 'defg');
  }),
  must(
    'dot-dot-at-the-root',
    '".." of the export\'s root does not lead out of it',
    { clause: 'RFC 1094 §3.2' },
    async (t) => {
      const dir = await t.target.mount2(t.target.options.path);
      const res = await nfs2(t).LOOKUP({ dir, name: '..' });
      if (res.status !== 'NFS_OK') return;
      const [root, above] = [await attributesOf(t, dir), res.attributes];
      equal('fileid and fsid', [above.fileid, above.fsid], [root.fileid, root.fsid]);
    },
  ),
  must('exports-apart', 'two exports have two roots', { needs: ['second-export'] }, async (t) => {
    const root = await t.target.mount2(t.target.options.path);
    const second = await t.target.mount2(t.target.options.secondPath ?? '');
    check(!second.equals(root), 'two handles', 'the same');
    const [a, b] = [await attributesOf(t, root), await attributesOf(t, second)];
    check(a.fsid !== b.fsid || a.fileid !== b.fileid, 'another fsid or fileid', `${a.fsid} and ${a.fileid} for both`);
  }),
  linux(
    'restart',
    'handles live on over a restart of the server',
    { needs: ['restart'], alone: true, clause: 'nfs(5): hard' },
    async (t) => {
      const dir = await t.folder2();
      const file = await newFile(t, 'file', { data: 'abc' });
      await t.restart();
      equal('content', (await contentOf(t, file)).toString(), 'abc');
      equal('handle', await handleOf(t, dir, 'file'), file);
    },
  ),
]);
