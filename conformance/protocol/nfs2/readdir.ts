import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, NotApplicable, ok } from '../expect.ts';
import { type entry as entryType, NFS2 } from '../programs/nfs2.ts';
import { encode, type TypeOf } from '../wire.ts';
import {
  attributesOf,
  BOB,
  GARBAGE_HANDLE,
  handleOf,
  MAXDATA,
  newFile,
  newFolder,
  newLink,
  nfs2,
  staleFolder,
} from './tools.ts';

type entry = TypeOf<typeof entryType>;
type Page = { readonly entries: readonly entry[]; readonly eof: boolean };

/** Holds only a few entries. */
const SMALL_COUNT = 512;
const MOST_PAGES = 2000;

async function page(t: Context, dir: Buffer, cookie = 0, count = MAXDATA): Promise<Page> {
  return ok(await nfs2(t).READDIR({ dir, cookie, count }));
}

interface Walk {
  readonly count?: number;
  /** Runs after each page but the last. */
  readonly between?: (page: number) => Promise<void>;
}

/** Every entry, page after page. */
async function walk(t: Context, dir: Buffer, { count = MAXDATA, between }: Walk = {}): Promise<entry[]> {
  const all: entry[] = [];
  let cookie = 0;
  for (let pages = 1; pages < MOST_PAGES; pages++) {
    const { entries, eof } = await page(t, dir, cookie, count);
    all.push(...entries);
    if (eof) return all;
    const last = entries.at(-1);
    check(last !== undefined, 'entries, or eof', 'neither');
    cookie = last.cookie;
    await between?.(pages);
  }
  throw new NotApplicable(`the listing does not end within ${MOST_PAGES} pages`);
}

const isReal = ({ name }: entry) => name !== '.' && name !== '..';
const namesOf = (entries: readonly entry[]) => entries.filter(isReal).map(({ name }) => name);

