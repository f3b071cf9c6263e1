import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, NotApplicable, ok, present } from '../expect.ts';
import { type entryplus3, NFS3 } from '../programs/nfs3.ts';
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
  settled,
  staleFolder,
  tellsTruth,
  writeAll,
} from './tools.ts';

const MOST = 32_768;
const MOST_PAGES = 2000;

const args = (dir: Buffer, counts: { dircount?: number; maxcount?: number } = {}) => ({
  ...{ dir, cookie: 0n, cookieverf: NO_VERIFIER, dircount: MOST, maxcount: MOST },
  ...counts,
});

/** Calls the procedure; servers may leave it out (RFC 1813 §3.3.17: NFS3ERR_NOTSUPP). */
async function plus(t: Context, dir: Buffer, counts: { dircount?: number; maxcount?: number } = {}) {
  const res = await t.nfs.READDIRPLUS(args(dir, counts));
  if (res.status === 'NFS3ERR_NOTSUPP') throw new NotApplicable('the server does not support READDIRPLUS');
  return ok(res);
}

async function walk(t: Context, dir: Buffer, maxcount: number): Promise<entryplus3[]> {
  const all: entryplus3[] = [];
  let page = await plus(t, dir, { maxcount });
  for (let pages = 1; pages < MOST_PAGES; pages++) {
    all.push(...page.reply.entries);
    if (page.reply.eof) return all;
    const last = page.reply.entries.at(-1);
    check(last !== undefined, 'entries, or eof', 'neither');
    const next = { ...args(dir, { maxcount }), cookie: last.cookie, cookieverf: page.cookieverf };
    page = ok(await t.nfs.READDIRPLUS(next));
  }
  throw new NotApplicable(`the listing does not end within ${MOST_PAGES} pages`);
}

const isReal = ({ name }: { readonly name: string }) => name !== '.' && name !== '..';

async function furnish(t: Context): Promise<void> {
  await newFile(t, 'file', { data: 'abc' });
  await newFolder(t, 'folder');
  await newLink(t, 'symlink');
}

async function manyFiles(t: Context, howMany: number): Promise<string[]> {
  const names = Array.from({ length: howMany }, (_, index) => `file-${String(index).padStart(4, '0')}`);
  for (const name of names) await newFile(t, name);
  return names;
}

