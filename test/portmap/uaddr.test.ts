import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeSockaddr, encodeSockaddr, formatUaddr, parseUaddr } from '../../src/portmap/uaddr.ts';
import fc from '../properties.ts';

const port = fc.integer({ min: 0, max: 65535 });

test('uaddr: what is formatted is parsed again, IPv4 (RFC 5665 §5.2.3)', () => {
  fc.assert(
    fc.property(fc.ipV4(), port, (address, port) => {
      assert.deepEqual(parseUaddr(formatUaddr({ address, port }), 'tcp'), { address, port });
      assert.equal(parseUaddr(formatUaddr({ address, port }), 'tcp6'), undefined);
    }),
  );
});

test('uaddr: what is formatted is parsed again, IPv6, whichever way it is written (RFC 5665 §5.2.3)', () => {
  fc.assert(
    fc.property(fc.ipV6(), port, (address, port) => {
      const parsed = parseUaddr(formatUaddr({ address, port }), 'udp6');
      assert.ok(parsed !== undefined);
      assert.equal(parsed.port, port);
      // The shortest form is the same however it was written.
      assert.deepEqual(parseUaddr(formatUaddr(parsed), 'udp6'), parsed);
      assert.deepEqual(encodeSockaddr(parsed), encodeSockaddr({ address, port }));
      assert.equal(parseUaddr(formatUaddr({ address, port }), 'udp'), undefined);
    }),
  );
});

test('sockaddr: what is encoded is decoded again, in either family', () => {
  fc.assert(
    fc.property(fc.ipV4(), port, (address, port) => {
      const bytes = encodeSockaddr({ address, port });
      assert.equal(bytes.length, 16);
      assert.deepEqual(decodeSockaddr(bytes, 'udp'), { address, port });
      assert.equal(decodeSockaddr(bytes, 'udp6'), undefined);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), port, (raw, port) => {
      const address = Array.from({ length: 8 }, (_, i) => ((raw[2 * i]! << 8) | raw[2 * i + 1]!).toString(16)).join(
        ':',
      );
      const bytes = encodeSockaddr({ address, port });
      assert.equal(bytes.length, 28);
      assert.deepEqual(bytes.subarray(8, 24), Buffer.from(raw));
      const decoded = decodeSockaddr(bytes, 'tcp6');
      assert.ok(decoded !== undefined);
      assert.deepEqual(encodeSockaddr(decoded), bytes);
      assert.equal(decodeSockaddr(bytes, 'tcp'), undefined);
    }),
  );
});

test('uaddr: nothing else is taken for one', () => {
  const wrong = [
    '',
    '.',
    '192.0.2.1',
    '192.0.2.1.8',
    '192.0.2.1.8.256',
    '192.0.2.1.256.1',
    '192.0.2.300.8.1',
    '192.0.2.1.8.-1',
    '192.0.2.1.8.1.',
    ' 192.0.2.1.8.1',
    '192.0.2.1.8.1 ',
    '192.0.2.1.0008.1',
    'localhost.8.1',
    '/run/rpcbind.sock',
    '::1',
  ];
  for (const text of wrong) assert.equal(parseUaddr(text, 'tcp'), undefined, text);
  for (const text of [...wrong, 'fe80::1%lo.8.1', ':::.8.1', '1:2:3:4:5:6:7.8.1']) {
    assert.equal(parseUaddr(text, 'tcp6'), undefined, text);
  }
  fc.assert(fc.property(fc.string(), (text) => void parseUaddr(text, 'tcp6')));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void decodeSockaddr(Buffer.from(bytes), 'tcp6')));
});

test('uaddr: forms that rpcbind shows', () => {
  assert.equal(formatUaddr({ address: '0.0.0.0', port: 2049 }), '0.0.0.0.8.1');
  assert.equal(formatUaddr({ address: '::', port: 111 }), '::.0.111');
  assert.equal(formatUaddr({ address: 'fe80::1%eth0', port: 111 }), 'fe80::1.0.111');
  assert.deepEqual(parseUaddr('::ffff:192.0.2.1.8.1', 'tcp6'), { address: '::ffff:192.0.2.1', port: 2049 });
});
