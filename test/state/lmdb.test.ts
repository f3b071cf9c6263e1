import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { open } from 'lmdb';
import { openState, StateError, type StateStore } from '../../src/state/index.ts';
import { mounted, whyNoMount } from '../vfs/local/fixture.ts';
import { scratchDirectory } from './scratch.ts';
import { assertPlaces, placeOf, stateSuite } from './suite.ts';

stateSuite({ name: 'LMDB', make: () => openState(scratchDirectory()) });

test('LMDB: secret, ids, verifier, places, aliases and mounts are there again after a restart', async () => {
  const directory = scratchDirectory();
  let now = 1000;
  const options = { bootId: 'one', now: () => now++ };
  const key = randomBytes(20);
  const place = placeOf(randomBytes(12), 'file');
  const before = await openState(directory, options);
  before.verifier.advance();
  const { secret } = before;
  const verifier = Buffer.from(before.verifier.current);
  const fsid = before.fsidFor('/srv');
  before.index.add([{ key, place }]);
  const alias = randomBytes(14);
  await before.aliases.keep(alias, key);
  before.mounts.add('192.0.2.2', Buffer.from('/srv/z'));
  before.mounts.add('192.0.2.1', Buffer.from('/srv'));
  before.mounts.add('192.0.2.1', Buffer.from('/gone'));
  before.mounts.remove('192.0.2.1', Buffer.from('/gone'));
  await before.close();

  const again = await openState(directory, options);
  try {
    assert.deepEqual(again.secret, secret);
    assert.deepEqual(again.verifier.current, verifier);
    assert.equal(again.fsidFor('/srv'), fsid);
    assertPlaces(again, key, [place]);
    assert.deepEqual(again.aliases.find(alias), key);
    assert.deepEqual(again.mounts.list(), [
      { client: '192.0.2.2', path: Buffer.from('/srv/z'), since: 1000 },
      { client: '192.0.2.1', path: Buffer.from('/srv'), since: 1001 },
    ]);
  } finally {
    await again.close();
  }
});

test('LMDB: another boot has another verifier, also the boot before that one again (RFC 1813 §3.3.7)', async () => {
  const directory = scratchDirectory();
  const seen: string[] = [];
  for (const bootId of ['one', 'one', 'two', 'one']) {
    const store = await openState(directory, { bootId });
    seen.push(store.verifier.current.toString('hex'));
    await store.close();
  }
  assert.equal(seen[0], seen[1]);
  assert.equal(new Set(seen).size, 3);
});

test('LMDB: after a close with everything flushed, another boot has the same verifier (RFC 1813 §3.3.7)', async () => {
  const directory = scratchDirectory();
  const seen: string[] = [];
  const serve = async (bootId: string, filesFlushed: boolean) => {
    const store = await openState(directory, { bootId });
    seen.push(store.verifier.current.toString('hex'));
    await store.close({ filesFlushed });
  };
  await serve('one', true);
  await serve('two', true);
  await serve('two', false);
  assert.equal(new Set(seen).size, 1, 'moved in order');
  await serve('two', true);
  assert.equal(new Set(seen).size, 1, 'a crash under the same kernel');
  // What the process before that crash had written may be in the memory of that kernel alone.
  await serve('three', true);
  assert.equal(new Set(seen).size, 2, 'moved in order, but after a crash');
});

test('LMDB: connections that were open are there after a restart; those that closed, or came again, are told apart', async () => {
  const directory = scratchDirectory();
  const connection = (port: number) => ({ localAddress: 'fd00::1', localPort: 2049, address: 'fd00::2', port });
  const left = (store: StateStore) => store.connections.left.map(({ port }) => port).sort();
  const first = await openState(directory);
  for (const port of [1, 2, 3, 4]) first.connections.opened(connection(port));
  first.connections.closed(connection(1));
  await first.close();

  const second = await openState(directory);
  assert.deepEqual(
    second.connections.left.find(({ port }) => port === 2),
    connection(2),
  );
  assert.deepEqual(left(second), [2, 3, 4]);
  // By the same port again, and then the end of the one before.
  for (const port of [2, 3]) second.connections.opened(connection(port));
  second.connections.opened(connection(2));
  second.connections.closed(connection(2));
  second.connections.closed(connection(3));
  await second.close();

  const third = await openState(directory);
  assert.deepEqual(left(third), [2, 4]);
  third.connections.opened(connection(2));
  third.connections.forgetLeft();
  await third.close();
  const fourth = await openState(directory);
  assert.deepEqual(left(fourth), [2]);
  await fourth.close();
});