async function manyFiles(t: Context, howMany: number, prefix = 'file'): Promise<string[]> {
  const names = Array.from({ length: howMany }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`);
  for (const name of names) await newFile(t, name);
  return names;
}

export const READDIR = cases({ program: NFS2, procedure: 'READDIR', clause: 'RFC 1094 §2.2.17' }, [
  must('empty', 'an empty directory: no names, eof', async (t) => {
    const { entries, eof } = await page(t, await t.folder2());
    equal('names and eof', [namesOf(entries), eof], [[], true]);
  }),
  linux('dot-entries', '"." and ".." are listed, with their fileids', { clause: 'readdir(3)' }, async (t) => {
    const dir = await newFolder(t);
    const { entries } = await page(t, dir);
    const fileid = (name: string) => entries.find((entry) => entry.name === name)?.fileid;
    equal('fileid of "."', fileid('.'), (await attributesOf(t, dir)).fileid);
    equal('fileid of ".."', fileid('..'), (await attributesOf(t, await t.folder2())).fileid);
  }),
  must('all-kinds', 'files, directories and links are listed once each, with their fileids', async (t) => {
    const dir = await t.folder2();
    await newFile(t, 'file');
    await newFolder(t, 'folder');
    await newLink(t, 'symlink');
    const entries = (await walk(t, dir)).filter(isReal);
    equal('names', namesOf(entries).sort(), ['file', 'folder', 'symlink']);
    for (const { name, fileid } of entries) {
      equal(`fileid of ${name}`, fileid, (await attributesOf(t, await handleOf(t, dir, name))).fileid);
    }
  }),
  must('in-pages', 'a long directory in small pages: every name once', async (t) => {
    const names = await manyFiles(t, 120);
    equal('names', namesOf(await walk(t, await t.folder2(), { count: SMALL_COUNT })).sort(), names);
  }),
  must('count-is-the-most', 'a reply has at most count bytes', async (t) => {
    await manyFiles(t, 60);
    const dir = await t.folder2();
    for (const count of [SMALL_COUNT, 1024]) {
      const res = await nfs2(t).READDIR({ dir, cookie: 0, count });
      ok(res);
      // The status and eof are not counted against the server.
      const bytes = encode(NFS2.procedures.READDIR.res, res).length - 8;
      check(bytes <= count, `at most ${count} bytes`, `${bytes}`);
    }
  }),
  must(
    'large-count',
    'a count above 8192: a listing of any size, that goes on',
    { clause: 'RFC 1094 §2.2: MAXDATA' },
    async (t) => {
      const names = await manyFiles(t, 40);
      equal('names', namesOf(await walk(t, await t.folder2(), { count: 65_536 })).sort(), names);
    },
  ),
  should('too-small', 'a count that holds no entry: an error, not an empty page for ever', async (t) => {
    const dir = await newFolder(t);
    await newFile(t, 'n'.repeat(200), { dir });
    const { entries } = await page(t, dir);
    const before = entries[entries.findIndex(({ name }) => name.length === 200) - 1];
    const { status } = await nfs2(t).READDIR({ dir, cookie: before?.cookie ?? 0, count: 100 });
    check(status !== 'NFS_OK', 'an error', status);
  }),
  must('from-every-cookie', 'from each cookie on: the names after it', async (t) => {
    await manyFiles(t, 12);
    const dir = await t.folder2();
    const { entries } = await page(t, dir);
    for (const [index, { cookie }] of entries.entries()) {
      const rest = await page(t, dir, cookie);
      equal(`names after the ${index}th`, namesOf(rest.entries), namesOf(entries.slice(index + 1)));
    }
  }),
  must('after-the-last', 'from the last cookie on: nothing, eof', async (t) => {
    await manyFiles(t, 3);
    const dir = await t.folder2();
    const { entries } = await page(t, dir);
    const end = await page(t, dir, entries.at(-1)?.cookie);
    equal('entries and eof', [end.entries.length, end.eof], [0, true]);
  }),
  must('cookies-differ', 'no two entries have one cookie, and none has 0', async (t) => {
    await manyFiles(t, 40);
    const cookies = (await walk(t, await t.folder2(), { count: SMALL_COUNT })).map(({ cookie }) => cookie);
    equal('different cookies', new Set(cookies).size, cookies.length);
    check(!cookies.includes(0), 'no cookie 0, which means the beginning', '0');
  }),
  must('other-connection', 'a cookie works on another connection', async (t) => {
    const names = await manyFiles(t, 30);
    const dir = await t.folder2();
    const first = await page(t, dir, 0, SMALL_COUNT);
    const other = await t.client(NFS2);
    const rest = ok(await other.READDIR({ dir, cookie: first.entries.at(-1)?.cookie ?? 0, count: MAXDATA }));
    equal('names', [...namesOf(first.entries), ...namesOf(rest.entries)].sort(), names);
  }),
  must('new-name-shows', 'from the beginning again: a name made since is there, a removed one is not', async (t) => {
    const dir = await t.folder2();
    await manyFiles(t, 3);
    await page(t, dir);
    await newFile(t, 'made-since');
    ok(await nfs2(t).REMOVE({ dir, name: 'file-0001' }));
    equal('names', namesOf(await walk(t, dir)).sort(), ['file-0000', 'file-0002', 'made-since']);
  }),
  must('changes-while-listing', 'names come and go between pages: those that stay come exactly once', async (t) => {
    const dir = await t.folder2();
    const stay = await manyFiles(t, 40, 'stay');
    const leave = await manyFiles(t, 10, 'leave');
    const between = async (pages: number) => {
      await newFile(t, `come-${pages}`);
      const name = leave.shift();
      if (name !== undefined) ok(await nfs2(t).REMOVE({ dir, name }));
    };
    const found = namesOf(await walk(t, dir, { count: SMALL_COUNT, between }));
    equal('names that stayed', found.filter((name) => name.startsWith('stay-')).sort(), stay);
  }),
  should('cookie-of-removed', 'from the cookie of a name that is gone: the names after it', async (t) => {
    const dir = await t.folder2();
    await manyFiles(t, 30);
    const first = await page(t, dir, 0, SMALL_COUNT);
    const last = first.entries.at(-1);
    check(last !== undefined && !first.eof, 'a first page with entries', `eof ${first.eof}`);
    ok(await nfs2(t).REMOVE({ dir, name: last.name }));
    const rest = await page(t, dir, last.cookie);
    equal('names in all', new Set([...namesOf(first.entries), ...namesOf(rest.entries)]).size, 30);
  }),
  must('names-of-all-kinds', 'names are bytes, of every length up to 255', { clause: 'RFC 1094 §2.3.7' }, async (t) => {
    const lengths = [1, 2, 3, 4, 5, 254, 255].map((length) => 'n'.repeat(length));
    const names = [...lengths, '\x01', ' ', 'Gr\xc3\xbc\xc3\x9fe', '\xff\xfe'].sort();
    for (const name of names) await newFile(t, name);
    equal('names', namesOf(await walk(t, await t.folder2())).sort(), names);
  }),
  must('no-permission', 'without read permission: NFSERR_ACCES', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'closed', { mode: 0o711 });
    fails(await nfs2(t, BOB).READDIR({ dir, cookie: 0, count: MAXDATA }), 'NFSERR_ACCES');
  }),
  must('file', 'a regular file: NFSERR_NOTDIR', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await nfs2(t).READDIR({ dir: await newFile(t), cookie: 0, count: MAXDATA }), 'NFSERR_NOTDIR');
  }),
  must('stale', 'a removed directory: NFSERR_STALE', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await nfs2(t).READDIR({ dir: await staleFolder(t), cookie: 0, count: MAXDATA }), 'NFSERR_STALE');
  }),
  must('garbage-handle', 'a handle of no server: NFSERR_STALE', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await nfs2(t).READDIR({ dir: GARBAGE_HANDLE, cookie: 0, count: MAXDATA }), 'NFSERR_STALE');
  }),
]);
