import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, NotApplicable, ok, present } from '../expect.ts';
import { type entry3, NFS3 } from '../programs/nfs3.ts';
import { encode } from '../wire.ts';
import {
  attributesOf,
  BOB,
  GARBAGE_HANDLE,
  handleOf,
  NEVER_GIVEN,
  NO_VERIFIER,
  newFile,
  newFolder,
  newLink,
  staleFolder,
  tellsTruth,
} from './tools.ts';

const COUNT = 4096;
/** Holds only a few entries. */
const SMALL_COUNT = 512;
const MOST_PAGES = 2000;

type Page = { readonly entries: readonly entry3[]; readonly eof: boolean; readonly verifier: Buffer };

async function page(t: Context, dir: Buffer, cookie = 0n, verifier = NO_VERIFIER, count = COUNT): Promise<Page> {
  const { reply, cookieverf } = ok(await t.nfs.READDIR({ dir, cookie, cookieverf: verifier, count }));
  return { entries: reply.entries, eof: reply.eof, verifier: cookieverf };
}

/** Every entry from a cookie on, page after page; `between` runs after each page. */
async function walk(
  t: Context,
  dir: Buffer,
  { count = COUNT, between = async () => {} }: { count?: number; between?: (page: number) => Promise<void> } = {},
): Promise<entry3[]> {
  const all: entry3[] = [];
  let [cookie, verifier] = [0n, NO_VERIFIER];
  for (let pages = 1; pages < MOST_PAGES; pages++) {
    const next = await page(t, dir, cookie, verifier, count);
    all.push(...next.entries);
    if (next.eof) return all;
    const last = next.entries.at(-1);
    check(last !== undefined, 'entries, or eof', 'neither');
    [cookie, verifier] = [last.cookie, next.verifier];
    await between(pages);
  }
  throw new NotApplicable(`the listing does not end within ${MOST_PAGES} pages`);
}

const isReal = ({ name }: { readonly name: string }) => name !== '.' && name !== '..';
const namesOf = (entries: readonly entry3[]) => entries.filter(isReal).map(({ name }) => name);

