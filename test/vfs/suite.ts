import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Awaitable } from '../../src/common/awaitable.ts';
import { Access, type Caller, type FileSystem, FileType, FsError, MAX_OFFSET, Stability } from '../../src/vfs/index.ts';
import { ALICE, BOB, bytes, CAROL, contentOf, directory, failsWith, file, names, ROOT } from './support.ts';

/** A file system to be tested, with an empty root that everybody may write to. */
export interface Fixture {
  readonly fs: FileSystem;
  /** Who the tests act as where it does not matter. */
  readonly me: Caller;
  /** Closes it and opens it again, as a restart of the server does. */
  reopen(): Promise<FileSystem>;
  dispose(): Promise<void>;
}

export interface SuiteOptions {
  /** Why the tests that need several users are skipped. */
  readonly oneUser?: string | undefined;
  /** Why the tests that restart the server are skipped. */
  readonly noRestart?: string | undefined;
}

/** What every {@link FileSystem} has to do. */
export function fileSystemSuite(name: string, make: () => Awaitable<Fixture>, options: SuiteOptions = {}): void {
  const unless = (reason: string | undefined) => (reason === undefined ? {} : { skip: reason });
  const check = (title: string, run: (fixture: Fixture) => Promise<void>, how: { skip?: string } = {}) =>
    test(title, how, async () => {
      const fixture = await make();
      try {
        await run(fixture);
      } finally {
        await fixture.dispose();
      }
    });

  describe(name, () => {
    handles(check);
    lookups(check);
    data(check);
    creation(check);
    removal(check);
    renaming(check);
    attributes(check);
    listing(check);
    restarts((title, run) => check(title, run, unless(options.noRestart)));
    permission((title, run) => check(title, run, unless(options.oneUser)));
  });
}

type Check = (title: string, run: (fixture: Fixture) => Promise<void>) => void;

function handles(check: Check): void {
  check('resolve: the same object for the same body', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'x');
    assert.equal(await fs.resolve(made.inode.body), made.inode);
    assert.ok(made.inode.body.length <= 41);
  });

  check('resolve: a removed file is STALE', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a');
    await fs.remove(me, fs.root, bytes('a'));
    await failsWith('STALE', () => fs.resolve(made.inode.body));
    await failsWith('STALE', () => fs.attributes(made.inode));
  });

  check('resolve: a removed file is STALE from the moment it is removed', async ({ fs, me }) => {
    for (let at = 0; at < 50; at += 1) {
      const { inode } = await file(fs, me, fs.root, `f${at}`, 'x');
      await fs.remove(me, fs.root, bytes(`f${at}`));
      await failsWith('STALE', () => fs.attributes(inode));
    }
  });

  check('resolve: a removed directory is STALE, also as the place of an operation', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    await fs.rmdir(me, fs.root, bytes('d'));
    await failsWith('STALE', () => fs.lookup(me, dir, bytes('x')));
    await failsWith('STALE', () => file(fs, me, dir, 'x'));
  });

  check('resolve: bytes that name nothing are BADHANDLE', async ({ fs }) => {
    for (const body of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(64, 0xff)]) {
      await failsWith('BADHANDLE', () => fs.resolve(body));
    }
  });
}

function restarts(check: Check): void {
  check('handles outlive the file system object: files, directories, hard links, after RENAME', async (fixture) => {
    const { fs, me } = fixture;
    const dir = await directory(fs, me, fs.root, 'd');
    const deep = await directory(fs, me, dir, 'deep');
    const made = await file(fs, me, deep, 'a', 'content');
    await fs.link(me, made.inode, fs.root, bytes('other'));
    await fs.rename(me, deep, bytes('a'), dir, bytes('b'));
    await fs.remove(me, fs.root, bytes('other'));
    await fs.rename(me, fs.root, bytes('d'), fs.root, bytes('e'));
    const bodies = [made.inode.body, deep.body, dir.body, fs.root.body];
    const again = await fixture.reopen();
    assert.equal(String(await contentOf(again, me, await again.resolve(bodies[0]!))), 'content');
    for (const body of bodies) assert.deepEqual((await again.resolve(body)).body, body);
    await again.lookup(me, await again.resolve(dir.body), bytes('b'));
  });

  check('a handle seen only by READDIRPLUS outlives the file system object', async (fixture) => {
    const { fs, me } = fixture;
    await file(fs, me, fs.root, 'a', 'listed');
    const { entries } = await fs.readdir(me, fs.root, 0n, true, () => true);
    const { body } = entries.find((entry) => entry.name.equals(bytes('a')))!.inode!;
    const again = await fixture.reopen();
    assert.equal(String(await contentOf(again, me, await again.resolve(body))), 'listed');
  });

  check('CREATE exclusive finds its file again after a restart', async (fixture) => {
    const { fs, me } = fixture;
    const verifier = Buffer.from('0123456789abcdef', 'hex');
    const first = await fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier });
    const again = await fixture.reopen();
    const second = await again.create(me, again.root, bytes('a'), { mode: 'exclusive', verifier });
    assert.deepEqual(second.inode.body, first.inode.body);
  });
}

