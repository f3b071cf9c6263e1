import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EtcdAccess } from '../../../src/ha/config.ts';
import { CoordinatorLost } from '../../../src/ha/coordinator/contract.ts';
import { EtcdCoordinator } from '../../../src/ha/coordinator/etcd.ts';
import { EtcdGateway } from '../../../src/ha/coordinator/etcd-gateway.ts';
import { realTiming } from '../../../src/ha/coordinator/timing.ts';
import { EtcdLab, lacksEtcd } from './etcd-lab.ts';
import { acquired } from './suite.ts';

/** Patience enough for a busy machine; nothing here waits for it to end, but the refusals that are no answers. */
const LEASE = 20_000;

describe('etcd with TLS, client certificates and passwords', { skip: lacksEtcd }, () => {
  let etcd: EtcdLab;
  let access: EtcdAccess;

  before(async () => {
    etcd = await EtcdLab.start(1, true);
    etcd.etcdctl('user', 'add', 'root:secret');
    etcd.etcdctl('user', 'grant-role', 'root', 'root');
    etcd.etcdctl('role', 'add', 'cluster');
    etcd.etcdctl('role', 'grant-permission', 'cluster', '--prefix=true', 'readwrite', '/steadfs/ours/');
    etcd.etcdctl('user', 'add', 'node:pass word');
    etcd.etcdctl('user', 'grant-role', 'node', 'cluster');
    etcd.etcdctl('auth', 'enable');
    access = { ...etcd.files!, endpoints: etcd.endpoints, user: 'node', passwordFile: file('password', 'pass word\n') };
  });
  after(() => etcd?.end());

  const file = (name: string, content: string) => {
    const path = join(etcd.folder, name);
    writeFileSync(path, content);
    return path;
  };

  function open(changes: Partial<EtcdAccess>, cluster = 'ours', leaseMilliseconds = LEASE): EtcdCoordinator {
    const store = new EtcdGateway({ ...access, ...changes }, realTiming);
    return new EtcdCoordinator({ store, cluster, node: 'a', leaseMilliseconds, timing: realTiming });
  }

  async function refusal(changes: Partial<EtcdAccess>, cluster?: string, lease?: number): Promise<string> {
    const node = open(changes, cluster, lease);
    try {
      const error = await node.snapshot().then(
        () => assert.fail('it is let in'),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof CoordinatorLost);
      return error.message;
    } finally {
      await node.close();
    }
  }

  test('a node with its password goes on after its login has run out', async () => {
    const node = open({});
    try {
      const grant = await acquired(node, 'web');
      await Promise.all([node.renew(grant), node.publish('well'), node.snapshot()]);
      // A member that starts again knows no logins.
      await etcd.kill(0);
      etcd.run(0);
      await etcd.ready(0);
      assert.equal((await node.renew(grant)).token, grant.token);
      assert.equal((await node.snapshot()).leases.get('web')?.holder, 'a');
      await node.release(grant);
    } finally {
      await node.close();
    }
  });

  test('a wrong password, a missing login and a cluster that is not ours are refused in words', async () => {
    assert.match(await refusal({ passwordFile: file('wrong', 'guess') }), /refuses.*invalid user ID or password/);
    assert.match(await refusal({ user: undefined, passwordFile: undefined }), /refuses.*permission denied/);
    assert.match(await refusal({}, 'theirs'), /refuses.*permission denied/);
  });

  test('a password that was changed is read again at the next login', async () => {
    const path = file('changing', 'guess');
    const node = open({ passwordFile: path });
    try {
      await assert.rejects(node.snapshot(), CoordinatorLost);
      file('changing', 'pass word');
      await node.snapshot();
    } finally {
      await node.close();
    }
  });

  test('a server whose certificate is not of our authority is not spoken to', async () => {
    assert.match(await refusal({ ca: undefined }, 'ours', 4000), /self-signed certificate|unable to/);
  });

  test('without a client certificate there is no connection', async () => {
    assert.match(
      await refusal({ certificate: undefined, key: undefined }, 'ours', 4000),
      /certificate required|alert|socket hang up/,
    );
  });

  test('a file that is missing is an error at once', () => {
    assert.throws(() => new EtcdGateway({ ...access, ca: '/nowhere/ca.pem' }, realTiming), /\/nowhere\/ca\.pem/);
    assert.throws(() => new EtcdGateway({ ...access, passwordFile: '/nowhere/pw' }, realTiming), /\/nowhere\/pw/);
  });
});
