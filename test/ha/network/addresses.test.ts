import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missing, until, withHosts } from './hosts.ts';

const LONG = 60_000;
const IPV4 = { address: '10.0.0.50', prefix: 24, device: 'eth0' };
const IPV6 = { address: 'fd00::50', prefix: 64, device: 'eth0' };

test('an address is added with a lifetime a little below its right, equal in both kinds, and is usable at once', {
  skip: missing,
}, async () => {
  await withHosts(['a', 'b'], async (hosts) => {
    const [a, b] = [hosts.agent('a'), hosts.agent('b')];
    await a.call('hold', IPV4, LONG);
    await a.call('hold', IPV6, LONG);
    for (const { address } of [IPV4, IPV6]) {
      const links: { addr_info: AddressInfo[] }[] = JSON.parse(await hosts.ip('a', '-json address show dev eth0'));
      const info = links.flatMap((link) => link.addr_info).find(({ local }) => local === address)!;
      assert.ok(info.valid_life_time > 55 && info.valid_life_time < LONG / 1000, `${info.valid_life_time} s`);
      assert.equal(info.preferred_life_time, info.valid_life_time);
      assert.equal(info.deprecated, undefined);
      assert.equal(info.tentative, undefined);
      await a.call('serve', address, 2049);
      await b.call('connect', address, address, 2049);
    }
  });
});

test('the kernel takes addresses away by itself when nobody renews them, and leaves those alone that are renewed', {
  skip: missing,
}, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    const has = async (address: string) => (await a.call('list')).some((present) => present.address === address);
    // The first of a network is its primary address: its end must not be the others' end.
    const primary = { address: '192.168.9.50', prefix: 24, device: 'eth0' };
    const secondary = { address: '192.168.9.51', prefix: 24, device: 'eth0' };
    for (const address of [primary, IPV6]) await a.call('hold', address, 500);
    for (const address of [secondary, IPV4]) await a.call('hold', address, LONG);
    await a.call('hold', IPV4, LONG);
    await until('the kernel removes the IPv4 address', async () => !(await has(primary.address)));
    await until('the kernel removes the IPv6 address', async () => !(await has(IPV6.address)));
    assert.ok(await has(secondary.address));
    assert.ok(await has(IPV4.address));
    assert.match(await hosts.ip('a', 'route show 192.168.9.0/24'), /dev eth0/);
  });
});

test('renewing disturbs no connection, adds no second address, and is heard by nobody', { skip: missing }, async () => {
  await withHosts(['a', 'b'], async (hosts) => {
    const [a, b] = [hosts.agent('a'), hosts.agent('b')];
    for (const address of [IPV4, IPV6]) {
      await a.call('hold', address, LONG);
      await a.call('serve', address.address, 2049);
      await b.call('connect', address.address, address.address, 2049);
    }
    await b.call('capture', 'eth0');
    for (let times = 0; times < 3; times++) {
      for (const address of [IPV4, IPV6]) {
        await a.call('hold', address, LONG);
        assert.equal(await b.call('ask', address.address, `after ${times}`), `after ${times}`);
      }
    }
    const [{ address: mac }] = JSON.parse(await hosts.ip('a', '-json link show eth0'));
    const frames = await b.call('captured', 'eth0');
    assert.ok(frames.length > 0);
    // Neither a broadcast nor a multicast comes from there, as an announcement would.
    const spread = frames.filter((frame) => frame.slice(12, 24) === mac.replaceAll(':', '') && isGroup(frame));
    const about = spread.filter((frame) => frame.includes('0a000032') || frame.includes(`fd00${'0'.repeat(24)}0050`));
    assert.deepEqual(about, []);
    assert.equal((await a.call('list')).filter(({ address }) => address === IPV4.address).length, 1);
    assert.equal((await a.call('list')).filter(({ address }) => address === IPV6.address).length, 1);
  });
});

test('removing takes an address away wherever it is, may be done again, and leaves the others', {
  skip: missing,
}, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    const other = { address: '192.168.9.51', prefix: 24, device: 'eth0' };
    const primary = { address: '192.168.9.50', prefix: 24, device: 'eth0' };
    await a.call('hold', primary, LONG);
    await a.call('hold', other, LONG);
    await a.call('hold', IPV6, LONG);
    await hosts.ip('a', 'address add 192.168.9.50/32 dev lo');
    await a.call('remove', primary.address);
    await a.call('remove', primary.address);
    await a.call('remove', 'FD00:0::0050');
    const left = (await a.call('list')).map(({ address }) => address);
    assert.ok(!left.includes(primary.address) && !left.includes(IPV6.address), `${left}`);
    assert.ok(left.includes(other.address) && left.includes('10.0.0.1') && left.includes('fd00::1'), `${left}`);
  });
});

test('reconcile removes service addresses that are not wanted where they are, names missing ones, touches no other', {
  skip: missing,
}, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await hosts.plug('a', 'eth1');
    await a.call('hold', IPV4, LONG);
    await a.call('hold', { ...IPV4, device: 'eth1' }, LONG);
    // Somebody's configuration file has it too, and for ever.
    await hosts.ip('a', 'address add fd00::50/64 dev eth0 nodad');
    const missingOne = { address: '10.0.0.51', prefix: 24, device: 'eth0' };
    const { removed, missing } = await a.call(
      'reconcile',
      [IPV4.address, IPV6.address, missingOne.address],
      [IPV4, missingOne],
    );
    assert.deepEqual(removed.map(({ address, device }) => `${address} ${device}`).sort(), [
      '10.0.0.50 eth1',
      'fd00::50 eth0',
    ]);
    assert.deepEqual(missing, [missingOne]);
    const left = (await a.call('list')).map(({ address, device }) => `${address} ${device}`);
    for (const expected of ['10.0.0.50 eth0', '10.0.0.1 eth0', 'fd00::1 eth0', '127.0.0.1 lo']) {
      assert.ok(left.includes(expected), expected);
    }
    assert.ok(!left.includes('10.0.0.50 eth1') && !left.includes('fd00::50 eth0'), `${left}`);
  });
});

test('what cannot be done is said: no such interface, a right that has ended', { skip: missing }, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await assert.rejects(a.call('hold', { ...IPV4, device: 'eth9' }, LONG), /eth9/);
    await assert.rejects(a.call('hold', IPV4, -1), /the right to it has ended/);
    assert.ok(!(await a.call('list')).some(({ address }) => address === IPV4.address));
  });
});

test('settings that cannot be made are named once, and the address is there all the same', {
  skip: missing,
}, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    await a.call('open', [{ name: 'p', addresses: [IPV4] }], ['eth0']);
    await a.call('readOnlySettings');
    await a.call('raise', 'p', LONG);
    await a.call('renew', 'p', LONG);
    assert.ok((await a.call('list')).some(({ address }) => address === IPV4.address));
    const logged = await a.call('logged');
    assert.equal(logged.length, 3, `${logged}`);
    assert.match(logged[0]!, /^warn: net\/ipv4\/conf\/eth0\/promote_secondaries is to be 1, .*EROFS/);
  });
});

interface AddressInfo {
  local: string;
  valid_life_time: number;
  preferred_life_time: number;
  deprecated?: boolean;
  tentative?: boolean;
}

/** The last bit of the destination's first byte. */
function isGroup(frame: string): boolean {
  return (Number.parseInt(frame.slice(0, 2), 16) & 1) === 1;
}