function lookups(check: Check): void {
  check('LOOKUP finds a file, with the attributes of both', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'abc');
    const found = await fs.lookup(me, fs.root, bytes('a'));
    assert.equal(found.inode, made.inode);
    assert.equal(found.attributes.size, 3);
    assert.equal(found.directory.type, FileType.DIR);
  });

  check(
    'LOOKUP in the turn of the event loop in which its directory was changed tells the change',
    async ({ fs, me }) => {
      const dir = await directory(fs, me, fs.root, 'd');
      await file(fs, me, dir, 'a');
      const modes = [0o700, 0o711, 0o755];
      const started = modes.flatMap((mode) => [fs.setAttributes(me, dir, { mode }), fs.lookup(me, dir, bytes('a'))]);
      const ended = await Promise.all(started);
      const seen = ended.flatMap((result) => ('directory' in result ? [result.directory.mode] : []));
      assert.deepEqual(seen, modes);
    },
  );

  check('LOOKUP: NOENT, NOTDIR, NAMETOOLONG', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a');
    await failsWith('NOENT', () => fs.lookup(me, fs.root, bytes('b')));
    await failsWith('NOTDIR', () => fs.lookup(me, made.inode, bytes('b')));
    await failsWith('NAMETOOLONG', () => fs.lookup(me, fs.root, Buffer.alloc(256, 'x')));
  });

  check('LOOKUP of `.` and `..`: `..` of the root is the root (RFC 1813 §3.3.3)', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    assert.equal((await fs.lookup(me, dir, bytes('.'))).inode, dir);
    assert.equal((await fs.lookup(me, dir, bytes('..'))).inode, fs.root);
    assert.equal((await fs.lookup(me, fs.root, bytes('..'))).inode, fs.root);
  });

  check('names of any bytes', async ({ fs, me }) => {
    const odd = [Buffer.from([0xff, 0xfe, 0x01]), Buffer.from('\n\\ "'), Buffer.alloc(255, 0xe9), Buffer.from('ü')];
    for (const name of odd) await file(fs, me, fs.root, name, name);
    for (const name of odd) {
      const { inode } = await fs.lookup(me, fs.root, name);
      assert.deepEqual(await contentOf(fs, me, inode), name);
    }
    const listed = (await names(fs, me, fs.root)).map((name) => name.toString('hex'));
    for (const name of odd) assert.ok(listed.includes(name.toString('hex')));
  });

  check('READLINK gives the target as it was; INVAL for what is no link (§3.3.5)', async ({ fs, me }) => {
    const target = Buffer.from([0x2e, 0x2e, 0x2f, 0xff]);
    const { inode, attributes } = await fs.symlink(me, fs.root, bytes('l'), target, {});
    assert.equal(attributes.type, FileType.LNK);
    assert.deepEqual((await fs.readlink(me, inode)).target, target);
    await failsWith('INVAL', () => fs.readlink(me, fs.root));
  });

  check('a symbolic link is never followed', async ({ fs, me }) => {
    await directory(fs, me, fs.root, 'd');
    const { inode } = await fs.symlink(me, fs.root, bytes('l'), bytes('d'), {});
    assert.equal((await fs.lookup(me, fs.root, bytes('l'))).inode, inode);
    await failsWith('NOTDIR', () => fs.lookup(me, inode, bytes('x')));
    await failsWith('NOTDIR', () => file(fs, me, inode, 'x'));
    await failsWith('INVAL', () => fs.read(me, inode, 0, 10));
    await failsWith('EXIST', () => fs.create(me, fs.root, bytes('l'), { mode: 'unchecked', attributes: {} }));
  });
}

