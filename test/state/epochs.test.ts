import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ChangeGuard, LicenceLost } from '../../src/common/licence.ts';
import { openEpoch, openState, removeOldEpochs, StateError, type StateStore } from '../../src/state/index.ts';
import { scratchDirectory } from './scratch.ts';
import { assertPlaces, lockOf, placeOf } from './suite.ts';

const FIRST = 'epoch.000000000001';
const monitor = { name: 'a', address: '192.0.2.1', localAddress: '', state: 1, told: 1, since: 1 };
const connection = { localAddress: '192.0.2.100', localPort: 2049, address: '192.0.2.1', port: 801 };

function epochsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('epoch.'));
}

/** Something in every part of the state. */
async function fill(store: StateStore): Promise<{ fsid: bigint; key: Buffer; alias: Buffer }> {
  const fsid = store.fsidFor('/srv');
  const key = randomBytes(20);
  store.index.add([{ key, place: placeOf(randomBytes(12), 'file') }]);
  const alias = randomBytes(14);
  await store.aliases.keep(alias, key);
  store.mounts.add('192.0.2.1', Buffer.from('/srv'));
  await store.locks.write([lockOf(1)], []);
  await store.monitors.keep(monitor);
  store.connections.opened(connection);
  store.replies.result('key', Buffer.from('result'));
  return { fsid, key, alias };
}

test('the next epoch begins with all that the last one had', async () => {
  const folder = scratchDirectory();
  const first = await openEpoch(folder, 1);
  const { fsid, key, alias } = await fill(first);
  const { secret } = first;
  const lineage = first.locks.lineage;
  await first.close();

  const second = await openEpoch(folder, 7);
  try {
    assert.deepEqual(second.secret, secret);
    assert.equal(second.fsidFor('/srv'), fsid);
    assert.equal(second.index.places(key).length, 1);
    assert.deepEqual(second.aliases.find(alias), key);
    assert.deepEqual(second.locks.load(), [lockOf(1)]);
    assert.equal(second.locks.lineage, lineage);
    assert.deepEqual(second.monitors.list(), [monitor]);
    assert.equal(second.mounts.list().length, 1);
    assert.deepEqual(second.connections.left, [connection]);
    assert.deepEqual(
      second.replies.found.map(({ key, kind }) => [key, kind]),
      [['key', 'result']],
    );
  } finally {
    await second.close();
  }
});

test('the state of a holder that did not close it is copied as it was committed, journals and all', async () => {
  const folder = scratchDirectory();
  const first = await openEpoch(folder, 1);
  const second = await fill(first).then(() => openEpoch(folder, 2));
  try {
    assert.deepEqual(second.locks.load(), [lockOf(1)]);
    assert.deepEqual(second.monitors.list(), [monitor]);
  } finally {
    await second.close();
    await first.close();
  }
});

test('what the holder of an old epoch writes afterwards reaches no later one', async () => {
  const folder = scratchDirectory();
  const first = await openEpoch(folder, 1);
  await first.monitors.keep(monitor);
  const second = await openEpoch(folder, 2);
  const key = randomBytes(20);
  await first.locks.write([lockOf(1)], []);
  first.index.add([{ key, place: placeOf(randomBytes(12), 'late') }]);
  await first.monitors.keep({ ...monitor, state: 9 });
  await first.monitors.keep({ ...monitor, name: 'late' });
  first.mounts.add('192.0.2.1', Buffer.from('/late'));
  await first.close();
  await second.close();

  for (const token of [2, 3]) {
    const later = await openEpoch(folder, token);
    try {
      assert.deepEqual(later.locks.load(), []);
      assertPlaces(later, key, []);
      assert.deepEqual(later.monitors.list(), [monitor]);
      assert.deepEqual(later.mounts.list(), []);
    } finally {
      await later.close();
    }
  }
});

test('the same token again opens the same epoch, in place', async () => {
  const folder = scratchDirectory();
  const first = await openEpoch(folder, 5);
  await first.locks.write([lockOf(1)], []);
  await first.close();
  writeFileSync(`${folder}/epoch.000000000005/witness`, '');
  const again = await openEpoch(folder, 5);
  try {
    assert.deepEqual(again.locks.load(), [lockOf(1)]);
    assert.ok(existsSync(`${folder}/epoch.000000000005/witness`));
    await assert.rejects(openEpoch(folder, 5), /in use by process/);
  } finally {
    await again.close();
  }
});

test('a lower token than the state was opened under is refused, and changes nothing', async () => {
  const folder = scratchDirectory();
  await (await openEpoch(folder, 8)).close();
  await assert.rejects(
    openEpoch(folder, 7),
    (error) => error instanceof StateError && /superseded.*token 8.*token 7/.test(error.message),
  );
  assert.deepEqual(epochsIn(folder), ['epoch.000000000008']);
});

