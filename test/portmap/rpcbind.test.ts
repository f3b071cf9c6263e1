import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const JOB = fileURLToPath(new URL('rpcbind-job.ts', import.meta.url));
const SETUP = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"';
const options = { skip: missing(), timeout: 60_000 };

test('registration: every service is in rpcbind, by every transport, and gone after the end', options, async (t) => {
  const { looks, said } = await run(t, 'register');
  assert.deepEqual(looks, [
    ['2', '3'].flatMap((version) => [
      `${version} tcp 0.0.0.0.15.160`,
      `${version} tcp6 ::.15.160`,
      `${version} udp 0.0.0.0.15.160`,
      `${version} udp6 ::.15.160`,
    ]),
    [],
  ]);
  assert.deepEqual(said, ['registered with rpcbind']);
});

test('registration: an rpcbind that was restarted is told again', options, async (t) => {
  const { looks } = await run(t, 'restart');
  assert.deepEqual(looks, [['3 tcp 0.0.0.0.15.160', '3 tcp6 ::.15.160', '3 udp 0.0.0.0.15.160', '3 udp6 ::.15.160']]);
});

test('registration: what a killed server left behind is replaced', options, async (t) => {
  const { looks } = await run(t, 'stale');
  assert.deepEqual(looks, [
    ['3 tcp 0.0.0.0.15.161', '3 tcp6 ::.15.161', '3 udp 0.0.0.0.15.161', '3 udp6 ::.15.161'],
    [],
  ]);
});

test('registration: a server that answers keeps its place, also when we end', options, async (t) => {
  const { looks, said } = await run(t, 'alive');
  assert.deepEqual(looks, [
    ['3 tcp 127.0.0.1.15.160', '3 tcp6 ::.15.161', '3 udp 0.0.0.0.15.161', '3 udp6 ::.15.161'],
    ['3 tcp 127.0.0.1.15.160'],
  ]);
  assert.ok(said.some((line) => line.endsWith('is registered for another server, which answers')));
});

test('registration: without an rpcbind it fails at once', options, async (t) => {
  const { said } = await run(t, 'gone');
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /ECONNREFUSED/);
});

test('rpcinfo reads our portmapper: versions 2, 3 and 4, TCP and UDP, IPv4 and IPv6 (RFC 1833)', options, async (t) => {
  const { looks } = await run(t, 'own');
  const [old = [], all = [], short = [], ping = []] = looks.map((lines) =>
    lines.map((line) => line.trim().replace(/\s+/g, ' ')),
  );
  assert.ok(old.includes('100000 2 udp 111 portmapper'), old.join('\n'));
  assert.ok(old.includes('536870914 3 tcp 4000'), old.join('\n'));
  assert.ok(old.includes('536870915 1 tcp 4100'), old.join('\n'));
  assert.ok(
    all.some((line) => /^536870914 3 tcp6 ::\.15\.160 - superuser$/.test(line)),
    all.join('\n'),
  );
  assert.ok(
    short.some((line) => line.startsWith('100000 4,3,2') || line.startsWith('100000 2,3,4')),
    short.join('\n'),
  );
  assert.deepEqual(ping, ['program 100000 version 4 ready and waiting']);
});

/** One scenario of the job; what it printed. */
async function run(t: TestContext, scenario: string): Promise<{ looks: string[][]; said: string[] }> {
  const args = [
    '-n',
    '-m',
    '-p',
    '-f',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    SETUP,
    'sh',
    process.execPath,
    '--import',
    'tsx',
    JOB,
    scenario,
  ];
  const child = spawn('unshare', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    // The namespace, and the rpcbind in it, ends with the test, however that ends.
    signal: t.signal,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => (output += text));
  const [status] = await once(child, 'close');
  assert.equal(status, 0);
  return JSON.parse(output);
}

function missing(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, for a network namespace of its own';
  for (const program of ['unshare', 'rpcbind', 'rpcinfo', 'ip']) {
    const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
    if (!found) return `needs ${program} (Debian: util-linux, rpcbind, iproute2)`;
  }
  const trial = spawnSync('unshare', ['-n', '-m', 'sh', '-c', SETUP, 'sh', 'true']);
  return trial.status === 0 ? false : 'needs to make network and mount namespaces';
}
