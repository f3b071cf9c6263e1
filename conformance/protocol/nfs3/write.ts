import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS3, type stable_how } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import {
  around,
  attributesOf,
  BOB,
  contentOf,
  movedOn,
  newFile,
  newFolder,
  newLink,
  sattr,
  stayed,
  wccIsTold,
  wccTellsTruth,
  writeAll,
} from './tools.ts';

/** Some servers promise 64 MiB. */
const LARGE_ENOUGH = 4 * 1024 * 1024;
const LEVELS = ['UNSTABLE', 'DATA_SYNC', 'FILE_SYNC'] as const;

function write(
  nfs: Context['nfs'],
  file: Buffer,
  text: string | Buffer,
  offset = 0n,
  stable: stable_how = 'FILE_SYNC',
) {
  const data = Buffer.from(text);
  return nfs.WRITE({ file, offset, count: data.length, stable, data });
}

export const WRITE = cases({ program: NFS3, procedure: 'WRITE', clause: 'RFC 1813 §3.3.7' }, [
  must('new', 'into an empty file: the bytes and the size', async (t) => {
    const file = await newFile(t);
    equal('count', ok(await write(t.nfs, file, 'twelve bytes')).count, 12);
    equal('content', (await contentOf(t.nfs, file)).toString(), 'twelve bytes');
    equal('size', (await attributesOf(t.nfs, file)).size, 12n);
  }),
  must('overwrite', 'in the middle: the rest stays', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdefghij' });
    ok(await write(t.nfs, file, 'XYZ', 3n));
    equal('content', (await contentOf(t.nfs, file)).toString(), 'abcXYZghij');
  }),
  must('beyond-the-end', 'beyond the end: zeros between', async (t) => {
    const file = await newFile(t, 'file', { data: 'ab' });
    ok(await write(t.nfs, file, 'yz', 6n));
    equal('content', await contentOf(t.nfs, file), Buffer.from('ab\0\0\0\0yz'));
  }),
  must('each-length', 'every length modulo four', { clause: 'RFC 4506 §4.10' }, async (t) => {
    for (const text of ['1', '22', '333', '4444', '55555']) {
      const file = await newFile(t, `file-${text}`);
      equal('count', ok(await write(t.nfs, file, text)).count, text.length);
      equal('content', (await contentOf(t.nfs, file)).toString(), text);
    }
  }),
  ...LEVELS.map((stable, least) =>
    must(`committed-${stable.toLowerCase()}`, `${stable}: committed at least that much`, async (t) => {
      const { committed } = ok(await write(t.nfs, await newFile(t), 'data', 0n, stable));
      check(LEVELS.indexOf(committed) >= least, `committed ${LEVELS.slice(least).join(' or ')}`, committed);
    }),
  ),
  must('unstable-is-visible', 'UNSTABLE data are read back at once, also on another connection', async (t) => {
    const file = await newFile(t);
    ok(await write(t.nfs, file, 'not yet safe', 0n, 'UNSTABLE'));
    equal('content', (await contentOf(t.nfs, file)).toString(), 'not yet safe');
    equal('elsewhere', (await contentOf(await t.client(NFS3), file)).toString(), 'not yet safe');
  }),
  must('verifier-stays', 'the verifier is the same for every WRITE and COMMIT of a server that runs on', async (t) => {
    const [a, b] = [await newFile(t, 'a'), await newFile(t, 'b')];
    const first = ok(await write(t.nfs, a, 'one', 0n, 'UNSTABLE')).verf;
    equal('second verifier', ok(await write(t.nfs, b, 'two', 0n, 'UNSTABLE')).verf, first);
    equal('verifier of COMMIT', ok(await t.nfs.COMMIT({ file: a, offset: 0n, count: 0 })).verf, first);
  }),
  must('count-zero', 'no bytes: success, and nothing is changed', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after, result } = await around(t, file, () => write(t.nfs, file, '', 1n));
    equal('count', ok(result).count, 0);
    equal('size', after.size, before.size);
  }),
  should('count-zero-keeps-mtime', 'no bytes: mtime stays', { clause: 'write(2)' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after } = await around(t, file, async () => ok(await write(t.nfs, file, '')));
    stayed('mtime', before, after);
  }),
  must('times', 'mtime and ctime move on', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after } = await around(t, file, async () => ok(await write(t.nfs, file, 'xyz')));
    movedOn('mtime', before, after);
    movedOn('ctime', before, after);
  }),
  must('wcc-true', 'file_wcc tells the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after, result } = await around(t, file, () => write(t.nfs, file, 'defghi', 3n));
    wccTellsTruth(ok(result).file_wcc, before, after);
  }),
  should('wcc-told', 'both halves of file_wcc come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
    wccIsTold(ok(await write(t.nfs, await newFile(t), 'abc')).file_wcc);
  }),
  must(
    'wcc-true-on-failure',
    'file_wcc tells the truth when it fails',
    { needs: ['users'], clause: 'RFC 1813 §2.6' },
    async (t) => {
      const file = await newFile(t, 'file', { data: 'abc', mode: 0o644 });
      const { before, after, result } = await around(t, file, () => write(t.as(BOB), file, 'xyz'));
      wccTellsTruth(fails(result, 'NFS3ERR_ACCES').file_wcc, before, after);
    },
  ),
  must(
    'no-permission',
    'without write permission: NFS3ERR_ACCES, and nothing is changed',
    { needs: ['users'] },
    async (t) => {
      const file = await newFile(t, 'file', { data: 'abc', mode: 0o644 });
      fails(await write(t.as(BOB), file, 'xyz'), 'NFS3ERR_ACCES');
      equal('content', (await contentOf(t.nfs, file)).toString(), 'abc');
    },
  ),
  must(
    'owner-always',
    'the owner may write whatever the mode says',
    { needs: ['users'], clause: 'RFC 1813 §4.4' },
    async (t) => {
      const file = await newFile(t, 'file', { mode: 0o444 });
      ok(await write(t.nfs, file, 'abc'));
      equal('content', (await contentOf(t.nfs, file)).toString(), 'abc');
    },
  ),
  linux(
    'clears-suid',
    "a stranger's write takes set-user-ID and set-group-ID away",
    { needs: ['users'], clause: 'write(2)' },
    async (t) => {
      const file = await newFile(t);
      ok(await t.nfs.SETATTR({ object: file, new_attributes: sattr({ mode: 0o6777 }), guard: undefined }));
      ok(await write(t.as(BOB), file, 'abc'));
      equal('mode', (await attributesOf(t.nfs, file)).mode, 0o777);
    },
  ),
  must('directory', 'a directory: NFS3ERR_ISDIR or NFS3ERR_INVAL', async (t) => {
    fails(await write(t.nfs, await newFolder(t), 'abc'), 'NFS3ERR_ISDIR', 'NFS3ERR_INVAL');
  }),
  must('symlink', 'a symbolic link: NFS3ERR_INVAL, its target is not written', async (t) => {
    const target = await newFile(t, 'target');
    fails(await write(t.nfs, await newLink(t), 'abc'), 'NFS3ERR_INVAL');
    equal('size of the target', (await attributesOf(t.nfs, target)).size, 0n);
  }),
  must('beyond-maxfilesize', 'beyond maxfilesize: NFS3ERR_FBIG or NFS3ERR_INVAL', async (t) => {
    const file = await newFile(t);
    const { maxfilesize } = ok(await t.nfs.FSINFO({ fsroot: file }));
    const offset = maxfilesize > 2n ** 64n - 8n ? 2n ** 64n - 8n : maxfilesize;
    fails(await write(t.nfs, file, 'abc', offset), 'NFS3ERR_FBIG', 'NFS3ERR_INVAL');
    equal('size', (await attributesOf(t.nfs, file)).size, 0n);
  }),
  must(
    'wtmax',
    'wtmax bytes (4 MiB at most) at once: the count says how many were taken',
    { clause: 'RFC 1813 §3.3.19' },
    async (t) => {
      const wtmax = Math.min(ok(await t.nfs.FSINFO({ fsroot: t.root })).wtmax, LARGE_ENOUGH);
      const file = await newFile(t);
      const data = Buffer.alloc(wtmax, 'pattern');
      const { count } = ok(await t.nfs.WRITE({ file, offset: 0n, count: wtmax, stable: 'UNSTABLE', data }));
      check(count > 0 && count <= wtmax, `1 to ${wtmax}`, `${count}`);
      equal('size', (await attributesOf(t.nfs, file)).size, BigInt(count));
      const last = ok(await t.nfs.READ({ file, offset: BigInt(count - 7), count: 7 })).data;
      equal('last bytes', last, data.subarray(count - 7, count));
    },
  ),
  must('in-turn', 'writes one after the other without waiting all arrive', async (t) => {
    const file = await newFile(t);
    const blocks = Array.from({ length: 16 }, (_, index) => Buffer.alloc(1000, 0x41 + index));
    await Promise.all(blocks.map((block, index) => writeAll(t.nfs, file, block, BigInt(index * 1000))));
    const { data } = ok(await t.nfs.READ({ file, offset: 0n, count: 16_000 }));
    check(data.equals(Buffer.concat(blocks)), 'every block where it belongs', 'something else');
  }),
  ...handleCases((t, file) => write(t.nfs, file, 'abc')),
]);