function data(check: Check): void {
  check('WRITE and READ, with attributes around the change', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const pieces = [bytes('one '), bytes('two '), bytes('three')];
    const written = await fs.write(me, inode, 0, pieces, Stability.FILE_SYNC);
    assert.equal(written.count, 13);
    assert.equal(written.committed, Stability.FILE_SYNC);
    assert.equal(written.file.before?.size, 0);
    assert.equal(written.file.after.size, 13);
    const read = await fs.read(me, inode, 4, 3);
    assert.equal(String(read.data), 'two');
    assert.equal(read.eof, false);
    read.release?.();
  });

  check('READ at the end, behind it, and of nothing (§3.3.6)', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'abc');
    for (const [offset, count, length, eof] of [
      [0, 3, 3, true],
      [0, 100, 3, true],
      [1, 1, 1, false],
      [3, 10, 0, true],
      [1000, 10, 0, true],
      [0, 0, 0, false],
      [3, 0, 0, true],
      [MAX_OFFSET, 10, 0, true],
    ] as const) {
      const read = await fs.read(me, inode, offset, count);
      assert.deepEqual([read.data.length, read.eof], [length, eof], `READ ${count} at ${offset}`);
      read.release?.();
    }
  });

  check('data of a READ stays as it is until it is released', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'first');
    const one = await fs.read(me, inode, 0, 5);
    await fs.write(me, inode, 0, [bytes('other')], Stability.UNSTABLE);
    const two = await fs.read(me, inode, 0, 5);
    assert.equal(String(one.data), 'first');
    assert.equal(String(two.data), 'other');
    one.release?.();
    two.release?.();
  });

  check('WRITE of more than a pipe holds, and in the middle of what is there', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const large = Buffer.alloc(300_000, 'L');
    assert.equal((await fs.write(me, inode, 0, [large], Stability.UNSTABLE)).count, 300_000);
    await fs.write(me, inode, 100_001, [bytes('mid')], Stability.UNSTABLE);
    await fs.commit(me, inode);
    large.write('mid', 100_001);
    const got = [await contentOf(fs, me, inode, 0, 200_000), await contentOf(fs, me, inode, 200_000, 200_000)];
    assert.ok(Buffer.concat(got).equals(large));
  });

  check('sparse files beyond 4 GiB', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const far = 5 * 2 ** 30 + 3;
    await fs.write(me, inode, far, [bytes('far')], Stability.FILE_SYNC);
    const { size, used } = await fs.attributes(inode);
    assert.equal(size, far + 3);
    assert.ok(used < 2 ** 20);
    assert.equal(String(await contentOf(fs, me, inode, far, 10)), 'far');
    assert.ok((await contentOf(fs, me, inode, far - 4096, 4096)).every((byte) => byte === 0));
  });

  check('WRITE behind the largest size: FBIG', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    await failsWith('FBIG', () => fs.write(me, inode, fs.limits.maxFileSize, [bytes('x')], Stability.UNSTABLE));
  });

  check('READ, WRITE, COMMIT of a directory: ISDIR; of another non-file: INVAL', async ({ fs, me }) => {
    const { inode: fifo } = await fs.mknod(me, fs.root, bytes('p'), { type: FileType.FIFO }, { mode: 0o666 });
    for (const [inode, code] of [[fs.root, 'ISDIR'] as const, [fifo, 'INVAL'] as const]) {
      await failsWith(code, () => fs.read(me, inode, 0, 10));
      await failsWith(code, () => fs.write(me, inode, 0, [bytes('x')], Stability.UNSTABLE));
      await failsWith(code, () => fs.commit(me, inode));
    }
  });

  check('COMMIT leaves the verifier as it is', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const verifier = Buffer.from(fs.writeVerifier);
    await fs.write(me, inode, 0, [bytes('x')], Stability.UNSTABLE);
    const { after } = await fs.commit(me, inode);
    assert.equal(after.size, 1);
    assert.deepEqual(fs.writeVerifier, verifier);
  });
}

