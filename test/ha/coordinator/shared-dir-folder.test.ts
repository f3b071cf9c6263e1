import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CoordinatorLost, LeaseLost } from '../../../src/ha/coordinator/contract.ts';
import { SharedDirCoordinator } from '../../../src/ha/coordinator/shared-dir.ts';
import { openSharedDir } from '../../../src/ha/coordinator/shared-dir-open.ts';
import { FolderFiles } from '../../../src/ha/coordinator/shared-files.ts';
import { HangingFiles } from './hanging-files.ts';
import { silent } from './silent.ts';
import { acquired, LEASE } from './suite.ts';
import { VirtualTime } from './virtual-time.ts';

describe('shared-dir, in its folder', () => {
  let path: string;
  let time: VirtualTime;

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'steadfs-shared-'));
    time = new VirtualTime();
  });
  afterEach(() => rmSync(path, { recursive: true }));

  const open = (node: string, folder = path, log = silent) =>
    openSharedDir({ path: folder, cluster: 'c', node, leaseMilliseconds: LEASE, timing: time, log });
  const inCluster = (...names: string[]) => join(path, 'c', ...names);
  const webFiles = (kind: string) => readdirSync(inCluster('leases', 'web')).filter((name) => name.startsWith(kind));

  async function hanging(node: string): Promise<[SharedDirCoordinator, HangingFiles]> {
    await (await open(node)).close();
    const files = new HangingFiles(node, new FolderFiles(inCluster(), node));
    return [new SharedDirCoordinator({ files, node, leaseMilliseconds: LEASE, timing: time }), files];
  }

  test('a folder that is missing, or is none, or cannot be written to, is told in words', async () => {
    await assert.rejects(open('a', join(path, 'nowhere')), /nowhere is of no use.*is its storage mounted\?/);
    writeFileSync(join(path, 'file'), '');
    await assert.rejects(open('a', join(path, 'file')), /it is not a folder/);
    writeFileSync(join(path, 'c'), '');
    await assert.rejects(open('a'), /cannot be written to/);
  });

  test('a folder of a newer format is left alone', async () => {
    mkdirSync(inCluster());
    writeFileSync(inCluster('format.json'), '{"format":2}\n');
    await assert.rejects(open('a'), /of format 2, made by a newer steadfs.*update it/);
    writeFileSync(inCluster('format.json'), 'nonsense');
    await assert.rejects(open('a'), /format\.json is damaged/);
  });

  test('a folder on the disk that the host itself lives on is warned of', async () => {
    const warnings: string[] = [];
    await (await open('a', path, { ...silent, warn: (_details, message) => warnings.push(message) })).close();
    const isOwnDisk = statSync(path).dev === statSync('/').dev;
    assert.equal(/own disk: other hosts cannot share it/.test(warnings.join()), isOwnDisk);
  });

  test('what a killed process left under way is removed when its node comes back, not what others have', async () => {
    await (await open('a')).close();
    writeFileSync(inCluster('tmp', 'a.old.1'), '');
    writeFileSync(inCluster('tmp', 'b.old.1'), '');
    await (await open('a')).close();
    assert.deepEqual(readdirSync(inCluster('tmp')), ['b.old.1']);
  });

  test('old claims and beats are removed by a holder once it has held for a lease time', async () => {
    const [a, b] = [await open('a'), await open('b')];
    for (let round = 0; round < 3; round += 1) {
      await a.release(await acquired(a, 'web'));
      await b.release(await acquired(b, 'web'));
    }
    const grant = await acquired(a, 'web');
    await a.renew(grant);
    assert.equal(webFiles('claim').length, 7);
    await time.pass(LEASE);
    await a.renew(grant);
    while (webFiles('').length > 2) await time.pass(0);
    assert.deepEqual(webFiles('claim'), ['claim.000000000007']);
    assert.match(webFiles('beat').join(), /^beat\.000000000007\.[^,]*$/);
    await a.release(grant);
    assert.equal((await acquired(b, 'web')).token, 8);
  });

  test('a hanging folder holds two threads and no more, whatever is asked; later all goes on', async () => {
    const [a, files] = await hanging('a');
    const grant = await acquired(a, 'web');
    files.hang(true);
    for (let round = 0; round < 5; round += 1) {
      const calls = [a.renew(grant), a.snapshot(), a.publish(round), a.write('k', round, 0), a.acquire('mail')];
      const outcomes = Promise.allSettled(calls);
      await time.pass(LEASE / 2);
      for (const outcome of await outcomes) {
        assert.ok(outcome.status === 'rejected' && outcome.reason instanceof CoordinatorLost);
      }
    }
    assert.equal(files.begun, 2);
    files.hang(false);
    assert.equal((await a.renew(grant)).token, grant.token);
    await a.publish('back');
    assert.equal((await a.snapshot()).nodes.get('a')?.status, 'back');
  });

  test('a renewal that comes through after its time is no renewal', async () => {
    const [a, files] = await hanging('a');
    const b = await open('b');
    const grant = await acquired(a, 'web');
    await b.snapshot();
    files.hang(true);
    const renewal = assert.rejects(a.renew(grant), CoordinatorLost);
    await time.pass(LEASE);
    await renewal;
    const next = await acquired(b, 'web');
    files.hang(false);
    await assert.rejects(a.renew(grant), LeaseLost);
    assert.equal((await b.renew(next)).token, next.token);
  });

  test('a renewal that hangs does not land on a release that came after it', async () => {
    const [a, files] = await hanging('a');
    const b = await open('b');
    const grant = await acquired(a, 'web');
    files.hang(true);
    const renewal = assert.rejects(a.renew(grant), CoordinatorLost);
    await time.pass(LEASE / 2);
    await renewal;
    const released = a.release(grant, 'b');
    files.hang(false);
    await released;
    assert.equal((await b.snapshot()).leases.get('web')?.state, 'released');
    assert.ok((await acquired(b, 'web')).token > grant.token);
  });

  test('when the storage is unmounted under it nothing is made in what lies beneath', async () => {
    const a = await open('a');
    const grant = await acquired(a, 'web');
    renameSync(inCluster(), join(path, 'away'));
    const calls = [a.snapshot(), a.acquire('mail'), a.acquire('web'), a.publish(1), a.write('k', 1, 0)];
    for (const outcome of await Promise.allSettled(calls)) {
      assert.ok(outcome.status === 'rejected' && outcome.reason instanceof CoordinatorLost);
    }
    await assert.rejects(a.renew(grant));
    assert.equal(existsSync(inCluster()), false);
    renameSync(join(path, 'away'), inCluster());
    assert.equal((await a.snapshot()).leases.get('web')?.holder, 'a');
  });

  test('a holder whose claim has been marked as contested loses it, though no next claim is there', async () => {
    const a = await open('a');
    const grant = await acquired(a, 'web');
    writeFileSync(inCluster('leases', 'web', 'claim.000000000001'), 'contested by b\n', { flag: 'a' });
    await assert.rejects(a.renew(grant), LeaseLost);
  });

  test('a beat that is half written counts as one', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await acquired(a, 'web');
    await b.snapshot();
    await time.pass(LEASE);
    const [beat = ''] = webFiles('beat');
    writeFileSync(inCluster('leases', 'web', beat), '{"count":1,"released":tr');
    const lease = (await b.snapshot()).leases.get('web');
    assert.deepEqual([lease?.state, lease?.age], ['held', 0]);
  });

  test('a claim that cannot be read is nobody’s to take', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await acquired(a, 'web');
    writeFileSync(inCluster('leases', 'web', 'claim.000000000001'), 'x'.repeat(512));
    await assert.rejects(b.acquire('web'), /claim\.000000000001 is damaged/);
  });

  test('a status that is half written leaves the last one standing', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await a.publish('whole');
    await b.snapshot();
    const text = readFileSync(inCluster('nodes', 'a'), 'utf8');
    writeFileSync(inCluster('nodes', 'a'), text.replace('whole', 'other'));
    assert.equal((await b.snapshot()).nodes.get('a')?.status, 'whole');
  });

  test('a name that link(2) says exists is ours if the content is: NFS clients send a request again', async () => {
    await (await open('a')).close();
    const files = new FolderFiles(inCluster(), 'a');
    assert.equal(await files.create('nodes/x', Buffer.from('mine')), true);
    assert.equal(await files.create('nodes/x', Buffer.from('mine')), true);
    assert.equal(await files.create('nodes/x', Buffer.from('theirs')), false);
    assert.deepEqual(readdirSync(inCluster('tmp')), []);
  });

  test('a document that others write again before our write has ended is written all the same', async () => {
    const a = await open('a');
    const [b, files] = await hanging('b');
    const create = files.create.bind(files);
    files.create = async (file, content) => {
      const isNew = await create(file, content);
      assert.equal(await a.write('k', 'next', 1), true);
      return isNew;
    };
    assert.equal(await b.write('k', 'first', 0), true);
    assert.deepEqual(await a.read('k'), { value: 'next', version: 2 });
  });

  test('a document keeps some old versions; one who was stopped until a version was removed does not make it again', async () => {
    const a = await open('a');
    for (let version = 0; version < 40; version += 1) assert.equal(await a.write('k', version, version), true);
    const names = readdirSync(inCluster('documents', 'k')).sort();
    assert.deepEqual([names.length, names[0], names.at(-1)], [32, '000000000009', '000000000040']);
    const [late, files] = await hanging('late');
    const create = files.create.bind(files);
    // As if the others had gone on between its look and its write.
    files.list = async () => ['000000000002'];
    files.create = async (file, content) => {
      files.list = (folder) => HangingFiles.prototype.list.call(files, folder);
      return create(file, content);
    };
    assert.equal(await late.write('k', 'late', 2), false);
    assert.deepEqual(readdirSync(inCluster('documents', 'k')).sort(), names);
    assert.deepEqual(await a.read('k'), { value: 39, version: 40 });
  });
});