async function manyFiles(t: Context, howMany: number, prefix = 'file'): Promise<string[]> {
  const names = Array.from({ length: howMany }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`);
  for (const name of names) await newFile(t, name);
  return names;
}

export const READDIR = cases({ program: NFS3, procedure: 'READDIR', clause: 'RFC 1813 §3.3.16' }, [
  must('empty', 'an empty directory: no names, eof', async (t) => {
    const { entries, eof } = await page(t, await t.folder());
    equal('names and eof', [namesOf(entries), eof], [[], true]);
  }),
  linux('dot-entries', '"." and ".." are listed, with their fileids', { clause: 'readdir(3)' }, async (t) => {
    const dir = await newFolder(t);
    const { entries } = await page(t, dir);
    const fileid = (name: string) => entries.find((entry) => entry.name === name)?.fileid;
    equal('fileid of "."', fileid('.'), (await attributesOf(t.nfs, dir)).fileid);
    equal('fileid of ".."', fileid('..'), (await attributesOf(t.nfs, await t.folder())).fileid);
  }),
  must('all-kinds', 'files, directories and links are listed once each, with their fileids', async (t) => {
    const dir = await t.folder();
    await newFile(t, 'file');
    await newFolder(t, 'folder');
    await newLink(t, 'symlink');
    const entries = (await walk(t, dir)).filter(isReal);
    equal('names', namesOf(entries).sort(), ['file', 'folder', 'symlink']);
    for (const { name, fileid } of entries) {
      const { fileid: known } = await attributesOf(t.nfs, await handleOf(t.nfs, dir, name));
      equal(`fileid of ${name}`, fileid, known);
    }
  }),
  must('in-pages', 'a long directory in small pages: every name once', async (t) => {
    const names = await manyFiles(t, 120);
    const found = namesOf(await walk(t, await t.folder(), { count: SMALL_COUNT }));
    equal('names', found.sort(), names);
  }),
  must('count-is-the-most', 'a reply is no larger than count', async (t) => {
    await manyFiles(t, 60);
    const dir = await t.folder();
    for (const count of [SMALL_COUNT, 1024, 2048]) {
      const res = await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count });
      const body = { ...ok(res), dir_attributes: undefined };
      // The result's own bytes: the status and the attributes, which may be left out, are not counted against the server.
      const bytes = encode(NFS3.procedures.READDIR.res, body).length - 8;
      check(bytes <= count, `at most ${count} bytes`, `${bytes}`);
    }
  }),
  must('too-small', 'a count that holds no entry: NFS3ERR_TOOSMALL', async (t) => {
    const dir = await newFolder(t);
    await newFile(t, 'n'.repeat(200), { dir });
    const seen = await page(t, dir);
    const before = seen.entries.findIndex(({ name }) => name.length === 200) - 1;
    const cookie = seen.entries[before]?.cookie ?? 0n;
    const res = await t.nfs.READDIR({ dir, cookie, cookieverf: before < 0 ? NO_VERIFIER : seen.verifier, count: 100 });
    fails(res, 'NFS3ERR_TOOSMALL');
  }),
  must('from-every-cookie', 'from each cookie on: the names after it', async (t) => {
    await manyFiles(t, 12);
    const dir = await t.folder();
    const { entries, verifier } = await page(t, dir);
    for (const [index, { cookie }] of entries.entries()) {
      const rest = await page(t, dir, cookie, verifier);
      equal(`names after the ${index}th`, namesOf(rest.entries), namesOf(entries.slice(index + 1)));
    }
  }),
  must('after-the-last', 'from the last cookie on: nothing, eof', async (t) => {
    await manyFiles(t, 3);
    const dir = await t.folder();
    const { entries, verifier } = await page(t, dir);
    const end = await page(t, dir, entries.at(-1)?.cookie, verifier);
    equal('entries and eof', [end.entries.length, end.eof], [0, true]);
  }),
  must('cookies-differ', 'no two entries have one cookie, and none has 0', async (t) => {
    await manyFiles(t, 40);
    const cookies = (await walk(t, await t.folder(), { count: SMALL_COUNT })).map(({ cookie }) => cookie);
    equal('different cookies', new Set(cookies).size, cookies.length);
    check(!cookies.includes(0n), 'no cookie 0, which means the beginning', '0');
  }),
  must('new-name-shows', 'from the beginning again: a name made since is there, a removed one is not', async (t) => {
    const dir = await t.folder();
    await manyFiles(t, 3);
    await page(t, dir);
    await newFile(t, 'made-since');
    ok(await t.nfs.REMOVE({ object: { dir, name: 'file-0001' } }));
    equal('names', namesOf(await walk(t, dir)).sort(), ['file-0000', 'file-0002', 'made-since']);
  }),
  must('changes-while-listing', 'names come and go between pages: those that stay come exactly once', async (t) => {
    const dir = await t.folder();
    const stay = await manyFiles(t, 60, 'stay');
    await manyFiles(t, 20, 'leave');
    let next = 0;
    const between = async (pages: number) => {
      await newFile(t, `come-${pages}`);
      const name = `leave-${String(next++).padStart(4, '0')}`;
      if (next <= 20) ok(await t.nfs.REMOVE({ object: { dir, name } }));
    };
    // A server may say instead that the cookie is no longer good; then it cannot be tried.
    const entries = await walk(t, dir, { count: SMALL_COUNT, between });
    const found = namesOf(entries).filter((name) => name.startsWith('stay-'));
    equal('names that stayed', found.sort(), stay);
  }),
  must('cookie-of-removed', 'from the cookie of a name that is gone: the names after it', async (t) => {
    const dir = await t.folder();
    await manyFiles(t, 30);
    const first = await page(t, dir, 0n, NO_VERIFIER, SMALL_COUNT);
    const last = first.entries.at(-1);
    check(
      last !== undefined && !first.eof,
      'a first page with entries',
      `${first.entries.length} and eof ${first.eof}`,
    );
    ok(await t.nfs.REMOVE({ object: { dir, name: last.name } }));
    const res = await t.nfs.READDIR({ dir, cookie: last.cookie, cookieverf: first.verifier, count: COUNT });
    if (res.status === 'NFS3ERR_BAD_COOKIE') return;
    const seen = new Set([...namesOf(first.entries), ...namesOf(ok(res).reply.entries)]);
    equal('names in all', seen.size, 30);
  }),
  must('any-bytes', 'names are bytes', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const names = ['\x01', ' ', 'Gr\xc3\xbc\xc3\x9fe', '\xff\xfe'].sort();
    for (const name of names) await newFile(t, name);
    equal('names', namesOf(await walk(t, await t.folder())).sort(), names);
  }),
  must('each-length', 'names of every length modulo four, and the longest', { clause: 'RFC 4506 §4.11' }, async (t) => {
    const names = [1, 2, 3, 4, 5, 255].map((length) => 'n'.repeat(length));
    for (const name of names) await newFile(t, name);
    equal('names', namesOf(await walk(t, await t.folder())).sort(), names);
  }),
  linux(
    'hundreds',
    'a directory of 600 names, as large as clients ask for',
    { clause: 'nfs(5): dtpref' },
    async (t) => {
      const names = await manyFiles(t, 600);
      equal('names', namesOf(await walk(t, await t.folder(), { count: 32_768 })).sort(), names);
    },
  ),
  must('attributes-true', 'dir_attributes are true', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await t.folder();
    const res = ok(await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count: COUNT }));
    tellsTruth('dir_attributes', res.dir_attributes, await attributesOf(t.nfs, dir));
  }),
  should('attributes-told', 'dir_attributes come with it', async (t) => {
    const dir = await t.folder();
    const res = ok(await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count: COUNT }));
    present('dir_attributes', res.dir_attributes);
  }),
  must('no-permission', 'without read permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'closed', { mode: 0o711 });
    fails(await t.as(BOB).READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count: COUNT }), 'NFS3ERR_ACCES');
  }),
  must('file', 'a regular file: NFS3ERR_NOTDIR', async (t) => {
    const dir = await newFile(t);
    fails(await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count: COUNT }), 'NFS3ERR_NOTDIR');
  }),
  must('stale', 'a removed directory: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await staleFolder(t);
    fails(await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count: COUNT }), 'NFS3ERR_STALE');
  }),
  must('garbage-handle', 'a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const args = { dir: GARBAGE_HANDLE, cookie: 0n, cookieverf: NO_VERIFIER, count: COUNT };
    fails(await t.nfs.READDIR(args), ...NEVER_GIVEN);
  }),
]);