function creation(check: Check): void {
  check('CREATE guarded: EXIST for an existing name; unchecked opens it and sets only the size', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'content', 0o640);
    const how = { mode: 'guarded', attributes: {} } as const;
    await failsWith('EXIST', () => fs.create(me, fs.root, bytes('a'), how));
    const opened = await fs.create(me, fs.root, bytes('a'), { mode: 'unchecked', attributes: { mode: 0o777 } });
    assert.equal(opened.inode, made.inode);
    assert.equal(opened.attributes.mode, 0o640);
    assert.equal(opened.attributes.size, 7);
    const emptied = await fs.create(me, fs.root, bytes('a'), { mode: 'unchecked', attributes: { size: 0 } });
    assert.equal(emptied.attributes.size, 0);
  });

  check('CREATE gives the mode asked for, whatever the umask is, and the attributes of the directory', async (f) => {
    const { fs, me } = f;
    const made = await file(fs, me, fs.root, 'a', '', 0o666);
    assert.equal(made.attributes.mode, 0o666);
    assert.equal(made.attributes.uid, me.uid);
    assert.ok(made.directory.before !== undefined);
    assert.deepEqual(made.directory.after, await fs.attributes(fs.root));
  });

  check('CREATE on a directory, and of `.` and `..`: EXIST', async ({ fs, me }) => {
    await directory(fs, me, fs.root, 'd');
    for (const name of ['d', '.', '..']) {
      await failsWith('EXIST', () => fs.create(me, fs.root, bytes(name), { mode: 'unchecked', attributes: {} }));
    }
  });

  check('CREATE exclusive: the same verifier finds its file again, another one EXIST (§3.3.8)', async ({ fs, me }) => {
    const verifier = Buffer.from('fedcba9876543210', 'hex');
    const first = await fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier });
    const second = await fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier });
    assert.equal(second.inode, first.inode);
    const other = Buffer.from('fedcba9876543211', 'hex');
    await failsWith('EXIST', () => fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier: other }));
  });

  check('MKDIR, SYMLINK, MKNOD: EXIST for an existing name', async ({ fs, me }) => {
    await file(fs, me, fs.root, 'a');
    await failsWith('EXIST', () => fs.mkdir(me, fs.root, bytes('a'), {}));
    await failsWith('EXIST', () => fs.symlink(me, fs.root, bytes('a'), bytes('t'), {}));
    await failsWith('EXIST', () => fs.mknod(me, fs.root, bytes('a'), { type: FileType.FIFO }, {}));
    await failsWith('EXIST', () => fs.mkdir(me, fs.root, bytes('..'), {}));
  });

  check('MKDIR: mode, links and the change of the parent', async ({ fs, me }) => {
    const made = await fs.mkdir(me, fs.root, bytes('d'), { mode: 0o750 });
    assert.equal(made.attributes.type, FileType.DIR);
    assert.equal(made.attributes.mode, 0o750);
    assert.notDeepEqual(made.directory.before, made.directory.after);
  });

  check('SYMLINK: an empty target or one with NUL is INVAL, one too long NAMETOOLONG', async ({ fs, me }) => {
    await failsWith('INVAL', () => fs.symlink(me, fs.root, bytes('l'), bytes(''), {}));
    await failsWith('INVAL', () => fs.symlink(me, fs.root, bytes('l'), bytes('a\0b'), {}));
    await failsWith('NAMETOOLONG', () => fs.symlink(me, fs.root, bytes('l'), Buffer.alloc(4096, 'x'), {}));
  });

  check('MKNOD: FIFO and socket', async ({ fs, me }) => {
    for (const type of [FileType.FIFO, FileType.SOCK] as const) {
      const made = await fs.mknod(me, fs.root, bytes(`n${type}`), { type }, { mode: 0o600 });
      assert.equal(made.attributes.type, type);
      assert.equal(made.attributes.mode, 0o600);
    }
  });

  check('LINK: a second name of the same file; EXIST, ISDIR (§3.3.15)', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'x');
    const dir = await directory(fs, me, fs.root, 'd');
    const linked = await fs.link(me, made.inode, dir, bytes('b'));
    assert.equal(linked.file.nlink, 2);
    assert.equal((await fs.lookup(me, dir, bytes('b'))).inode, made.inode);
    await failsWith('EXIST', () => fs.link(me, made.inode, dir, bytes('b')));
    await failsWith('ISDIR', () => fs.link(me, dir, fs.root, bytes('e')));
    await fs.remove(me, fs.root, bytes('a'));
    assert.equal(String(await contentOf(fs, me, made.inode)), 'x');
  });

  check('LINK of a symbolic link links the link itself', async ({ fs, me }) => {
    const { inode } = await fs.symlink(me, fs.root, bytes('l'), bytes('nowhere'), {});
    await fs.link(me, inode, fs.root, bytes('m'));
    assert.equal((await fs.lookup(me, fs.root, bytes('m'))).inode, inode);
  });
}

function removal(check: Check): void {
  check('REMOVE: NOENT, ISDIR; the directory changes', async ({ fs, me }) => {
    await file(fs, me, fs.root, 'a');
    await directory(fs, me, fs.root, 'd');
    await failsWith('NOENT', () => fs.remove(me, fs.root, bytes('b')));
    await failsWith('ISDIR', () => fs.remove(me, fs.root, bytes('d')));
    const change = await fs.remove(me, fs.root, bytes('a'));
    assert.notDeepEqual(change.before, change.after);
    await failsWith('NOENT', () => fs.lookup(me, fs.root, bytes('a')));
  });

  check('RMDIR: NOTEMPTY, NOTDIR, `.` INVAL, `..` EXIST (§3.3.13)', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    await file(fs, me, dir, 'a');
    await failsWith('NOTEMPTY', () => fs.rmdir(me, fs.root, bytes('d')));
    await failsWith('NOTDIR', () => fs.rmdir(me, dir, bytes('a')));
    await failsWith('INVAL', () => fs.rmdir(me, dir, bytes('.')));
    await failsWith('EXIST', () => fs.rmdir(me, dir, bytes('..')));
    await fs.remove(me, dir, bytes('a'));
    await fs.rmdir(me, fs.root, bytes('d'));
    await failsWith('NOENT', () => fs.rmdir(me, fs.root, bytes('d')));
  });

  check('a name that was used again is another file', async ({ fs, me }) => {
    const first = await file(fs, me, fs.root, 'a', 'first');
    await fs.remove(me, fs.root, bytes('a'));
    const second = await file(fs, me, fs.root, 'a', 'second');
    assert.notEqual(second.inode, first.inode);
    assert.equal((await fs.lookup(me, fs.root, bytes('a'))).inode, second.inode);
    await failsWith('STALE', () => fs.attributes(first.inode));
  });
}