test('LMDB: the directory and the files in it are for their owner alone', async () => {
  const directory = `${scratchDirectory()}/new/deep`;
  const store = await openState(directory);
  store.index.add([{ key: randomBytes(12), place: placeOf(randomBytes(12), 'a') }]);
  try {
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    for (const file of readdirSync(directory)) assert.equal(statSync(`${directory}/${file}`).mode & 0o077, 0, file);
  } finally {
    await store.close();
  }
});

test('LMDB: a second opener is told which process has the directory, and the first one goes on', async () => {
  const directory = scratchDirectory();
  const store = await openState(directory);
  try {
    await assertRefused(directory, new RegExp(`${directory} is in use by process ${process.pid} on .+ Stop`));
    assert.equal(store.fsidFor('/a'), store.fsidFor('/a'));
  } finally {
    await store.close();
  }
  await (await openState(directory)).close();
});

test('LMDB: thousands of places at once are all there, at once and after a restart', async () => {
  const directory = scratchDirectory();
  const parent = randomBytes(12);
  const keys = Array.from({ length: 5000 }, (_, i) => Buffer.from(`key-${i}`.padEnd(12, '.')));
  const before = await openState(directory);
  before.index.add(keys.map((key, i) => ({ key, place: placeOf(parent, `file${i}`) })));
  for (const [i, key] of keys.entries()) assertPlaces(before, key, [placeOf(parent, `file${i}`)]);
  for (const key of keys.slice(0, 100)) before.index.remove(key, placeOf(parent, `file${keys.indexOf(key)}`));
  await before.close();
  const again = await openState(directory);
  try {
    for (const [i, key] of keys.entries()) assertPlaces(again, key, i < 100 ? [] : [placeOf(parent, `file${i}`)]);
  } finally {
    await again.close();
  }
});

test('LMDB: adding what is there writes nothing', async () => {
  const directory = scratchDirectory();
  const entry = { key: randomBytes(12), place: placeOf(randomBytes(12), 'a') };
  const before = await openState(directory);
  before.index.add([entry]);
  await before.close();
  const store = await openState(directory);
  try {
    store.index.add([entry]);
    store.index.add([entry]);
    const written = ['index.journal.0', 'index.journal.1'].map((file) => statSync(`${directory}/${file}`).size);
    assert.deepEqual(written, [0, 0]);
  } finally {
    await store.close();
  }
});

test('LMDB: a damaged file is refused by name and left as it is', async (t) => {
  const whole = await savedState();
  const size = statSync(whole).size;
  const cases: [string, (path: string) => void, RegExp][] = [
    ['empty', (path) => truncateSync(path, 0), /is damaged: it is cut short/],
    ['cut in the first page', (path) => truncateSync(path, 100), /is damaged: it is cut short/],
    ['cut behind the header pages', (path) => truncateSync(path, 8192), /is damaged: it is cut short/],
    ['text', (path) => writeFileSync(path, 'hello\n'.repeat(5000)), /is damaged: it is not an LMDB file/],
    ['zeros', (path) => writeFileSync(path, Buffer.alloc(size)), /is damaged: it is not an LMDB file/],
    ['a page size of nonsense', (path) => patch(path, 24 + 24, 12345), /is damaged: a page size of 12345/],
    ['a later LMDB', (path) => patch(path, 24 + 4, 3), /LMDB data format 3, this version reads 2/],
    ['pages of zeros', (path) => zeroBehindHeader(path), /is damaged|not a state of steadfs/],
  ];
  for (const [name, damage, message] of cases) {
    await t.test(name, async () => {
      const directory = scratchDirectory();
      const path = `${directory}/state.mdb`;
      copyFileSync(whole, path);
      damage(path);
      const before = readFileSync(path);
      await assertRefused(directory, message);
      await assertRefused(directory, new RegExp(path));
      assert.deepEqual(readFileSync(path), before);
    });
  }
});

test('LMDB: a state cut short at any page is either refused or whole, and never ends the process', async () => {
  const whole = await savedState();
  const bytes = readFileSync(whole);
  for (let pages = 0; pages * 4096 <= bytes.length; pages++) {
    const directory = scratchDirectory();
    writeFileSync(`${directory}/state.mdb`, bytes.subarray(0, pages * 4096));
    await openState(directory).then(
      (store) => store.close(),
      (error) => assert.ok(error instanceof StateError),
    );
  }
});

test('LMDB: a later format is refused', async () => {
  const directory = scratchDirectory();
  await (await openState(directory)).close();
  await rewrite(`${directory}/state.mdb`, 'format', Buffer.from([0, 0, 0, 2]));
  await assertRefused(directory, /state\.mdb has format 2; this version knows format 1/);
});

