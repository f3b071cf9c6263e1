import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry, type Service, servicesOf } from '../../src/portmap/index.ts';

const nfs: Service = { program: 100003, version: 3, netid: 'tcp', address: '0.0.0.0', port: 2049 };
const status: Service = { program: 100024, version: 1, netid: 'udp', address: '0.0.0.0', port: 600 };

test('registry: our own services can be neither unset nor replaced', () => {
  const registry = new Registry([nfs], 'superuser');
  assert.equal(registry.unset(nfs.program, nfs.version, undefined, 'superuser'), false);
  assert.equal(registry.set({ ...nfs, port: 4000 }, 'superuser'), false);
  assert.equal(registry.set(nfs, 'superuser'), true);
  assert.deepEqual(registry.list(), [{ ...nfs, owner: 'superuser' }]);
});

test('registry: a program’s own registration goes with its owner or the superuser only', () => {
  const registry = new Registry();
  assert.equal(registry.set(status, 'superuser'), true);
  assert.equal(registry.unset(status.program, status.version, 'udp', 'unknown'), false);
  assert.equal(registry.unset(status.program, status.version, 'tcp', 'unknown'), true);
  assert.equal(registry.list().length, 1);
  assert.equal(registry.unset(status.program, status.version, 'udp', 'superuser'), true);
  assert.equal(registry.unset(status.program, status.version, 'udp', 'superuser'), true);
  assert.deepEqual(registry.list(), []);
});

test('registry: a look-up falls back to another version of the program on the same transport', () => {
  const registry = new Registry([nfs, { ...nfs, version: 2, port: 2050 }, { ...nfs, version: 4, netid: 'udp' }]);
  assert.equal(registry.anyVersion(nfs.program, 3, 'tcp')?.port, 2049);
  assert.equal(registry.anyVersion(nfs.program, 9, 'tcp')?.port, 2050);
  assert.equal(registry.exact(nfs.program, 9, 'tcp'), undefined);
  assert.equal(registry.anyVersion(nfs.program, 3, 'tcp6'), undefined);
  assert.equal(registry.anyVersion(1, 3, 'tcp'), undefined);
});

test('registry: local programs cannot fill it without end', () => {
  const registry = new Registry();
  const accepted = Array.from({ length: 1500 }, (_, version) => registry.set({ ...status, version }, 'unknown'));
  assert.equal(accepted.filter(Boolean).length, 1000);
  assert.equal(registry.list().length, 1000);
});

test('servicesOf: one registration for each transport; `::` is IPv4 too, and several addresses are all of them', () => {
  const programs = [{ program: 100003, version: 3 }];
  const endpoints = (...addresses: string[]) =>
    servicesOf(
      programs,
      addresses.map((address) => ({ transport: 'tcp' as const, address, port: 2049 })),
    ).map(({ netid, address }) => `${netid} ${address}`);
  assert.deepEqual(endpoints('127.0.0.1'), ['tcp 127.0.0.1']);
  assert.deepEqual(endpoints('::').sort(), ['tcp 0.0.0.0', 'tcp6 ::']);
  assert.deepEqual(endpoints('2001:DB8:0:0::1'), ['tcp6 2001:db8::1']);
  assert.deepEqual(endpoints('127.0.0.1', '192.0.2.1'), ['tcp 0.0.0.0']);
});
