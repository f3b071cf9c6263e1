import { cases, linux, must, should } from '../case.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { handleCases } from './common.ts';
import {
  around,
  attributesOf,
  BOB,
  contentOf,
  MAXDATA,
  makesNoSense,
  movedOn,
  newFile,
  newFolder,
  newLink,
  nfs2,
  outcomeOf,
  PERMISSIONS,
  read,
  sattr2,
  stayed,
  tellsTruth,
  write,
} from './tools.ts';

export const WRITE = cases({ program: NFS2, procedure: 'WRITE', clause: 'RFC 1094 §2.2.9' }, [
  must('new', 'into an empty file: the bytes and the size', async (t) => {
    const file = await newFile(t);
    equal('size', ok(await write(t, file, 'twelve bytes')).attributes.size, 12);
    equal('content', (await contentOf(t, file)).toString(), 'twelve bytes');
  }),
  must('overwrite', 'in the middle: the rest stays', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdefghij' });
    ok(await write(t, file, 'XYZ', 3));
    equal('content', (await contentOf(t, file)).toString(), 'abcXYZghij');
  }),
  must('beyond-the-end', 'beyond the end: zeros between', async (t) => {
    const file = await newFile(t, 'file', { data: 'ab' });
    ok(await write(t, file, 'yz', 6));
    equal('content', await contentOf(t, file), Buffer.from('ab\0\0\0\0yz'));
  }),
  must('each-length', 'every length modulo four', { clause: 'RFC 4506 §4.10' }, async (t) => {
    for (const text of ['1', '22', '333', '4444', '55555']) {
      const file = await newFile(t, `file-${text}`);
      ok(await write(t, file, text));
      equal('content', (await contentOf(t, file)).toString(), text);
    }
  }),
  must('maxdata', '8192 bytes at once', { clause: 'RFC 1094 §2.2: MAXDATA' }, async (t) => {
    const data = Buffer.from(Array.from({ length: MAXDATA }, (_, index) => (index * 31) & 0xff));
    const file = await newFile(t);
    ok(await write(t, file, data));
    equal('content', await contentOf(t, file), data);
  }),
  must(
    'more-than-maxdata',
    'more than 8192 bytes: refused, and nothing is written; or written wholly',
    { clause: 'RFC 1094 §2.2: MAXDATA' },
    async (t) => {
      const file = await newFile(t);
      const outcome = await outcomeOf(write(t, file, Buffer.alloc(MAXDATA + 4, 'x')));
      // A success has no count with which to say that less was taken.
      equal('size', (await attributesOf(t, file)).size, outcome === 'NFS_OK' ? MAXDATA + 4 : 0);
    },
  ),
  must('unused-fields', 'beginoffset and totalcount have no meaning', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    const data = Buffer.from('XY');
    ok(await nfs2(t).WRITE({ file, beginoffset: 4, offset: 1, totalcount: 0xffff_ffff, data }));
    equal('content', (await contentOf(t, file)).toString(), 'aXYdef');
  }),
  must('above-2gib', 'beyond 2 GiB: offsets are unsigned', async (t) => {
    const file = await newFile(t);
    equal('size', ok(await write(t, file, 'far', 0xc000_0000)).attributes.size, 0xc000_0003);
    equal('data', ok(await read(t, file, 0xc000_0000, 10)).data.toString(), 'far');
  }),
  should(
    'beyond-4gib',
    'so that the size is more than 32 bits can tell: an error',
    { clause: 'RFC 1094 §2.3.5' },
    async (t) => {
      const file = await newFile(t);
      const { status } = await write(t, file, 'beyond it', 0xffff_fffc);
      check(status !== 'NFS_OK', 'NFSERR_FBIG', status);
      equal('size', (await attributesOf(t, file)).size, 0);
    },
  ),
  must('no-bytes', 'no bytes: success, and the size stays', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after, result } = await around(t, file, () => write(t, file, '', 2));
    ok(result);
    equal('size', after.size, before.size);
  }),
  should('no-bytes-keep-mtime', 'no bytes: mtime stays', { clause: 'write(2)' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after } = await around(t, file, async () => ok(await write(t, file, '')));
    stayed('mtime', before, after);
  }),
  must('times', 'mtime and ctime move on', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after } = await around(t, file, async () => ok(await write(t, file, 'xyz')));
    movedOn('mtime', before, after);
    movedOn('ctime', before, after);
  }),
  must('attributes-true', 'the attributes in the reply are those from after', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { after, result } = await around(t, file, () => write(t, file, 'defghi', 3));
    tellsTruth(ok(result).attributes, after);
  }),
  must(
    'no-permission',
    'without write permission: NFSERR_ACCES, nothing is changed',
    { needs: ['users'] },
    async (t) => {
      const file = await newFile(t, 'file', { data: 'abc', mode: 0o644 });
      fails(await write(t, file, 'xyz', 0, BOB), 'NFSERR_ACCES');
      equal('content', (await contentOf(t, file)).toString(), 'abc');
    },
  ),
  must(
    'owner-always',
    'the owner may write whatever the mode says',
    { needs: ['users'], clause: 'RFC 1094 §3.3' },
    async (t) => {
      const file = await newFile(t, 'file', { mode: 0o444 });
      ok(await write(t, file, 'abc'));
      equal('content', (await contentOf(t, file)).toString(), 'abc');
    },
  ),
  linux(
    'clears-suid',
    "a stranger's write takes set-user-ID and set-group-ID away",
    { needs: ['users'], clause: 'write(2)' },
    async (t) => {
      const file = await newFile(t);
      ok(await nfs2(t).SETATTR({ file, attributes: sattr2({ mode: 0o6777 }) }));
      ok(await write(t, file, 'abc', 0, BOB));
      equal('mode', (await attributesOf(t, file)).mode & PERMISSIONS, 0o777);
    },
  ),
  must('directory', 'a directory: NFSERR_ISDIR', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await write(t, await newFolder(t), 'abc'), 'NFSERR_ISDIR');
  }),
  must('symlink', 'a symbolic link: an error, its target is not written', async (t) => {
    const target = await newFile(t, 'target');
    makesNoSense(await write(t, await newLink(t), 'abc'));
    equal('size of the target', (await attributesOf(t, target)).size, 0);
  }),
  must('in-turn', 'writes one after the other without waiting all arrive', async (t) => {
    const file = await newFile(t);
    const blocks = Array.from({ length: 8 }, (_, index) => Buffer.alloc(1000, 0x41 + index));
    for (const res of await Promise.all(blocks.map((block, index) => write(t, file, block, index * 1000)))) ok(res);
    equal('content', await contentOf(t, file), Buffer.concat(blocks));
  }),
  must('udp', '8192 bytes by UDP', { needs: ['udp'], clause: 'RFC 1094 §3.4' }, async (t) => {
    const file = await newFile(t);
    const data = Buffer.alloc(MAXDATA, 'udp!');
    const udp = await t.client(NFS2, { kind: 'udp' });
    ok(await udp.WRITE({ file, beginoffset: 0, offset: 0, totalcount: MAXDATA, data }));
    equal('content', await contentOf(t, file), data);
  }),
  ...handleCases((t, file) => write(t, file, 'abc')),
]);
