import { cases, must, should } from '../case.ts';
import { equal, ok } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import { around, attributesOf, contentOf, newFile, wccIsTold, wccTellsTruth } from './tools.ts';

const DATA = Buffer.from('unstable data');
const unstable = (file: Buffer) => ({ file, offset: 0n, count: DATA.length, stable: 'UNSTABLE', data: DATA }) as const;

export const COMMIT = cases({ program: NFS3, procedure: 'COMMIT', clause: 'RFC 1813 §3.3.21' }, [
  must('after-unstable', "after an UNSTABLE write: success with the write's verifier", async (t) => {
    const file = await newFile(t);
    const { verf } = ok(await t.nfs.WRITE(unstable(file)));
    equal('verifier', ok(await t.nfs.COMMIT({ file, offset: 0n, count: DATA.length })).verf, verf);
    equal('content', await contentOf(t.nfs, file), DATA);
  }),
  must('whole-file', 'count 0 means up to the end', async (t) => {
    const file = await newFile(t);
    ok(await t.nfs.WRITE(unstable(file)));
    ok(await t.nfs.COMMIT({ file, offset: 0n, count: 0 }));
  }),
  must('nothing-written', 'of a file that nobody wrote: success', async (t) => {
    ok(await t.nfs.COMMIT({ file: await newFile(t), offset: 0n, count: 0 }));
  }),
  must('beyond-the-end', 'a range beyond the end: success, and the size stays', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    ok(await t.nfs.COMMIT({ file, offset: 0x1_0000_0000n, count: 4096 }));
    equal('size', (await attributesOf(t.nfs, file)).size, 3n);
  }),
  must('wcc-true', 'file_wcc tells the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const file = await newFile(t);
    ok(await t.nfs.WRITE(unstable(file)));
    const { before, after, result } = await around(t, file, () => t.nfs.COMMIT({ file, offset: 0n, count: 0 }));
    wccTellsTruth(ok(result).file_wcc, before, after);
  }),
  should('wcc-told', 'both halves of file_wcc come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
    wccIsTold(ok(await t.nfs.COMMIT({ file: await newFile(t), offset: 0n, count: 0 })).file_wcc);
  }),
  must(
    'restart',
    'over a restart: committed data are there; uncommitted ones too, or the verifier changes',
    { needs: ['restart'], alone: true, clause: 'RFC 1813 §3.3.7, §4.8' },
    async (t) => {
      const [safe, unsafe] = [await newFile(t, 'safe'), await newFile(t, 'unsafe')];
      ok(await t.nfs.WRITE(unstable(safe)));
      ok(await t.nfs.COMMIT({ file: safe, offset: 0n, count: 0 }));
      const { verf } = ok(await t.nfs.WRITE(unstable(unsafe)));
      await t.restart();
      equal('committed content', await contentOf(t.nfs, safe), DATA);
      const after = ok(await t.nfs.COMMIT({ file: unsafe, offset: 0n, count: 0 })).verf;
      if (after.equals(verf)) equal('uncommitted content', await contentOf(t.nfs, unsafe), DATA);
    },
  ),
  ...handleCases((t, file) => t.nfs.COMMIT({ file, offset: 0n, count: 0 })),
]);
