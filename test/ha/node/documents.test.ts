import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addToHistory,
  change,
  HISTORY_LENGTH,
  NO_ORDERS,
  ORDERS,
  parseHistory,
  parseOrders,
  parseStatus,
  withOrder,
} from '../../../src/ha/node/documents.ts';
import type { HistoryEntry } from '../../../src/ha/report.ts';
import { FakeClock, memoryCluster } from './world.ts';

const ENTRY: HistoryEntry = {
  ...{ at: 1, package: 'data', from: undefined, to: 'a', kind: 'start', reason: 'it ran nowhere' },
  ...{ milliseconds: 12, order: undefined, done: true },
};

test('orders: each changes its own part, and the documents of others are not understood', () => {
  const move = { id: 'x', node: undefined, from: 'a', at: 5 };
  let orders = withOrder(NO_ORDERS, { do: 'move', package: 'data', node: undefined }, move);
  orders = withOrder(orders, { do: 'maintenance', package: 'data', on: true }, undefined);
  orders = withOrder(orders, { do: 'drain', node: 'a' }, undefined);
  assert.deepEqual(orders, { nodes: { a: { drained: true } }, packages: { data: { maintenance: true, move } } });
  assert.deepEqual(parseOrders(JSON.parse(JSON.stringify(orders))), orders);
  orders = withOrder(orders, { do: 'resume', node: 'a' }, undefined);
  orders = withOrder(orders, { do: 'maintenance', package: 'data', on: false }, undefined);
  assert.deepEqual(orders, { nodes: { a: { drained: false } }, packages: { data: { maintenance: false, move } } });
  for (const other of [undefined, null, 7, {}, { nodes: [], packages: {} }])
    assert.equal(parseOrders(other), NO_ORDERS);
});

test('what cannot be read counts as not there', () => {
  assert.deepEqual(parseHistory(undefined), []);
  assert.deepEqual(parseHistory([{ at: 'yesterday' }]), []);
  assert.equal(parseStatus({ format: 2 }), undefined);
  assert.equal(parseStatus('alive'), undefined);
});

test('history keeps so many lines, the newest last', async () => {
  const coordinator = memoryCluster(new FakeClock()).join('a');
  for (let at = 0; at < HISTORY_LENGTH + 5; at++) await addToHistory(coordinator, { ...ENTRY, at });
  const history = await addToHistory(coordinator, ENTRY);
  assert.equal(history.length, HISTORY_LENGTH);
  assert.deepEqual(history.at(-1), ENTRY);
  assert.equal(history[0]?.at, 6);
});

test('history keeps the line that settles a package’s last order: without it, the order would be carried out again', async () => {
  const coordinator = memoryCluster(new FakeClock()).join('a');
  for (const order of ['old', 'last']) await addToHistory(coordinator, { ...ENTRY, kind: 'move', order });
  await addToHistory(coordinator, { ...ENTRY, package: 'home', kind: 'move', order: 'given up', done: false });
  for (let at = 0; at < 2 * HISTORY_LENGTH; at++) await addToHistory(coordinator, { ...ENTRY, at });
  const history = await addToHistory(coordinator, ENTRY);
  assert.deepEqual(
    history.flatMap(({ order }) => order ?? []),
    ['last', 'given up'],
  );
  assert.equal(history.length, HISTORY_LENGTH + 2);
});

test('a document that all nodes change at once has all their changes', async () => {
  const cluster = memoryCluster(new FakeClock());
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(
    names.map((name) =>
      change(cluster.join(name), ORDERS, parseOrders, (orders) =>
        withOrder(orders, { do: 'drain', node: name }, undefined),
      ),
    ),
  );
  const orders = parseOrders((await cluster.join('a').read(ORDERS))?.value);
  assert.deepEqual(Object.keys(orders.nodes).sort(), names);
});