function renaming(check: Check): void {
  check('RENAME between directories; the file stays the same', async ({ fs, me }) => {
    const [from, to] = [await directory(fs, me, fs.root, 'f'), await directory(fs, me, fs.root, 't')];
    const made = await file(fs, me, from, 'a', 'x');
    const change = await fs.rename(me, from, bytes('a'), to, bytes('b'));
    assert.notDeepEqual(change.from.before, change.from.after);
    assert.notDeepEqual(change.to.before, change.to.after);
    assert.equal((await fs.lookup(me, to, bytes('b'))).inode, made.inode);
    await failsWith('NOENT', () => fs.lookup(me, from, bytes('a')));
    await failsWith('NOENT', () => fs.rename(me, from, bytes('a'), to, bytes('c')));
  });

  check('RENAME replaces a file; the replaced one is STALE', async ({ fs, me }) => {
    const a = await file(fs, me, fs.root, 'a', 'new');
    const b = await file(fs, me, fs.root, 'b', 'old');
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b'));
    assert.equal((await fs.lookup(me, fs.root, bytes('b'))).inode, a.inode);
    await failsWith('STALE', () => fs.attributes(b.inode));
  });

  check('RENAME of two names of one file does nothing (§3.3.14)', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    await fs.link(me, inode, fs.root, bytes('b'));
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b'));
    assert.equal((await fs.lookup(me, fs.root, bytes('a'))).inode, inode);
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('a'));
    assert.equal((await fs.attributes(inode)).nlink, 2);
  });

  check('RENAME onto a non-empty directory: NOTEMPTY; onto an empty one it replaces it', async ({ fs, me }) => {
    const [a, b] = [await directory(fs, me, fs.root, 'a'), await directory(fs, me, fs.root, 'b')];
    await file(fs, me, b, 'x');
    await failsWith('NOTEMPTY', () => fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b')));
    await fs.remove(me, b, bytes('x'));
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b'));
    assert.equal((await fs.lookup(me, fs.root, bytes('b'))).inode, a);
  });

  check('RENAME of a directory onto a file and the other way round: EXIST (§3.3.14)', async ({ fs, me }) => {
    await directory(fs, me, fs.root, 'd');
    await file(fs, me, fs.root, 'a');
    await failsWith('EXIST', () => fs.rename(me, fs.root, bytes('d'), fs.root, bytes('a')));
    await failsWith('EXIST', () => fs.rename(me, fs.root, bytes('a'), fs.root, bytes('d')));
  });

  check('RENAME of a directory into itself, and of `.` and `..`: INVAL', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    const sub = await directory(fs, me, dir, 's');
    await failsWith('INVAL', () => fs.rename(me, fs.root, bytes('d'), sub, bytes('x')));
    await failsWith('INVAL', () => fs.rename(me, dir, bytes('.'), fs.root, bytes('x')));
    await failsWith('INVAL', () => fs.rename(me, dir, bytes('s'), fs.root, bytes('..')));
  });
}

