import { cases, linux, must, should } from '../case.ts';
import { check, equal, fails, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import { attributesOf, BOB, CAROL, newFile, newFolder, newLink, tellsTruth, writeAll } from './tools.ts';

/** Some servers promise 64 MiB. */
const LARGE_ENOUGH = 4 * 1024 * 1024;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

export const READ = cases({ program: NFS3, procedure: 'READ', clause: 'RFC 1813 §3.3.6' }, [
  must('whole', 'a whole file: its bytes, count, eof', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const { count, eof, data } = ok(await t.nfs.READ({ file, offset: 0n, count: 100 }));
    equal('result', { count, eof, data: data.toString() }, { count: 26, eof: true, data: ALPHABET });
  }),
  must('range', 'a range within: these bytes, not eof', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const { count, eof, data } = ok(await t.nfs.READ({ file, offset: 3n, count: 5 }));
    equal('result', { count, eof, data: data.toString() }, { count: 5, eof: false, data: 'defgh' });
  }),
  must(
    'each-length',
    'every length modulo four: count is that of the data',
    { clause: 'RFC 4506 §4.10' },
    async (t) => {
      const file = await newFile(t, 'file', { data: ALPHABET });
      for (const length of [1, 2, 3, 4, 5]) {
        const { count, data } = ok(await t.nfs.READ({ file, offset: 7n, count: length }));
        equal('result', { count, data: data.toString() }, { count: length, data: ALPHABET.slice(7, 7 + length) });
      }
    },
  ),
  must('up-to-the-end', 'a range that ends where the file ends: eof', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const { count, eof } = ok(await t.nfs.READ({ file, offset: 20n, count: 6 }));
    equal('result', { count, eof }, { count: 6, eof: true });
  }),
  must('across-the-end', 'a range across the end: what there is, eof', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const { count, eof, data } = ok(await t.nfs.READ({ file, offset: 24n, count: 50 }));
    equal('result', { count, eof, data: data.toString() }, { count: 2, eof: true, data: 'yz' });
  }),
  must('at-the-end', 'from the end on: nothing, eof', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const { count, eof, data } = ok(await t.nfs.READ({ file, offset: 26n, count: 10 }));
    equal('result', { count, eof, bytes: data.length }, { count: 0, eof: true, bytes: 0 });
  }),
  must('beyond-the-end', 'far beyond the end, also beyond 4 GiB: nothing, eof', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    for (const offset of [1000n, 0x1_0000_0003n]) {
      const { count, eof, data } = ok(await t.nfs.READ({ file, offset, count: 10 }));
      equal(`at ${offset}`, { count, eof, bytes: data.length }, { count: 0, eof: true, bytes: 0 });
    }
  }),
  must('offset-at-the-limit', 'an offset of 2^64 - 1: nothing, or NFS3ERR_INVAL', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const res = await t.nfs.READ({ file, offset: 2n ** 64n - 1n, count: 10 });
    if (res.status === 'NFS3_OK') equal('count', res.count, 0);
    else fails(res, 'NFS3ERR_INVAL', 'NFS3ERR_FBIG');
  }),
  must('empty-file', 'an empty file: nothing, eof', async (t) => {
    const { count, eof } = ok(await t.nfs.READ({ file: await newFile(t), offset: 0n, count: 10 }));
    equal('result', { count, eof }, { count: 0, eof: true });
  }),
  must('count-zero', 'no bytes asked for: success and none', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const { count, data } = ok(await t.nfs.READ({ file, offset: 0n, count: 0 }));
    equal('result', { count, bytes: data.length }, { count: 0, bytes: 0 });
  }),
  must('hole', 'a hole reads as zeros', async (t) => {
    const file = await newFile(t);
    await writeAll(t.nfs, file, 'end', 70_000n);
    const { data } = ok(await t.nfs.READ({ file, offset: 65_000n, count: 4096 }));
    equal('data', data, Buffer.alloc(4096));
  }),
  must('beyond-4gib', 'bytes written beyond 4 GiB are there, not at the offset modulo 2^32', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    await writeAll(t.nfs, file, 'far', 0x1_0000_0000n);
    equal('far', ok(await t.nfs.READ({ file, offset: 0x1_0000_0000n, count: 3 })).data.toString(), 'far');
    equal('near', ok(await t.nfs.READ({ file, offset: 0n, count: 3 })).data.toString(), 'abc');
  }),
  must(
    'rtmax',
    'rtmax bytes (4 MiB at most) at once: as many as there are, or fewer without eof',
    { clause: 'RFC 1813 §3.3.19' },
    async (t) => {
      const { wtmax, ...info } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
      const rtmax = Math.min(info.rtmax, LARGE_ENOUGH);
      const file = await newFile(t);
      const piece = Buffer.alloc(Math.min(wtmax, 65_536), 'pattern');
      let written = 0;
      for (; written < rtmax + 1; written += piece.length) await writeAll(t.nfs, file, piece, BigInt(written));
      const { count, eof, data } = ok(await t.nfs.READ({ file, offset: 0n, count: rtmax }));
      check(
        count > 0 && count <= rtmax && data.length === count,
        `1 to ${rtmax} bytes`,
        `count ${count}, ${data.length}`,
      );
      equal('eof', eof, false);
      check(data.equals(Buffer.alloc(count, piece)), 'the bytes that were written', 'others');
    },
  ),
  must(
    'more-than-rtmax',
    'more than rtmax asked for: a short read, not an error',
    { clause: 'RFC 1813 §3.3.6' },
    async (t) => {
      const file = await newFile(t, 'file', { data: ALPHABET });
      const { data, eof } = ok(await t.nfs.READ({ file, offset: 0n, count: 0xffff_ffff }));
      equal('result', { data: data.toString(), eof }, { data: ALPHABET, eof: true });
    },
  ),
  must('attributes-true', 'told attributes are true', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    const { file_attributes } = ok(await t.nfs.READ({ file, offset: 0n, count: 4 }));
    tellsTruth('file_attributes', file_attributes, await attributesOf(t.nfs, file));
  }),
  should('attributes-told', 'attributes come with it, which saves a GETATTR', async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET });
    present('file_attributes', ok(await t.nfs.READ({ file, offset: 0n, count: 4 })).file_attributes);
  }),
  must('no-permission', 'without read permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET, mode: 0o640 });
    fails(await t.as(BOB).READ({ file, offset: 0n, count: 4 }), 'NFS3ERR_ACCES');
  }),
  must('group-permission', 'a supplementary group may read', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { data: ALPHABET, mode: 0o640 });
    equal('count', ok(await t.as(CAROL).READ({ file, offset: 0n, count: 4 })).count, 4);
  }),
  must(
    'owner-always',
    'the owner may read whatever the mode says',
    { needs: ['users'], clause: 'RFC 1813 §4.4' },
    async (t) => {
      const file = await newFile(t, 'file', { data: ALPHABET, mode: 0o200 });
      equal('count', ok(await t.nfs.READ({ file, offset: 0n, count: 4 })).count, 4);
    },
  ),
  must(
    'execute-suffices',
    'who may execute may read: paging needs it',
    { needs: ['users'], clause: 'RFC 1813 §4.4' },
    async (t) => {
      const file = await newFile(t, 'file', { data: ALPHABET, mode: 0o711 });
      equal('count', ok(await t.as(BOB).READ({ file, offset: 0n, count: 4 })).count, 4);
    },
  ),
  must('directory', 'a directory: NFS3ERR_ISDIR or NFS3ERR_INVAL', async (t) => {
    fails(await t.nfs.READ({ file: await newFolder(t), offset: 0n, count: 4 }), 'NFS3ERR_ISDIR', 'NFS3ERR_INVAL');
  }),
  must('symlink', 'a symbolic link: NFS3ERR_INVAL, its target is not read', async (t) => {
    await newFile(t, 'target', { data: ALPHABET });
    fails(await t.nfs.READ({ file: await newLink(t), offset: 0n, count: 4 }), 'NFS3ERR_INVAL');
  }),
  linux(
    'removed-name',
    'a file with another link left reads on by its old handle',
    { clause: 'RFC 1813 §2.4' },
    async (t) => {
      const dir = await t.folder();
      const file = await newFile(t, 'one', { data: ALPHABET });
      ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } }));
      ok(await t.nfs.REMOVE({ object: { dir, name: 'one' } }));
      equal('count', ok(await t.nfs.READ({ file, offset: 0n, count: 4 })).count, 4);
    },
  ),
  ...handleCases((t, file) => t.nfs.READ({ file, offset: 0n, count: 4 })),
]);
