import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/exports/address.ts';
import { HostNames } from '../../src/exports/names.ts';
import { FakeLog, FakeResolver, SLOW } from './fakes.ts';

function make(resolver: FakeResolver, times = SLOW) {
  const made = { changes: 0, now: 0, log: new FakeLog() };
  const names = new HostNames(
    resolver,
    made.log,
    () => made.changes++,
    times,
    () => made.now,
  );
  return { ...made, names, made };
}

test('names in the exports are resolved before they are needed', async () => {
  const { names, made } = make(new FakeResolver({ client: ['10.0.0.1', 'fd00::1'] }));
  await names.watch(new Set(['client']));
  assert.deepEqual(names.addressesOf('client'), [parseAddress('10.0.0.1'), parseAddress('fd00::1')]);
  assert.equal(made.changes, 1);
  names.close();
});

test('a name is resolved again as time goes; a change is told, an answer that fails changes nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const resolver = new FakeResolver({ client: ['10.0.0.1'] });
  const { names, made } = make(resolver);
  await names.watch(new Set(['client']));
  const pass = async () => {
    t.mock.timers.tick(SLOW.refresh);
    await new Promise(setImmediate);
  };
  await pass();
  assert.equal(made.changes, 1, 'the same addresses');
  resolver.hosts.set('client', ['10.0.0.2']);
  await pass();
  assert.deepEqual(names.addressesOf('client'), [parseAddress('10.0.0.2')]);
  assert.equal(made.changes, 2);
  resolver.down = true;
  await pass();
  assert.deepEqual(names.addressesOf('client'), [parseAddress('10.0.0.2')]);
  assert.equal(made.changes, 2);
  names.close();
});

test('a name that is not answered does not hold up the start beyond the deadline', async () => {
  const resolver = new FakeResolver();
  resolver.addresses = () => new Promise(() => undefined);
  const { names } = make(resolver, { ...SLOW, deadline: 1 });
  await names.watch(new Set(['client']));
  assert.equal(await names.addressesOf('client'), undefined);
  names.close();
});

test('names that are no longer watched are unknown', async () => {
  const { names } = make(new FakeResolver({ one: ['10.0.0.1'], two: ['10.0.0.2'] }));
  await names.watch(new Set(['one', 'two']));
  names.watchOnly(new Set(['two']));
  assert.equal(names.addressesOf('one'), undefined);
  assert.deepEqual(names.addressesOf('two'), [parseAddress('10.0.0.2')]);
  names.close();
});

test("a caller's name counts only if it leads back to the caller", async () => {
  const hosts = { 'honest.example.org': ['10.0.0.1'], 'victim.example.org': ['10.0.0.99'] };
  const resolver = new FakeResolver(hosts, { '10.0.0.1': ['honest.example.org', 'victim.example.org'] });
  const { names } = make(resolver);
  assert.deepEqual(await names.namesOf('10.0.0.1'), ['honest.example.org']);
});

test('names of a caller are asked for once, kept, and asked for again when they are old', async () => {
  const resolver = new FakeResolver({ a: ['10.0.0.1'] }, { '10.0.0.1': ['a'] });
  const { names, made } = make(resolver);
  await Promise.all([names.namesOf('10.0.0.1'), names.namesOf('10.0.0.1')]);
  assert.deepEqual(names.namesOf('10.0.0.1'), ['a'], 'kept: a value, not a promise');
  assert.deepEqual(resolver.asked, ['10.0.0.1', 'a']);
  made.now = SLOW.keep;
  await names.namesOf('10.0.0.1');
  assert.equal(resolver.asked.length, 4);
});

test('a resolver that is down is left alone for a while, then asked again', async () => {
  const resolver = new FakeResolver({ a: ['10.0.0.1'] }, { '10.0.0.1': ['a'] });
  resolver.down = true;
  const { names, made } = make(resolver);
  assert.equal(await names.namesOf('10.0.0.1'), undefined);
  resolver.down = false;
  assert.equal(await names.namesOf('10.0.0.1'), undefined);
  made.now = SLOW.retry;
  assert.deepEqual(await names.namesOf('10.0.0.1'), ['a']);
});

test('a call does not wait for names beyond the deadline', async () => {
  const resolver = new FakeResolver();
  resolver.names = () => new Promise(() => undefined);
  const { names } = make(resolver, { ...SLOW, deadline: 1 });
  assert.equal(await names.namesOf('10.0.0.1'), undefined);
});
