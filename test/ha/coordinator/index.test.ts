import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClusterConfig } from '../../../src/ha/config.ts';
import { CoordinatorLost, openCoordinator } from '../../../src/ha/coordinator/index.ts';
import { silent } from './silent.ts';

const config: Omit<ClusterConfig, 'coordinator'> = {
  cluster: 'c',
  node: 'a',
  runDirectory: '/nowhere',
  leaseMilliseconds: 400,
  nodes: [],
  packages: [],
  http: undefined,
  restarts: { count: 0, periodMilliseconds: 0 },
  logLevel: 'info',
};

test('a shared folder is opened as configured, and must be there', async () => {
  const path = mkdtempSync(join(tmpdir(), 'steadfs-shared-'));
  try {
    const node = await openCoordinator({ ...config, coordinator: { type: 'shared-dir', path } }, silent);
    assert.equal(node.node, 'a');
    assert.equal(node.leaseMilliseconds, 400);
    assert.equal((await node.snapshot()).leases.size, 0);
    await node.close();
  } finally {
    rmSync(path, { recursive: true });
  }
  await assert.rejects(
    openCoordinator({ ...config, coordinator: { type: 'shared-dir', path } }, silent),
    /is of no use/,
  );
});

test('etcd is opened as configured, and need not be there: its calls reject until it is', async () => {
  const plain = { ca: undefined, certificate: undefined, key: undefined, user: undefined, passwordFile: undefined };
  const coordinator = { ...plain, type: 'etcd' as const, endpoints: ['http://127.0.0.1:1', 'http://[::1]:1'] };
  const node = await openCoordinator({ ...config, coordinator }, silent);
  await assert.rejects(
    node.snapshot(),
    (error) => error instanceof CoordinatorLost && /ECONNREFUSED|EADDRNOTAVAIL/.test(error.message),
  );
  await node.close();
  await assert.rejects(
    openCoordinator({ ...config, coordinator: { ...coordinator, ca: '/nowhere/ca.pem' } }, silent),
    /ca\.pem/,
  );
});