test('a copy that was not completed is not taken for an epoch, and is made anew', async () => {
  const folder = scratchDirectory();
  const first = await openEpoch(folder, 1);
  await first.locks.write([lockOf(1)], []);
  await first.close();
  mkdirSync(`${folder}/epoch.000000000002.tmp`);
  writeFileSync(`${folder}/epoch.000000000002.tmp/state.mdb`, 'half');
  for (const token of [2, 3]) {
    const store = await openEpoch(folder, token);
    assert.deepEqual(store.locks.load(), [lockOf(1)]);
    await store.close();
  }
});

test('an epoch whose database is gone or damaged is an error, and never a new state', async () => {
  const folder = scratchDirectory();
  await (await openEpoch(folder, 1)).close();
  rmSync(`${folder}/${FIRST}/state.mdb`);
  await assert.rejects(openEpoch(folder, 1), StateError);
  await assert.rejects(openEpoch(folder, 2), StateError);
  writeFileSync(`${folder}/${FIRST}/state.mdb`, 'rubbish');
  await assert.rejects(openEpoch(folder, 2), /damaged/);
  assert.deepEqual(
    epochsIn(folder).filter((name) => !name.endsWith('.tmp')),
    [FIRST],
  );
});

test('a state that is written to all the time is not copied', async () => {
  const folder = scratchDirectory();
  await (await openEpoch(folder, 1)).close();
  const writing = setInterval(() => appendFileSync(`${folder}/${FIRST}/other`, 'x'), 1);
  try {
    await assert.rejects(openEpoch(folder, 2), /is being written to by another server/);
  } finally {
    clearInterval(writing);
  }
});

test('old epochs go once a new one serves, but for the last one before it', async () => {
  const folder = scratchDirectory();
  for (const token of [1, 2, 3, 4]) await (await openEpoch(folder, token)).close();
  mkdirSync(`${folder}/epoch.000000000002.tmp`);
  mkdirSync(`${folder}/epoch.000000000009.tmp`);
  await removeOldEpochs(folder, 4);
  assert.deepEqual(epochsIn(folder).sort(), ['epoch.000000000003', 'epoch.000000000004', 'epoch.000000000009.tmp']);
});

test('the state of a server without a cluster is where the first epoch begins, and is refused to that server from then on', async () => {
  const folder = scratchDirectory();
  const flat = await openState(folder);
  await flat.locks.write([lockOf(1)], []);
  const { secret } = flat;
  await assert.rejects(openEpoch(folder, 1), /in use by process/);
  await flat.close();

  const first = await openEpoch(folder, 1);
  assert.deepEqual(first.secret, secret);
  assert.deepEqual(first.locks.load(), [lockOf(1)]);
  await first.close();
  await assert.rejects(openState(folder), /"steadfs node" runs.*copy the contents of epoch\.000000000001/);
});

test('a new state has an epoch at once, with everything in it readable for its owner alone', async () => {
  const folder = `${scratchDirectory()}/new`;
  await (await openEpoch(folder, 1)).close();
  assert.deepEqual(readdirSync(folder), [FIRST]);
  const magic = readFileSync(`${folder}/${FIRST}/state.mdb`).readUInt32LE(24);
  assert.equal(magic, 0xbeefc0de);
});

test('a token that cannot be one is refused', async () => {
  for (const token of [0, -1, 1.5, 1e12, Number.NaN])
    await assert.rejects(openEpoch(scratchDirectory(), token), StateError);
});

test('without the right to serve nothing is written', async () => {
  const folder = scratchDirectory();
  let holds = true;
  const guard: ChangeGuard = {
    check: () => {
      if (!holds) throw new LicenceLost();
    },
    elsewhere: (work) => work,
  };
  const store = await openEpoch(folder, 1, { guard });
  const key = randomBytes(20);
  holds = false;
  await assert.rejects(store.locks.write([lockOf(1)], []), LicenceLost);
  await assert.rejects(store.monitors.keep(monitor), LicenceLost);
  assert.throws(() => store.fsidFor('/srv'), LicenceLost);
  assert.throws(() => store.locks.clear(), LicenceLost);
  assert.throws(() => store.monitors.renew(3, 'lineage'), LicenceLost);
  assert.throws(() => store.index.add([{ key, place: placeOf(randomBytes(12), 'a') }]), LicenceLost);
  assert.throws(() => store.mounts.add('192.0.2.1', Buffer.from('/srv')), LicenceLost);
  assert.throws(() => void store.aliases.keep(randomBytes(14), key), LicenceLost);
  store.connections.opened(connection);
  await store.close();

  const again = await openEpoch(folder, 1);
  try {
    assert.deepEqual(again.locks.load(), []);
    assert.deepEqual(again.monitors.list(), []);
    assert.deepEqual(again.mounts.list(), []);
    assert.deepEqual(again.connections.left, []);
    assertPlaces(again, key, []);
  } finally {
    await again.close();
  }
});
