import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcements } from '../../../src/ha/network/announce-frames.ts';
import { internetChecksum, upperChecksum } from '../../../src/ha/network/checksum.ts';
import { addressBytes, addressKey, socketAddress } from '../../../src/ha/network/socket-address.ts';
import { tickleSegment } from '../../../src/ha/network/tickle-segment.ts';
import fc from '../../properties.ts';

const MAC = Buffer.from('02a1b2c3d4e5', 'hex');

function hex(...parts: string[]): string {
  return parts.join('').replaceAll(' ', '');
}

test('an IPv4 address is announced by a gratuitous ARP request and reply, byte by byte (RFC 826, RFC 5944 §4.6)', () => {
  const [request, reply, ...more] = announcements('10.0.0.50', MAC);
  const head = 'ffffffffffff 02a1b2c3d4e5 0806 0001 0800 06 04';
  const padding = '00'.repeat(18);
  assert.equal(request!.frame.toString('hex'), hex(head, '0001 02a1b2c3d4e5 0a000032 000000000000 0a000032', padding));
  assert.equal(reply!.frame.toString('hex'), hex(head, '0002 02a1b2c3d4e5 0a000032 02a1b2c3d4e5 0a000032', padding));
  assert.deepEqual([request!.protocol, reply!.protocol, more.length], [0x0806, 0x0806, 0]);
});

test('an IPv6 address is announced by a neighbour advertisement with override, byte by byte (RFC 4861 §4.4, §7.2.6)', () => {
  const [advertisement, ...more] = announcements('fd00::50', MAC);
  const address = 'fd000000000000000000000000000050';
  assert.equal(
    advertisement!.frame.toString('hex'),
    hex(
      '333300000001 02a1b2c3d4e5 86dd',
      '60000000 0020 3a ff',
      `${address} ff020000000000000000000000000001`,
      `88 00 d1b3 20000000 ${address}`,
      '02 01 02a1b2c3d4e5',
    ),
  );
  assert.equal(advertisement!.protocol, 0x86dd);
  assert.equal(more.length, 0);
});

test('the Internet checksum of the RFC 1071 §3 example, and of an odd number of bytes', () => {
  assert.equal(internetChecksum(Buffer.from('0001f203f4f5f6f7', 'hex')), 0xffff - 0xddf2);
  assert.equal(internetChecksum(Buffer.from('01', 'hex')), 0xffff - 0x0100);
  assert.equal(internetChecksum(Buffer.alloc(0)), 0xffff);
});

test('a message that carries its checksum sums up to zero', () => {
  const address = fc.constantFrom(['10.0.0.1', '192.168.255.254'], ['fd00::1', '2001:db8:ffff::fffe']);
  fc.assert(
    fc.property(address, fc.uint8Array({ minLength: 4, maxLength: 99 }), ([from, to], bytes) => {
      const message = Buffer.from(bytes);
      message.writeUInt16BE(0, 2);
      message.writeUInt16BE(upperChecksum(from!, to!, 6, message), 2);
      assert.equal(upperChecksum(from!, to!, 6, message), 0);
    }),
  );
});

test('a tickle over IPv4 is a bare ACK from our end to the client, byte by byte (RFC 791 §3.1, RFC 9293 §3.1)', () => {
  const connection = { localAddress: '10.0.0.50', localPort: 2049, address: '10.0.0.3', port: 700 };
  assert.equal(
    tickleSegment(connection, 0x5555_5555).toString('hex'),
    hex('4500 0028 0000 0000 40 06 669c 0a000032 0a000003', '0801 02bc 55555555 00000000 50 10 0400 e238 0000'),
  );
});

test('a tickle over IPv6 is a bare ACK from our end to the client, byte by byte (RFC 8200 §3)', () => {
  const connection = { localAddress: 'fd00::50', localPort: 2049, address: 'fd00::3', port: 700 };
  assert.equal(
    tickleSegment(connection, 0).toString('hex'),
    hex(
      '60000000 0014 06 40 fd000000000000000000000000000050 fd000000000000000000000000000003',
      '0801 02bc 00000000 00000000 50 10 0400 a6c3 0000',
    ),
  );
});

test('an address has the same key however it is spelled', () => {
  assert.equal(addressKey('FD00:0:0::0050'), addressKey('fd00::50'));
  assert.equal(addressKey('::ffff:10.0.0.50'), addressKey('10.0.0.50'));
  assert.notEqual(addressKey('10.0.0.50'), addressKey('10.0.0.51'));
  assert.throws(() => addressKey('10.0.0.256'), /is not an IP address/);
});

test('socket addresses as the kernel reads them (ip(7), ipv6(7))', () => {
  const family = (value: number) => Buffer.from(new Uint16Array([value]).buffer).toString('hex');
  assert.equal(socketAddress('10.0.0.50', 2049).toString('hex'), hex(family(2), '0801 0a000032 0000000000000000'));
  assert.equal(
    socketAddress('fd00::50', 111).toString('hex'),
    hex(family(10), '006f 00000000 fd000000000000000000000000000050 00000000'),
  );
  assert.equal(addressBytes('0.0.0.1').length, 4);
});
