import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { KeptLock, KeptWaiter, StateStore } from '../../src/state/index.ts';
import type { Place } from '../../src/vfs/index.ts';

export interface Subject {
  readonly name: string;
  /** A fresh store. It is closed by the suite. */
  make(): Promise<StateStore>;
}

/** The contract of {@link StateStore}, which every implementation has to fulfil. */
export function stateSuite(subject: Subject): void {
  const check = (what: string, run: (store: StateStore) => void | Promise<void>) =>
    test(`${subject.name}: ${what}`, async () => {
      const store = await subject.make();
      try {
        await run(store);
      } finally {
        await store.close();
      }
    });

  check('the secret has 32 bytes', (store) => {
    assert.equal(store.secret.length, 32);
    assert.notDeepEqual(store.secret, Buffer.alloc(32));
  });

  check('fsidFor: the same key has the same id, another key another one, of 63 bits and not zero', (store) => {
    const first = store.fsidFor('/srv/a');
    assert.equal(store.fsidFor('/srv/a'), first);
    const all = new Set<bigint>();
    for (let i = 0; i < 50; i++) all.add(store.fsidFor(`/srv/${i}`));
    assert.equal(all.size, 50);
    for (const fsid of all) assert.ok(fsid > 0n && fsid < 2n ** 63n);
  });

  check('fsidFor: a key longer than any database key', (store) => {
    const path = `/${'a'.repeat(4095)}`;
    assert.equal(store.fsidFor(path), store.fsidFor(path));
    assert.notEqual(store.fsidFor(path), store.fsidFor(`${path}b`));
  });

  check('verifier: 8 bytes, the same until it is advanced, never seen before afterwards', (store) => {
    const seen = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const { current } = store.verifier;
      assert.equal(current.length, 8);
      assert.deepEqual(store.verifier.current, current);
      seen.add(current.toString('hex'));
      store.verifier.advance();
    }
    assert.equal(seen.size, 5);
  });

  check('index: an unknown key has no places', (store) => {
    assert.deepEqual(store.index.places(Buffer.from('nothing here')), []);
  });

  check('index: a file with several hard links has several places, each once', (store) => {
    const key = randomBytes(12);
    const a = placeOf(randomBytes(12), 'a');
    const b = placeOf(randomBytes(21), 'b');
    store.index.add([{ key, place: a }]);
    store.index.add([
      { key, place: b },
      { key, place: a },
    ]);
    assertPlaces(store, key, [a, b]);
  });

  check('index: a place goes, the others stay, and it can come again', (store) => {
    const key = randomBytes(12);
    const a = placeOf(randomBytes(12), 'a');
    const b = placeOf(randomBytes(12), 'b');
    store.index.add([
      { key, place: a },
      { key, place: b },
    ]);
    store.index.remove(key, a);
    assertPlaces(store, key, [b]);
    store.index.remove(key, a);
    store.index.add([{ key, place: a }]);
    assertPlaces(store, key, [a, b]);
  });

  check('index: names of any bytes, up to 255 of them, and keys that are each other’s beginning', (store) => {
    const parent = Buffer.alloc(21, 0xff);
    const names = [Buffer.of(0xff), Buffer.of(1), Buffer.from('\xff\xfe.\n', 'latin1'), Buffer.alloc(255, 0xff)];
    const keys = [Buffer.alloc(12, 0xff), Buffer.alloc(13, 0xff), Buffer.alloc(21, 0), Buffer.alloc(12, 0)];
    store.index.add(keys.flatMap((key) => names.map((name) => ({ key, place: { parent, name } }))));
    for (const key of keys) {
      assertPlaces(
        store,
        key,
        names.map((name) => ({ parent, name })),
      );
    }
  });

  check('index: what was given may be overwritten afterwards', (store) => {
    const key = randomBytes(12);
    const place = placeOf(randomBytes(12), 'name');
    const [keyGiven, parentGiven, nameGiven] = [Buffer.from(key), Buffer.from(place.parent), Buffer.from(place.name)];
    store.index.add([{ key: keyGiven, place: { parent: parentGiven, name: nameGiven } }]);
    for (const given of [keyGiven, parentGiven, nameGiven]) given.fill(0);
    assertPlaces(store, key, [place]);
  });

  check('mounts: add, list in order, remove, removeAll of one client only', (store) => {
    const { mounts } = store;
    mounts.add('192.0.2.1', Buffer.from('/srv/a'));
    mounts.add('192.0.2.1', Buffer.from('/srv/b'));
    mounts.add('2001:db8::2', Buffer.from([0x2f, 0xff]));
    assert.deepEqual(
      mounts.list().map(({ client, path }) => [client, path.toString('latin1')]),
      [
        ['192.0.2.1', '/srv/a'],
        ['192.0.2.1', '/srv/b'],
        ['2001:db8::2', '/\xff'],
      ],
    );
    assert.equal(mounts.remove('192.0.2.1', Buffer.from('/srv/b')), true);
    assert.equal(mounts.remove('192.0.2.1', Buffer.from('/srv/b')), false);
    assert.equal(mounts.removeAll('192.0.2.1'), 1);
    assert.deepEqual(
      mounts.list().map(({ client }) => client),
      ['2001:db8::2'],
    );
  });

  check('aliases: a kept one is found, by what it was then, and no other', async (store) => {
    const [alias, other, body] = [randomBytes(14), randomBytes(14), randomBytes(41)];
    assert.equal(store.aliases.find(alias), undefined);
    const [aliasGiven, bodyGiven] = [Buffer.from(alias), Buffer.from(body)];
    const kept = store.aliases.keep(aliasGiven, bodyGiven);
    for (const given of [aliasGiven, bodyGiven]) given.fill(0);
    await kept;
    assert.deepEqual(store.aliases.find(alias), body);
    assert.equal(store.aliases.find(other), undefined);
  });

  check('aliases: many at once, and the same one again', async (store) => {
    const pairs = Array.from({ length: 300 }, () => [randomBytes(14), randomBytes(21)] as const);
    await Promise.all([...pairs, ...pairs].map(([alias, body]) => store.aliases.keep(alias, body)));
    for (const [alias, body] of pairs) {
      assert.deepEqual(store.aliases.find(alias), body);
      assert.equal(store.aliases.keep(alias, body), undefined, 'one that is there costs no wait');
    }
  });

  check('replies: a fresh store has none, and writing and flushing them never fails', async (store) => {
    const { replies } = store;
    assert.deepEqual(replies.found, []);
    replies.intent('key', Buffer.from('intent'));
    await replies.flush();
    replies.result('key', Buffer.from('result'));
    replies.intent('other', Buffer.from('intent'));
    replies.aborted('other');
    replies.aborted('never heard of');
    await Promise.all([replies.flush(), replies.flush()]);
  });

  test(`${subject.name}: locks: what was written is there, what was dropped is not, in the order of ids`, async () => {
    const store = await subject.make();
    try {
      const lock = lockOf(7);
      const waiter: KeptWaiter = {
        ...{ ...lock, kind: 'waiter', id: 3, version: 4, transport: 'udp' },
        ...{ cookie: Buffer.from([0, 255]), byMessage: false },
      };
      await store.locks.write([lock, lockOf(5), waiter], []);
      await store.locks.write([lockOf(6)], [5]);
      assert.deepEqual(store.locks.load(), [waiter, lockOf(6), lock]);
      const { lineage } = store.locks;
      store.locks.clear();
      assert.deepEqual(store.locks.load(), []);
      assert.notEqual(store.locks.lineage, lineage);
    } finally {
      await store.close();
    }
  });

  test(`${subject.name}: monitors: one for each name and address, and a state number that is odd at first`, async () => {
    const store = await subject.make();
    try {
      const monitor = { name: 'a', address: '192.0.2.1', localAddress: '', state: 1, told: 1, since: 1 };
      const other = { ...monitor, address: '192.0.2.2' };
      await Promise.all([store.monitors.keep(monitor), store.monitors.keep(other)]);
      await store.monitors.keep({ ...monitor, state: 3 });
      await store.monitors.drop(other);
      assert.deepEqual(store.monitors.list(), [{ ...monitor, state: 3 }]);
      assert.deepEqual([store.monitors.state, store.monitors.lineage], [1, undefined]);
      store.monitors.renew(3, 'lineage');
      assert.deepEqual([store.monitors.state, store.monitors.lineage], [3, 'lineage']);
    } finally {
      await store.close();
    }
  });

  test(`${subject.name}: closing twice is closing once`, async () => {
    const store = await subject.make();
    await Promise.all([store.close(), store.close()]);
  });
}

export function lockOf(id: number): KeptLock {
  return {
    ...{ kind: 'lock', id, handle: Buffer.from([1, 2, 255]), client: 'one\xff', address: '192.0.2.9' },
    ...{ localAddress: '192.0.2.1', oh: Buffer.from('1@one'), state: 3, since: 1000, svid: -1, exclusive: true },
    ...{ start: 1n << 63n, end: 1n << 64n },
  };
}

export function placeOf(parent: Buffer, name: string): Place {
  return { parent, name: Buffer.from(name) };
}

export function assertPlaces(store: StateStore, key: Buffer, expected: readonly Place[]): void {
  const text = (place: Place) => `${place.parent.toString('hex')} ${place.name.toString('hex')}`;
  assert.deepEqual(store.index.places(key).map(text).sort(), expected.map(text).sort());
}
