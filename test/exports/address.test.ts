import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { isInNetwork, type Network, parseAddress, parseNetwork } from '../../src/exports/address.ts';
import fc from '../properties.ts';

const ipv4Bits = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((value) => value.toString(2).padStart(32, '0'));
const ipv6Bits = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => value.toString(2).padStart(128, '0'));
const pieces = (bits: string, size: number) => bits.match(new RegExp(`.{${size}}`, 'g')) ?? [];
const ipv4Text = (bits: string) =>
  pieces(bits, 8)
    .map((byte) => Number.parseInt(byte, 2))
    .join('.');
const ipv6Text = (bits: string) =>
  pieces(bits, 16)
    .map((group) => Number.parseInt(group, 2).toString(16))
    .join(':');

/** `::ffff:10.0.0.1` is an IPv4 address, and no IPv6 network holds it. */
const isMappedIpv4 = (bits: string) => bits.startsWith('0'.repeat(80) + '1'.repeat(16));

function network(text: string): Network {
  const parsed = parseNetwork(text);
  assert.notEqual(typeof parsed, 'string', `${text}: ${String(parsed)}`);
  return parsed as Network;
}

function isIn(address: string, text: string): boolean {
  const parsed = parseAddress(address);
  assert.ok(parsed !== undefined, address);
  return isInNetwork(parsed, network(text));
}

for (const [name, bits, text, width] of [
  ['IPv4', ipv4Bits, ipv4Text, 32],
  ['IPv6', ipv6Bits, ipv6Text, 128],
] as const) {
  test(`${name} network: an address is in it if the first bits agree, by length and by mask`, () => {
    fc.assert(
      fc.property(bits, bits, fc.integer({ min: 0, max: width }), fc.boolean(), (base, other, length, near) => {
        const address = near ? base.slice(0, length) + other.slice(length) : other;
        fc.pre(![base, address].some(isMappedIpv4));
        const expected = address.slice(0, length) === base.slice(0, length);
        const mask = text('1'.repeat(length).padEnd(width, '0'));
        assert.equal(isIn(text(address), `${text(base)}/${length}`), expected);
        assert.equal(isIn(text(address), `${text(base)}/${mask}`), expected);
      }),
    );
  });
}

test('an IPv4 address written inside IPv6 is that IPv4 address', () => {
  fc.assert(
    fc.property(ipv4Bits, (bits) => {
      const address = ipv4Text(bits);
      assert.deepEqual(parseAddress(`::ffff:${address}`), parseAddress(address));
      assert.ok(isIn(`::ffff:${address}`, `${address}/24`));
      assert.ok(isIn(address, `::ffff:${address}/120`));
    }),
  );
});

test('an IPv6 network holds no IPv4 address, not even ::/0, and the other way round', () => {
  assert.equal(isIn('10.0.0.1', '::/0'), false);
  assert.equal(isIn('::ffff:10.0.0.1', '::/80'), false);
  assert.equal(isIn('fd00::1', '0.0.0.0/0'), false);
});

test('a compressed IPv6 address is the one written out', () => {
  assert.deepEqual(parseAddress('fd00::1'), parseAddress('fd00:0:0:0:0:0:0:1'));
  assert.deepEqual(parseAddress('::'), parseAddress('0:0:0:0:0:0:0:0'));
  assert.deepEqual(parseAddress('::1:0'), parseAddress('0:0:0:0:0:0:1:0'));
  assert.deepEqual(parseAddress('64:ff9b::10.1.2.3'), parseAddress('64:ff9b::a01:203'));
  assert.deepEqual(parseAddress('fe80::1%eth0'), parseAddress('fe80::1'));
});

test('what node:net calls an address is one, and nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.stringMatching(/^[0-9a-f:.%]{0,20}$/)), (text) => {
      assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0);
    }),
  );
});

test('a network with a bad base or mask is refused in words', () => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/255.0.255.0',
    '10.0.0/8',
    'fd00::/129',
    'fd00::/255.0.0.0',
  ]) {
    assert.equal(typeof parseNetwork(text), 'string', text);
  }
  assert.equal(typeof parseNetwork('::ffff:10.0.0.0/8'), 'string', 'a mapped prefix that is not within IPv4');
});
