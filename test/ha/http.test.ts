import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { answerTo, HealthServer } from '../../src/ha/http.ts';
import { FakeCluster, leaseOf, packageOf, reportOf, stateOf } from './cluster-fakes.ts';

test('/health: 200 while the coordinator answers within the lease time, 503 otherwise', () => {
  assert.deepEqual(answerTo(reportOf(), '/health'), {
    status: 200,
    body: { healthy: true, node: 'a', cluster: 'files', version: '1.2.3', coordinator_answered_milliseconds_ago: 100 },
  });
  assert.equal(answerTo(reportOf({ age: 2999 }), '/health').status, 200);
  assert.equal(answerTo(reportOf({ age: 3000 }), '/health').status, 503);
  assert.deepEqual(answerTo(reportOf({ age: undefined }), '/health').body, {
    ...{ healthy: false, node: 'a', cluster: 'files', version: '1.2.3', coordinator_answered_milliseconds_ago: null },
  });
});

test('/ready: 200 if every package that this node is to serve is served', () => {
  assert.equal(answerTo(reportOf(), '/ready').status, 200);
  assert.equal(answerTo(reportOf({ age: 3000 }), '/ready').status, 503);
  assert.equal(answerTo(reportOf({ packages: [] }), '/ready').status, 200);
  const starting = packageOf('data', { active: undefined, states: { a: stateOf('starting') } });
  assert.deepEqual(answerTo(reportOf({ packages: [packageOf('home'), starting] }), '/ready'), {
    status: 503,
    body: {
      ready: false,
      node: 'a',
      packages: [
        { name: 'home', phase: 'active' },
        { name: 'data', phase: 'starting' },
      ],
    },
  });
  const taking = packageOf('data', { active: undefined, lease: undefined, states: {}, action: 'take' });
  assert.equal(answerTo(reportOf({ packages: [taking] }), '/ready').status, 503);
});

test('/ready: what another node serves, or held once, is not this node’s', () => {
  const elsewhere = packageOf('data', { active: 'b', lease: leaseOf('data', 'b'), states: { b: stateOf('active') } });
  const released = packageOf('data', {
    active: undefined,
    lease: leaseOf('data', 'a', 'released'),
    states: {},
    action: 'nothing',
  });
  for (const item of [elsewhere, released]) {
    assert.equal(answerTo(reportOf({ packages: [{ ...item, action: 'nothing' }] }), '/ready').status, 200);
  }
});

test('/active/PACKAGE: 200 on the node that serves it, 503 on the others, 404 for a package that is not there', () => {
  assert.deepEqual(answerTo(reportOf(), '/active/data'), {
    status: 200,
    body: { active: true, package: 'data', node: 'a', phase: 'active', served_by: 'a', problem: null },
  });
  const failed = { a: stateOf('failed', 'no disk'), b: stateOf('active') };
  assert.deepEqual(
    answerTo(reportOf({ packages: [packageOf('data', { active: 'b', states: failed })] }), '/active/data'),
    {
      status: 503,
      body: { active: false, package: 'data', node: 'a', phase: 'failed', served_by: 'b', problem: 'no disk' },
    },
  );
  assert.equal(answerTo(reportOf(), '/active/other').status, 404);
  assert.equal(answerTo(reportOf(), '/active/').status, 404);
  assert.equal(answerTo(reportOf(), '/active/data/x').status, 404);
});

test('a query is left out, and anything else is not there', () => {
  assert.equal(answerTo(reportOf(), '/health?from=lb').status, 200);
  for (const path of ['/', '/metrics', '/healthy', '', '//health', '/active']) {
    assert.equal(answerTo(reportOf(), path).status, 404, path);
  }
});

test('over HTTP: HEAD as GET without its body, other methods refused', async () => {
  const server = await HealthServer.start({ host: '127.0.0.1', port: 0 }, new FakeCluster());
  const ask = (method: string, path: string) =>
    new Promise<{ status: number | undefined; length: string | undefined; text: string }>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: server.port, method, path }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode, length: response.headers['content-length'], text });
        });
      });
      asked.on('error', reject).end();
    });
  try {
    const got = await ask('GET', '/active/data');
    assert.equal(got.status, 200);
    assert.equal(JSON.parse(got.text).active, true);
    const head = await ask('HEAD', '/active/data');
    assert.deepEqual(head, { status: 200, length: got.length, text: '' });
    assert.equal((await ask('POST', '/health')).status, 405);
    assert.equal((await ask('GET', '/')).status, 404);
  } finally {
    await server.close();
  }
});