function attributes(check: Check): void {
  check(
    'what an operation has found is told right before the change, and not told if there is none',
    async ({ fs, me }) => {
      const told: unknown[] = [];
      const tell = (...found: unknown[]) => void told.push(found);
      const [a, b] = [bytes('a'), bytes('b')];
      const { inode } = await fs.create(me, fs.root, a, { mode: 'guarded', attributes: { mode: 0o644 } }, tell);
      await fs.link(me, inode, fs.root, b, tell);
      await fs.rename(me, fs.root, a, fs.root, b, tell);
      await fs.rename(me, fs.root, a, fs.root, bytes('c'), tell);
      await fs.remove(me, fs.root, b, tell);
      await fs.mkdir(me, fs.root, bytes('d'), {}, tell);
      const { inode: d } = await fs.lookup(me, fs.root, bytes('d'));
      await fs.rmdir(me, fs.root, bytes('d'), tell);
      await fs.setAttributes(me, inode, {}, undefined, tell);
      assert.deepEqual(told, [[undefined], [undefined], [inode, undefined], [inode], [undefined], [d]]);
      const { attributes } = await fs.lookup(me, fs.root, bytes('c'));
      await fs.setAttributes(me, inode, { mode: 0o600 }, undefined, tell);
      assert.deepEqual(told.at(-1), [attributes]);
      const open = { mode: 'unchecked', attributes: { size: 0 } } as const;
      const now = await fs.attributes(inode);
      await fs.create(me, fs.root, bytes('c'), open, tell);
      assert.deepEqual(told.at(-1), [now]);
    },
  );

  check('an operation whose `before` throws changes nothing, and ends with that', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'abc');
    const stop = () => {
      throw new FsError('JUKEBOX', 'stopped');
    };
    const [a, b] = [bytes('a'), bytes('b')];
    await failsWith('JUKEBOX', () => fs.create(me, fs.root, b, { mode: 'guarded', attributes: {} }, stop));
    await failsWith('JUKEBOX', () =>
      fs.create(me, fs.root, b, { mode: 'exclusive', verifier: bytes('verifier') }, stop),
    );
    await failsWith('JUKEBOX', () => fs.mkdir(me, fs.root, b, {}, stop));
    await failsWith('JUKEBOX', () => fs.symlink(me, fs.root, b, a, {}, stop));
    await failsWith('JUKEBOX', () => fs.mknod(me, fs.root, b, { type: FileType.FIFO }, {}, stop));
    await failsWith('JUKEBOX', () => fs.link(me, inode, fs.root, b, stop));
    await failsWith('JUKEBOX', () => fs.rename(me, fs.root, a, fs.root, b, stop));
    await failsWith('JUKEBOX', () => fs.remove(me, fs.root, a, stop));
    await failsWith('JUKEBOX', () => fs.setAttributes(me, inode, { size: 0 }, undefined, stop));
    await failsWith('NOENT', () => fs.lookup(me, fs.root, b));
    assert.equal((await fs.lookup(me, fs.root, a)).attributes.size, 3);
    await fs.flush([inode, fs.root]);
  });

  check('SETATTR of nothing changes nothing', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const { before, after } = await fs.setAttributes(me, inode, { mode: undefined });
    assert.deepEqual(before, after);
  });

  check('SETATTR: mode, size up and down, times to the nanosecond', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'abcdef');
    const at = { seconds: 1_000_000_000, nanoseconds: 123_456_789 };
    const { after } = await fs.setAttributes(me, inode, { mode: 0o600, size: 3, mtime: at, atime: 'now' });
    assert.equal(after.mode, 0o600);
    assert.equal(after.size, 3);
    assert.equal(after.mtimeSeconds, at.seconds);
    assert.equal(after.mtimeNanoseconds, at.nanoseconds);
    await fs.setAttributes(me, inode, { size: 10 });
    assert.equal(String(await contentOf(fs, me, inode)), 'abc\0\0\0\0\0\0\0');
  });

  check('SETATTR: times before 1970 and after 2038', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    for (const seconds of [-1, 2 ** 31 + 5]) {
      const { after } = await fs.setAttributes(me, inode, { mtime: { seconds, nanoseconds: 7 } });
      assert.deepEqual([after.mtimeSeconds, after.mtimeNanoseconds], [seconds, 7]);
    }
  });

  check('SETATTR of a symbolic link sets its own times', async ({ fs, me }) => {
    const { inode } = await fs.symlink(me, fs.root, bytes('l'), bytes('nowhere'), {});
    const { after } = await fs.setAttributes(me, inode, { mode: 0, mtime: { seconds: 5, nanoseconds: 6 } });
    assert.deepEqual([after.mtimeSeconds, after.mtimeNanoseconds], [5, 6]);
    assert.equal(after.mode, 0o777);
  });

  check('SETATTR guard: NOT_SYNC if the ctime is another (§3.3.2)', async ({ fs, me }) => {
    const { inode, attributes: now } = await file(fs, me, fs.root, 'a');
    const ctime = { seconds: now.ctimeSeconds, nanoseconds: now.ctimeNanoseconds };
    const wrong = { ...ctime, seconds: ctime.seconds - 1 };
    await failsWith('NOT_SYNC', () => fs.setAttributes(me, inode, { mode: 0o600 }, wrong));
    assert.equal((await fs.attributes(inode)).mode, 0o644);
    await fs.setAttributes(me, inode, { mode: 0o600 }, ctime);
  });

  check('SETATTR of size: ISDIR, INVAL, FBIG', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const link = await fs.symlink(me, fs.root, bytes('l'), bytes('a'), {});
    await failsWith('ISDIR', () => fs.setAttributes(me, fs.root, { size: 0 }));
    await failsWith('INVAL', () => fs.setAttributes(me, link.inode, { size: 0 }));
    if (fs.limits.maxFileSize === MAX_OFFSET) return;
    await failsWith('FBIG', () => fs.setAttributes(me, inode, { size: fs.limits.maxFileSize + 1 }));
  });

  check('space and limits are told', async ({ fs }) => {
    const space = await fs.space();
    assert.ok(space.totalBytes >= space.freeBytes && space.freeBytes >= space.availableBytes);
    assert.ok(fs.limits.maxNameBytes >= 255 && fs.limits.maxLinks > 1 && fs.limits.maxFileSize > 2 ** 40);
  });
}

