import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Agent, missing, until, withHosts } from './hosts.ts';

const LONG = 600_000;
const P = {
  name: 'p',
  addresses: [
    { address: '10.0.0.50', prefix: 24 },
    { address: 'fd00::50', prefix: 64 },
  ],
};
const Q = { name: 'q', addresses: [{ address: '10.0.0.60', prefix: 24 }] };

test('a raised package is reachable at all its addresses, a lowered one at none; another package stays', {
  skip: missing,
}, async () => {
  await withHosts(['a', 'client'], async (hosts) => {
    const [a, client] = [hosts.agent('a'), hosts.agent('client')];
    await a.call('open', [P, Q], ['eth0']);
    for (const { address } of [...P.addresses, ...Q.addresses]) await a.call('serve', address, 2049);
    await a.call('raise', 'p', LONG);
    await a.call('raise', 'q', LONG);
    assert.deepEqual(
      (await a.call('state', 'p')).where,
      P.addresses.map((address) => ({ ...address, device: 'eth0' })),
    );
    for (const { address } of [...P.addresses, ...Q.addresses]) await client.call('connect', address, address, 2049);
    await a.call('renew', 'p', LONG);
    await a.call('lower', 'p');
    await a.call('lower', 'p');
    assert.deepEqual((await a.call('state', 'p')).where, []);
    assert.deepEqual(await ours(a), ['10.0.0.60 eth0']);
    assert.equal(await client.call('ask', '10.0.0.60', 'hello'), 'hello');
    await assert.rejects(a.call('renew', 'p', LONG), /the addresses of "p" are not up here/);
  });
});

test('a link is lost: the addresses move to the standby interface, and connections go on', {
  skip: missing,
}, async () => {
  await withHosts(['a', 'client'], async (hosts) => {
    const [a, client] = [hosts.agent('a'), hosts.agent('client')];
    await hosts.plug('a', 'eth1');
    await a.call('open', [P], ['eth0', 'eth1']);
    for (const { address } of P.addresses) await a.call('serve', address, 2049);
    await a.call('raise', 'p', LONG);
    for (const { address } of P.addresses) {
      await client.call('connect', address, address, 2049);
      assert.equal(await client.call('ask', address, 'before'), 'before');
    }
    await hosts.cable('a', 'eth0', 'down');
    await until('the addresses are on eth1 alone', async () => {
      return `${await ours(a)}` === '10.0.0.50 eth1,fd00::50 eth1';
    });
    for (const { address } of P.addresses) assert.equal(await client.call('ask', address, 'after'), 'after');
    assert.deepEqual(
      (await a.call('state', 'p')).where,
      P.addresses.map((address) => ({ ...address, device: 'eth1' })),
    );
  });
});

test('no link at all: the node is isolated, and nothing can be raised', { skip: missing }, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await a.call('open', [P], ['eth0']);
    await hosts.cable('a', 'eth0', 'down');
    await until('it is isolated', async () => (await a.call('state', 'p')).isolated);
    await assert.rejects(a.call('raise', 'p', LONG), /no service interface has a link \(eth0\)/);
    assert.deepEqual(await ours(a), []);
  });
});

test('what is left over from before is removed, and what somebody took away is put back', {
  skip: missing,
}, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await hosts.ip('a', 'address add 10.0.0.60/24 dev eth0');
    await a.call('open', [P, Q], ['eth0']);
    await a.call('raise', 'p', LONG);
    await hosts.ip('a', 'address delete 10.0.0.50/24 dev eth0');
    await a.call('reconcileNetwork');
    assert.deepEqual(await ours(a), ['10.0.0.50 eth0', 'fd00::50 eth0']);
    assert.deepEqual(await a.call('logged'), [
      'warn: removed 10.0.0.60 from eth0: it does not belong there',
      'warn: put back what was gone from eth0: 10.0.0.50',
    ]);
  });
});

test('an address that is just being put up is not taken for one that is gone', { skip: missing }, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await a.call('open', [P], ['eth0']);
    // It has looked at the interfaces when the addresses come, and compares afterwards.
    await Promise.all([a.call('reconcileNetwork'), a.call('raise', 'p', LONG)]);
    assert.deepEqual(await ours(a), ['10.0.0.50 eth0', 'fd00::50 eth0']);
    assert.deepEqual(await a.call('logged'), []);
  });
});

test('addresses whose right has ended are removed before the kernel does it', { skip: missing }, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await a.call('open', [P], ['eth0']);
    await a.call('raise', 'p', LONG);
    // A lease that was not renewed: the addresses have not been told yet.
    await assert.rejects(a.call('renew', 'p', -1), /the right to it has ended/);
    await a.call('reconcileNetwork');
    assert.deepEqual(await ours(a), []);
  });
});

test('a package of which one address cannot be up has none up', { skip: missing }, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    const broken = { name: 'p', addresses: [...P.addresses, { address: '10.0.0.70', prefix: 33 }] };
    await a.call('open', [broken], ['eth0']);
    await assert.rejects(a.call('raise', 'p', LONG), /10\.0\.0\.70\/33/);
    assert.deepEqual(await ours(a), []);
    assert.deepEqual((await a.call('state', 'p')).where, []);
  });
});

/** The packages' addresses that are up on this host, and where. */
async function ours(agent: Agent): Promise<string[]> {
  const all = [...P.addresses, ...Q.addresses].map(({ address }) => address);
  const present = await agent.call('list');
  return present
    .filter(({ address }) => all.includes(address))
    .map(({ address, device }) => `${address} ${device}`)
    .sort();
}