test('LMDB: an LMDB file of something else is refused', async () => {
  const directory = scratchDirectory();
  await rewrite(`${directory}/state.mdb`, 'colour', Buffer.from('green'));
  await assertRefused(directory, /state\.mdb is an LMDB file, but not a state of steadfs/);
});

test('LMDB: a lock that cannot be read is damage of the file', async (t) => {
  const directory = scratchDirectory();
  await (await openState(directory)).close();
  const root = open<Buffer, Buffer>({ path: `${directory}/state.mdb`, noSubdir: true, keyEncoding: 'binary' });
  const locks = root.openDB<Buffer, Buffer>('locks', { encoding: 'binary', keyEncoding: 'binary' });
  await locks.put(Buffer.alloc(8), Buffer.from('rubbish'));
  await root.close();
  const state = await openState(directory);
  t.after(() => state.close());
  assert.throws(
    () => state.locks.load(),
    (error) => error instanceof StateError && /state\.mdb is damaged: a lock in it/.test(error.message),
  );
});

test('LMDB: a first start that was cut off in the middle is made again', async () => {
  const directory = scratchDirectory();
  writeFileSync(`${directory}/state.mdb.new`, 'half');
  writeFileSync(`${directory}/state.mdb.new-lock`, 'half');
  await (await openState(directory)).close();
  assert.ok(!existsSync(`${directory}/state.mdb.new`));
});

test('LMDB: rubbish in LMDB’s own lock file does no harm', async () => {
  const directory = scratchDirectory();
  const first = await openState(directory);
  const { secret } = first;
  await first.close();
  writeFileSync(`${directory}/state.mdb-lock`, randomBytes(100_000));
  const store = await openState(directory);
  assert.deepEqual(store.secret, secret);
  await store.close();
});

test('LMDB: a file in the place of the directory is refused', async () => {
  const path = `${scratchDirectory()}/file`;
  writeFileSync(path, '');
  await assertRefused(path, /cannot make the state directory .*file: file already exists/);
});

test('LMDB: a directory that cannot be written is refused', async () => {
  const directory = scratchDirectory();
  chmodSync(directory, 0o555);
  const root = process.geteuid?.() === 0;
  // To root every directory is writable.
  if (root) process.seteuid?.(65534);
  try {
    await assertRefused(directory, /cannot open .*lock: permission denied\. Make the state directory writable/);
    await assertRefused(`${directory}/deeper`, /cannot make the state directory .*deeper: permission denied/);
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test('LMDB: a directory that the kernel does not make is refused, and not tried for ever', async () => {
  await assertRefused('/proc/none/state', /cannot make the state directory .*: no such file or directory/);
});

test('LMDB: a directory to make on a read-only disk is refused for that', {
  skip: whyNoMount('tmpfs') ?? false,
}, async () => {
  const disk = mounted('tmpfs', 1);
  try {
    execFileSync('mount', ['-o', 'remount,ro', disk.path]);
    await assertRefused(`${disk.path}/a/state`, /cannot make the state directory .*: read-only file system/);
  } finally {
    disk.dispose();
  }
});

test('LMDB: what is missing above the directory is made, for the owner alone', async () => {
  const above = `${scratchDirectory()}/a`;
  await (await openState(`${above}/b/state`)).close();
  assert.equal(statSync(above).mode & 0o777, 0o700);
});

async function assertRefused(directory: string, message: RegExp): Promise<void> {
  await assert.rejects(openState(directory), (error) => {
    assert.ok(error instanceof StateError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

/** The file of a state with some content, closed. */
async function savedState(): Promise<string> {
  const directory = scratchDirectory();
  const store = await openState(directory, { bootId: 'one' });
  for (let i = 0; i < 20; i++) store.fsidFor(`/srv/${i}`);
  await store.close();
  return `${directory}/state.mdb`;
}

function patch(path: string, at: number, value: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(value, at);
  bytes.writeUInt32LE(value, at + 4096);
  writeFileSync(path, bytes);
}

function zeroBehindHeader(path: string): void {
  writeFileSync(path, readFileSync(path).fill(0, 8192));
}

async function rewrite(path: string, name: string, value: Buffer): Promise<void> {
  const root = open<Buffer, Buffer>({ path, noSubdir: true, encoding: 'binary', keyEncoding: 'binary', maxDbs: 32 });
  const settings = root.openDB<Buffer, Buffer>('settings', { encoding: 'binary', keyEncoding: 'binary' });
  settings.putSync(Buffer.from(name), value);
  await root.close();
}