function listing(check: Check): void {
  check('READDIR: `.`, `..` and every name once, with small replies', async ({ fs, me }) => {
    const made = Array.from({ length: 50 }, (_, at) => `n${at}`);
    for (const name of made) await file(fs, me, fs.root, name);
    for (const perReply of [1, 7, 1000]) {
      const listed = (await names(fs, me, fs.root, perReply)).map(String).sort();
      assert.deepEqual(listed, ['.', '..', ...made].sort());
    }
  });

  check('READDIR: an entry that stays is listed once while others come and go', async ({ fs, me }) => {
    const kept = Array.from({ length: 100 }, (_, at) => `keep${at}`);
    for (const name of kept) await file(fs, me, fs.root, name);
    for (let at = 0; at < 100; at += 1) await file(fs, me, fs.root, `go${at}`);
    const seen: string[] = [];
    let cookie = 0n;
    for (let round = 0, eof = false; !eof; round += 1) {
      let room = 9;
      const reply = await fs.readdir(me, fs.root, cookie, false, () => room-- > 0);
      seen.push(...reply.entries.map((entry) => String(entry.name)));
      cookie = reply.entries.at(-1)?.cookie ?? cookie;
      eof = reply.eof;
      if (round < 100) await fs.remove(me, fs.root, bytes(`go${round}`));
      if (round < 100) await file(fs, me, fs.root, `come${round}`);
    }
    for (const name of kept) assert.equal(seen.filter((each) => each === name).length, 1, name);
  });

  check('READDIR: nothing fits, nothing is given; `..` of the root has the number of the root', async ({ fs, me }) => {
    const none = await fs.readdir(me, fs.root, 0n, false, () => false);
    assert.deepEqual([none.entries.length, none.eof], [0, false]);
    const { entries } = await fs.readdir(me, fs.root, 0n, false, () => true);
    const numbers = entries.filter(({ name }) => name[0] === 0x2e).map((entry) => entry.fileid);
    const { fileidHigh, fileidLow } = await fs.attributes(fs.root);
    const own = (BigInt(fileidHigh) << 32n) | BigInt(fileidLow);
    assert.deepEqual(numbers, [own, own]);
  });

  check('READDIRPLUS: inode and attributes of each entry are those of LOOKUP', async ({ fs, me }) => {
    await file(fs, me, fs.root, 'a', 'abc');
    await directory(fs, me, fs.root, 'd');
    await fs.symlink(me, fs.root, bytes('l'), bytes('a'), {});
    const { entries, eof } = await fs.readdir(me, fs.root, 0n, true, () => true);
    assert.ok(eof);
    for (const entry of entries.filter(({ name }) => name[0] !== 0x2e)) {
      const found = await fs.lookup(me, fs.root, entry.name);
      assert.deepEqual(entry.inode?.body, found.inode.body);
      assert.deepEqual(entry.attributes, found.attributes);
    }
  });

  check('READDIR of a file: NOTDIR', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    await failsWith('NOTDIR', () => fs.readdir(me, inode, 0n, false, () => true));
  });
}