export const READDIRPLUS = cases({ program: NFS3, procedure: 'READDIRPLUS', clause: 'RFC 1813 §3.3.17' }, [
  must('empty', 'an empty directory: no names, eof', async (t) => {
    const { reply } = await plus(t, await t.folder());
    equal('names and eof', [reply.entries.filter(isReal).length, reply.eof], [0, true]);
  }),
  must('attributes-true', 'told name_attributes are those that GETATTR tells', async (t) => {
    await furnish(t);
    const dir = await t.folder();
    const { reply } = await plus(t, dir);
    equal(
      'names',
      reply.entries
        .filter(isReal)
        .map(({ name }) => name)
        .sort(),
      ['file', 'folder', 'symlink'],
    );
    for (const { name, fileid, name_attributes } of reply.entries.filter(isReal)) {
      const truth = await attributesOf(t.nfs, await handleOf(t.nfs, dir, name));
      equal(`fileid of ${name}`, fileid, truth.fileid);
      tellsTruth(`attributes of ${name}`, name_attributes, truth);
    }
  }),
  must('handles-true', 'told handles are those that LOOKUP gives', async (t) => {
    await furnish(t);
    const dir = await t.folder();
    for (const { name, name_handle } of (await plus(t, dir)).reply.entries.filter(isReal)) {
      const found = await handleOf(t.nfs, dir, name);
      equal(`handle of ${name}`, name_handle ?? found, found);
    }
  }),
  should('all-told', 'attributes and handles of all entries come with it', async (t) => {
    await furnish(t);
    for (const { name, name_attributes, name_handle } of (await plus(t, await t.folder())).reply.entries.filter(
      isReal,
    )) {
      present(`attributes of ${name}`, name_attributes);
      present(`handle of ${name}`, name_handle);
    }
  }),
  must('dot-entries-true', 'what is told of "." and ".." is true', async (t) => {
    const dir = await newFolder(t);
    for (const { name, fileid, name_attributes } of (await plus(t, dir)).reply.entries.filter(
      (each) => !isReal(each),
    )) {
      const truth = await attributesOf(t.nfs, name === '.' ? dir : await t.folder());
      equal(`fileid of ${name}`, fileid, truth.fileid);
      if (name_attributes !== undefined) equal(`attributes of ${name}`, settled(name_attributes), settled(truth));
    }
  }),
  linux('fresh-attributes', 'attributes follow a change at once', { clause: 'nfs(5): close-to-open' }, async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'file');
    await plus(t, dir);
    await writeAll(t.nfs, file, 'four');
    const entry = (await plus(t, dir)).reply.entries.find(({ name }) => name === 'file');
    equal('size', entry?.name_attributes?.size ?? 4n, 4n);
  }),
  must('in-pages', 'a long directory in small pages: every name once', async (t) => {
    const names = await manyFiles(t, 60);
    const entries = await walk(t, await t.folder(), 2048);
    equal(
      'names',
      entries
        .filter(isReal)
        .map(({ name }) => name)
        .sort(),
      names,
    );
  }),
  must('maxcount-is-the-most', 'a result is no larger than maxcount', async (t) => {
    await manyFiles(t, 40);
    const dir = await t.folder();
    for (const maxcount of [1024, 2048, 4096]) {
      const bytes = encode(NFS3.procedures.READDIRPLUS.res, await plus(t, dir, { maxcount })).length;
      check(bytes <= maxcount, `at most ${maxcount} bytes`, `${bytes}`);
    }
  }),
  must('dircount', 'a small dircount still makes headway', async (t) => {
    await manyFiles(t, 5);
    const { reply } = await plus(t, await t.folder(), { dircount: 64 });
    check(reply.entries.length > 0, 'some entries', 'none');
  }),
  must('too-small', 'a maxcount that holds no entry: NFS3ERR_TOOSMALL', async (t) => {
    const dir = await t.folder();
    await newFile(t);
    await plus(t, dir);
    fails(await t.nfs.READDIRPLUS(args(dir, { maxcount: 64 })), 'NFS3ERR_TOOSMALL');
  }),
  must('as-readdir', 'the same names and cookies as READDIR', { clause: 'RFC 1813 §3.3.16' }, async (t) => {
    await furnish(t);
    const dir = await t.folder();
    const plain = ok(await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count: 4096 })).reply.entries;
    const rich = (await plus(t, dir)).reply.entries;
    const key = ({ name, fileid }: { name: string; fileid: bigint }) => `${name} ${fileid}`;
    equal('entries', rich.map(key).sort(), plain.map(key).sort());
  }),
  should('directory-attributes-told', 'dir_attributes come with it, and are true', async (t) => {
    const dir = await t.folder();
    const { dir_attributes } = await plus(t, dir);
    equal(
      'dir_attributes',
      settled(present('dir_attributes', dir_attributes)),
      settled(await attributesOf(t.nfs, dir)),
    );
  }),
  must('no-permission', 'without read permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'closed', { mode: 0o711 });
    await plus(t, dir);
    fails(await t.as(BOB).READDIRPLUS(args(dir)), 'NFS3ERR_ACCES');
  }),
  must('no-search-permission', 'who may read but not search: names all the same', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'readable', { mode: 0o744 });
    await newFile(t, 'inside', { dir });
    await plus(t, dir);
    const { reply } = ok(await t.as(BOB).READDIRPLUS(args(dir)));
    equal(
      'names',
      reply.entries.filter(isReal).map(({ name }) => name),
      ['inside'],
    );
  }),
  must('file', 'a regular file: NFS3ERR_NOTDIR', async (t) => {
    await plus(t, await t.folder());
    fails(await t.nfs.READDIRPLUS(args(await newFile(t))), 'NFS3ERR_NOTDIR');
  }),
  must('stale', 'a removed directory: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    await plus(t, await t.folder());
    fails(await t.nfs.READDIRPLUS(args(await staleFolder(t))), 'NFS3ERR_STALE');
  }),
  must('garbage-handle', 'a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    await plus(t, await t.folder());
    fails(await t.nfs.READDIRPLUS(args(GARBAGE_HANDLE)), ...NEVER_GIVEN);
  }),
]);
