import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/exports/address.ts';
import { matchHost, type Names } from '../../src/exports/match.ts';
import { type HostRule, parseExports } from '../../src/exports/parse.ts';
import fc from '../properties.ts';

function rulesOf(hosts: readonly string[]): readonly HostRule[] {
  return parseExports(`/a ${hosts.join(' ')}`, 'exports').exports[0]!.rules;
}

/** Knows some hosts; everything at once, or a little later. */
function names(known: Record<string, string>, late = false): Names {
  const when = <T>(value: T): T | Promise<T> => (late ? Promise.resolve(value) : value);
  return {
    addressesOf: (name) => when(known[name] === undefined ? [] : [parseAddress(known[name])!]),
    namesOf: (address) => when(Object.keys(known).filter((name) => known[name] === address)),
  };
}

async function matched(hosts: readonly string[], caller: string, known: Record<string, string> = {}, late = false) {
  const { rule } = await matchHost(rulesOf(hosts), caller, names(known, late));
  return rule?.host.text;
}

const ALL = ['*', '*.example.org', '10.0.0.0/8', '10.1.0.0/16', 'client.example.org', '10.9.9.9'];

test('exports(5) precedence: single host, network, wildcard, everyone, however they are ordered', async () => {
  const known = { 'client.example.org': '10.1.1.1', 'other.example.org': '192.0.2.1' };
  for (const hosts of [ALL, [...ALL].reverse()]) {
    assert.equal(await matched(hosts, '10.1.1.1', known), 'client.example.org');
    assert.equal(await matched(hosts, '10.9.9.9', known), '10.9.9.9');
    assert.equal(await matched(hosts, '192.0.2.1', known), '*.example.org');
    assert.equal(await matched(hosts, '192.0.2.2', known), '*');
  }
});

test('exports(5) precedence: among rules of one kind the first as written', async () => {
  assert.equal(await matched(['10.0.0.0/8', '10.1.0.0/16'], '10.1.1.1'), '10.0.0.0/8');
  assert.equal(await matched(['10.1.0.0/16', '10.0.0.0/8'], '10.1.1.1'), '10.1.0.0/16');
});

test('a caller that no rule is for has none', async () => {
  assert.equal(await matched(['10.0.0.0/8', 'client', '*.example.org'], '192.0.2.9'), undefined);
  assert.equal(await matched(['10.0.0.0/8'], 'not an address'), undefined);
  assert.equal(await matched(['*'], 'not an address'), '*');
});

test('what needs no name is a value, not a promise', () => {
  const never: Names = {
    addressesOf: () => assert.fail('asked for addresses'),
    namesOf: () => assert.fail('asked for names'),
  };
  assert.equal(matchHost(rulesOf(['*.example.org', '10.0.0.0/8']), '10.1.1.1', never) instanceof Promise, false);
  assert.equal(matchHost(rulesOf(['*']), '10.1.1.1', never) instanceof Promise, false);
});

test('no answer about a name: the other rules hold, but only for now', async () => {
  const silent: Names = { addressesOf: () => undefined, namesOf: () => undefined };
  const certainty = async (hosts: readonly string[]) => {
    const { rule, certain } = await matchHost(rulesOf(hosts), '10.1.1.1', silent);
    return [rule?.host.text, certain];
  };
  assert.deepEqual(await certainty(['*.example.org', '*']), ['*', false]);
  assert.deepEqual(await certainty(['client', '10.0.0.0/8']), ['10.0.0.0/8', false]);
  assert.deepEqual(await certainty(['client']), [undefined, false]);
  assert.deepEqual(await certainty(['10.1.1.1', 'client']), ['10.1.1.1', true]);
});

const HOSTS = { 'a.example.org': '10.0.0.1', 'b.example.org': '10.0.1.1', 'c.example.net': '192.0.2.1' };
const SINGLE: Record<string, string> = { ...HOSTS, '10.0.0.1': '10.0.0.1', '192.0.2.1': '192.0.2.1' };
const NETWORKS: Record<string, string> = { '10.0.0.0/8': '10.', '10.0.1.0/24': '10.0.1.', '0.0.0.0/0': '' };
const WILDCARDS: Record<string, RegExp> = { '*.example.org': /\.example\.org$/, '?.example.*': /^.\.example\./ };

/** The order of exports(5), said once more and as plainly as can be. */
function model(hosts: readonly string[], caller: string): string | undefined {
  const name = Object.entries(HOSTS).find(([, address]) => address === caller)?.[0] ?? '';
  return (
    hosts.find((host) => SINGLE[host] === caller) ??
    hosts.find((host) => NETWORKS[host] !== undefined && caller.startsWith(NETWORKS[host])) ??
    hosts.find((host) => WILDCARDS[host]?.test(name)) ??
    hosts.find((host) => host === '*')
  );
}

test('any hosts in any order, names at once or late: as the model says', async () => {
  const host = fc.constantFrom('*', ...Object.keys(SINGLE), ...Object.keys(NETWORKS), ...Object.keys(WILDCARDS));
  const caller = fc.constantFrom(...Object.values(HOSTS), '10.0.1.2', '198.51.100.1');
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(host, { minLength: 1 }), caller, fc.boolean(), async (hosts, address, late) => {
      assert.equal(await matched(hosts, address, HOSTS, late), model(hosts, address));
      assert.equal(
        await matched(hosts, `::ffff:${address}`, {}, late),
        model(
          hosts.filter((each) => !/[a-z]/.test(each)),
          address,
        ),
      );
    }),
    { numRuns: 300 },
  );
});