function permission(check: Check): void {
  check('mode bits: owner, group, supplementary group, others', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'secret', 0o640);
    assert.equal(String(await contentOf(fs, CAROL, inode)), 'secret');
    await failsWith('ACCES', () => fs.write(CAROL, inode, 0, [bytes('x')], Stability.UNSTABLE));
    await fs.access(BOB, inode, 63);
    for (let again = 0; again < 3; again += 1) await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
    for (let again = 0; again < 3; again += 1) await failsWith('ACCES', () => fs.commit(BOB, inode));
  });

  check('the owner may read and write whatever the mode is (RFC 1813 §4.4)', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'mine', 0o644);
    await fs.setAttributes(ALICE, inode, { mode: 0 });
    assert.equal(String(await contentOf(fs, ALICE, inode)), 'mine');
    await fs.write(ALICE, inode, 0, [bytes('M')], Stability.FILE_SYNC);
    await fs.setAttributes(ALICE, inode, { size: 1 });
    await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
    assert.equal((await fs.access(ALICE, inode, Access.READ | Access.MODIFY)).granted, 0);
  });

  check('execute permission lets a caller read (RFC 1813 §4.4)', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'program', 0o711);
    assert.equal(String(await contentOf(fs, BOB, inode)), 'program');
    assert.equal((await fs.access(BOB, inode, 63)).granted, Access.EXECUTE);
  });

  check('permission taken away counts at once', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'secret', 0o644);
    await contentOf(fs, BOB, inode);
    await fs.setAttributes(ALICE, inode, { mode: 0o600 });
    await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
    await fs.setAttributes(ALICE, inode, { mode: 0o604 });
    await contentOf(fs, BOB, inode);
  });

  check('directories: search, list and change are three permissions', async ({ fs }) => {
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o711);
    await file(fs, ALICE, dir, 'a');
    await fs.lookup(BOB, dir, bytes('a'));
    await failsWith('ACCES', () => fs.readdir(BOB, dir, 0n, false, () => true));
    await failsWith('ACCES', () => file(fs, BOB, dir, 'b'));
    await failsWith('ACCES', () => fs.remove(BOB, dir, bytes('a')));
    await fs.setAttributes(ALICE, dir, { mode: 0o744 });
    await failsWith('ACCES', () => fs.lookup(BOB, dir, bytes('a')));
    const { entries } = await fs.readdir(BOB, dir, 0n, true, () => true);
    assert.deepEqual(
      entries.map((entry) => entry.attributes),
      [undefined, undefined, undefined],
    );
  });

  check('ACCESS on a directory and a file (§3.3.4)', async ({ fs }) => {
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o750);
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o754);
    const all = 63;
    assert.equal((await fs.access(ALICE, dir, all)).granted, 31);
    assert.equal((await fs.access(CAROL, dir, all)).granted, Access.READ | Access.LOOKUP);
    assert.equal((await fs.access(BOB, dir, all)).granted, 0);
    assert.equal((await fs.access(ALICE, inode, all)).granted, 1 | 4 | 8 | 32);
    assert.equal((await fs.access(BOB, inode, all)).granted, Access.READ);
    assert.equal((await fs.access(BOB, inode, Access.MODIFY)).granted, 0);
  });

  check('a sticky directory: only the owner takes a name away', async ({ fs }) => {
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o777);
    await fs.setAttributes(ALICE, dir, { mode: 0o1777 });
    await file(fs, CAROL, dir, 'a');
    await failsWith('PERM', () => fs.remove(BOB, dir, bytes('a')));
    await failsWith('PERM', () => fs.rename(BOB, dir, bytes('a'), dir, bytes('b')));
    await fs.remove(CAROL, dir, bytes('a'));
  });

  check('SETATTR: mode and owner are for the owner and root', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o666);
    await failsWith('PERM', () => fs.setAttributes(BOB, inode, { mode: 0o600 }));
    await failsWith('PERM', () => fs.setAttributes(ALICE, inode, { uid: BOB.uid }));
    await failsWith('PERM', () => fs.setAttributes(ALICE, inode, { gid: 4444 }));
    await fs.setAttributes(ALICE, inode, { gid: 3000 });
    const { after } = await fs.setAttributes(ROOT, inode, { uid: BOB.uid, gid: BOB.gid });
    assert.deepEqual([after.uid, after.gid], [BOB.uid, BOB.gid]);
  });

  check('SETATTR of times: given ones for the owner, the server time for whoever may write', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o666);
    const time = { seconds: 1, nanoseconds: 2 };
    await failsWith('PERM', () => fs.setAttributes(BOB, inode, { mtime: time }));
    await fs.setAttributes(BOB, inode, { mtime: 'now' });
    await fs.setAttributes(BOB, inode, { mtime: 'now', atime: 'now' });
    await fs.setAttributes(ALICE, inode, { mode: 0o644 });
    await failsWith('ACCES', () => fs.setAttributes(BOB, inode, { mtime: 'now' }));
  });

  check('WRITE by another than root takes set-uid away', async ({ fs }) => {
    for (const size of [10, 200_000]) {
      const { inode } = await file(fs, ALICE, fs.root, `a${size}`, '', 0o777);
      await fs.setAttributes(ALICE, inode, { mode: 0o6777 });
      const { file: change } = await fs.write(BOB, inode, 0, [Buffer.alloc(size)], Stability.UNSTABLE);
      assert.equal(change.after.mode, 0o777);
    }
  });

  check('chown takes set-uid away', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o755);
    await fs.setAttributes(ALICE, inode, { mode: 0o4755 });
    const { after } = await fs.setAttributes(ROOT, inode, { uid: BOB.uid });
    assert.equal(after.mode, 0o755);
  });

  check("CREATE: ids in the attributes count only for root; a set-gid directory's group is inherited", async (f) => {
    const { fs } = f;
    const attributes = { mode: 0o644, uid: 7, gid: 8 };
    const mine = await fs.create(ALICE, fs.root, bytes('a'), { mode: 'guarded', attributes });
    assert.deepEqual([mine.attributes.uid, mine.attributes.gid], [ALICE.uid, ALICE.gid]);
    const given = await fs.create(ROOT, fs.root, bytes('b'), { mode: 'guarded', attributes });
    assert.deepEqual([given.attributes.uid, given.attributes.gid], [7, 8]);
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o777);
    await fs.setAttributes(ALICE, dir, { mode: 0o2777 });
    assert.equal((await file(fs, BOB, dir, 'x')).attributes.gid, ALICE.gid);
  });

  check('CREATE unchecked with a size: needs write permission on the existing file', async ({ fs }) => {
    await file(fs, ALICE, fs.root, 'a', 'keep', 0o644);
    const how = { mode: 'unchecked', attributes: { size: 0 } } as const;
    await failsWith('ACCES', () => fs.create(BOB, fs.root, bytes('a'), how));
    await fs.create(BOB, fs.root, bytes('a'), { mode: 'unchecked', attributes: {} });
  });

  check('MKNOD of devices: root alone', async ({ fs }) => {
    const kind = { type: FileType.CHR, major: 259, minor: 0x12345 } as const;
    await failsWith('PERM', () => fs.mknod(ALICE, fs.root, bytes('c'), kind, { mode: 0o600 }));
    const { attributes: made } = await fs.mknod(ROOT, fs.root, bytes('c'), kind, { mode: 0o600 });
    assert.deepEqual([made.type, made.rdevMajor, made.rdevMinor], [FileType.CHR, 259, 0x12345]);
    const { attributes: block } = await fs.mknod(ROOT, fs.root, bytes('b'), { ...kind, type: FileType.BLK }, {});
    assert.equal(block.type, FileType.BLK);
  });
}
