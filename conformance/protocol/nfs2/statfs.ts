import { cases, linux, must, should } from '../case.ts';
import { check, equal, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { handleCases } from './common.ts';
import { BOB, MAXDATA, newFile, nfs2 } from './tools.ts';

export const STATFS = cases({ program: NFS2, procedure: 'STATFS', clause: 'RFC 1094 §2.2.18' }, [
  must('in-order', 'available is at most free, free at most all, in blocks of some size', async (t) => {
    const { bsize, blocks, bfree, bavail } = ok(await nfs2(t).STATFS(await t.folder2()));
    check(bsize > 0 && blocks > 0, 'a block size and blocks', `${blocks} of ${bsize}`);
    check(bavail <= bfree && bfree <= blocks, 'bavail <= bfree <= blocks', `${bavail}, ${bfree}, ${blocks}`);
  }),
  should('tsize', 'transfers of 1 to 8192 bytes are advised', { clause: 'RFC 1094 §2.2: MAXDATA' }, async (t) => {
    const { tsize } = ok(await nfs2(t).STATFS(await t.folder2()));
    check(tsize > 0 && tsize <= MAXDATA, '1 to 8192', `${tsize}`);
  }),
  must('any-object', 'any handle of the file system: the same size', async (t) => {
    const ofFolder = ok(await nfs2(t).STATFS(await t.folder2()));
    const ofFile = ok(await nfs2(t).STATFS(await newFile(t)));
    equal('blocks and bsize', [ofFile.blocks, ofFile.bsize], [ofFolder.blocks, ofFolder.bsize]);
  }),
  linux('agrees-with-v3', 'NFSv3 tells the same size, to the block', { clause: 'RFC 1813 §3.3.18' }, async (t) => {
    const { bsize, blocks } = ok(await nfs2(t).STATFS(await t.folder2()));
    const { tbytes } = ok(await t.nfs.FSSTAT({ fsroot: await t.folder() }));
    const lost = tbytes - BigInt(bsize) * BigInt(blocks);
    check(lost >= 0n && lost < BigInt(bsize), `${tbytes} bytes, less a block`, `${bsize} times ${blocks}`);
  }),
  should('no-permission-needed', 'everybody may ask: df(1)', { needs: ['users'] }, async (t) => {
    ok(await nfs2(t, BOB).STATFS(await newFile(t, 'file', { mode: 0 })));
  }),
  ...handleCases((t, file) => nfs2(t).STATFS(file)),
]);
