import { cases, must, should } from '../case.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { handleCases } from './common.ts';
import {
  attributesOf,
  BOB,
  CAROL,
  MAXDATA,
  makesNoSense,
  newFile,
  newFolder,
  newLink,
  nfs2,
  read,
  sattr2,
  tellsTruth,
  write,
} from './tools.ts';

/** Different bytes at every place, so that a wrong offset shows. */
const PATTERN = Buffer.from(Array.from({ length: 3 * MAXDATA }, (_, index) => (index * 7 + (index >> 8)) & 0xff));

async function patterned(t: Parameters<typeof newFile>[0]): Promise<Buffer> {
  const file = await newFile(t);
  for (let offset = 0; offset < PATTERN.length; offset += MAXDATA) {
    ok(await write(t, file, PATTERN.subarray(offset, offset + MAXDATA), offset));
  }
  return file;
}

export const READ = cases({ program: NFS2, procedure: 'READ', clause: 'RFC 1094 §2.2.7' }, [
  must('whole', 'more than there is: all of it', async (t) => {
    equal(
      'data',
      ok(await read(t, await newFile(t, 'file', { data: 'twelve bytes' }))).data.toString(),
      'twelve bytes',
    );
  }),
  must('range', 'a part from the middle', async (t) => {
    const file = await patterned(t);
    for (const [offset, count] of [
      [1, 10],
      [4095, 2],
      [8191, 100],
      [10_000, 8192],
    ] as const) {
      equal('data', ok(await read(t, file, offset, count)).data, PATTERN.subarray(offset, offset + count));
    }
  }),
  must('maxdata', '8192 bytes at once', { clause: 'RFC 1094 §2.2: MAXDATA' }, async (t) => {
    equal('data', ok(await read(t, await patterned(t), MAXDATA)).data, PATTERN.subarray(MAXDATA, 2 * MAXDATA));
  }),
  must(
    'more-than-maxdata',
    'more than 8192 asked for: the first 8192 at most',
    { clause: 'RFC 1094 §2.2: MAXDATA' },
    async (t) => {
      const { data } = ok(await read(t, await patterned(t), 5, 20_000));
      check(data.length > 0 && data.length <= MAXDATA, '1 to 8192 bytes', `${data.length}`);
      equal('data', data, PATTERN.subarray(5, 5 + data.length));
    },
  ),
  must('up-to-the-end', 'across the end: what is there', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    equal('data', ok(await read(t, file, 4, 100)).data.toString(), 'ef');
  }),
  must('at-the-end', 'at the end, and beyond it: success, no bytes', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    for (const offset of [3, 4, 0x7fff_ffff, 0xffff_f000]) {
      equal(`bytes from ${offset}`, ok(await read(t, file, offset, 100)).data.length, 0);
    }
  }),
  must('count-zero', 'no bytes asked for: success, no bytes', async (t) => {
    equal('bytes', ok(await read(t, await newFile(t, 'file', { data: 'abc' }), 0, 0)).data.length, 0);
  }),
  must('each-length', 'every length modulo four', { clause: 'RFC 4506 §4.10' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdefgh' });
    for (let count = 1; count <= 8; count++) {
      equal('data', ok(await read(t, file, 0, count)).data.toString(), 'abcdefgh'.slice(0, count));
    }
  }),
  must('totalcount-unused', 'totalcount has no meaning', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    for (const totalcount of [0, 1, 0xffff_ffff]) {
      equal('data', ok(await nfs2(t).READ({ file, offset: 1, count: 3, totalcount })).data.toString(), 'bcd');
    }
  }),
  must('above-2gib', 'beyond 2 GiB: offsets are unsigned', { clause: 'RFC 1094 §2.2.7' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'start' });
    ok(await write(t, file, 'far away', 0x8000_0003));
    equal('data', ok(await read(t, file, 0x8000_0003, 100)).data.toString(), 'far away');
  }),
  must('hole', 'where nothing was written: zeros', async (t) => {
    const file = await newFile(t);
    ok(await write(t, file, 'x', 5000));
    equal('data', ok(await read(t, file, 100, 50)).data, Buffer.alloc(50));
  }),
  must('attributes-true', 'the attributes in the reply are true', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    tellsTruth(ok(await read(t, file, 0, 1)).attributes, await attributesOf(t, file));
  }),
  must('no-permission', 'without read permission: NFSERR_ACCES', { needs: ['users'] }, async (t) => {
    fails(await read(t, await newFile(t, 'file', { mode: 0o600, data: 'abc' }), 0, 3, BOB), 'NFSERR_ACCES');
  }),
  must('by-group', 'by a further group of the caller', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o640, data: 'abc' });
    equal('data', ok(await read(t, file, 0, 3, CAROL)).data.toString(), 'abc');
  }),
  must(
    'owner-always',
    'the owner may read whatever the mode says',
    { needs: ['users'], clause: 'RFC 1094 §3.3' },
    async (t) => {
      const file = await newFile(t, 'file', { data: 'abc' });
      ok(await nfs2(t).SETATTR({ file, attributes: sattr2({ mode: 0o200 }) }));
      equal('data', ok(await read(t, file)).data.toString(), 'abc');
    },
  ),
  should('executable', 'who may execute it may read it', { needs: ['users'], clause: 'RFC 1094 §3.3' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc', mode: 0o711 });
    equal('data', ok(await read(t, file, 0, 3, BOB)).data.toString(), 'abc');
  }),
  must('directory', 'a directory: NFSERR_ISDIR', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await read(t, await newFolder(t)), 'NFSERR_ISDIR');
  }),
  must('symlink', 'a symbolic link: an error', async (t) => {
    makesNoSense(await read(t, await newLink(t)));
  }),
  must('udp', '8192 bytes by UDP', { needs: ['udp'], clause: 'RFC 1094 §3.4' }, async (t) => {
    const file = await patterned(t);
    const udp = await t.client(NFS2, { kind: 'udp' });
    const { data } = ok(await udp.READ({ file, offset: 3, count: MAXDATA, totalcount: 0 }));
    equal('data', data, PATTERN.subarray(3, 3 + MAXDATA));
  }),
  ...handleCases((t, file) => read(t, file)),
]);
