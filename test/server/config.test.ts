import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, parseEndpoint, serveConfig } from '../../src/server/config.ts';
import { mountCommand } from '../../src/server/mount-command.ts';

function withFile(text: string, body: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-config-'));
  try {
    writeFileSync(`${folder}/steadfs.toml`, text);
    body(`${folder}/steadfs.toml`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('folders alone are served to this host: loopback, port 2049, root squashed', () => {
  const config = serveConfig({ paths: ['/srv/a', 'b'] });
  assert.deepEqual(config.paths, ['/srv/a', `${process.cwd()}/b`]);
  assert.deepEqual(config.listen, ['127.0.0.1', '::1']);
  assert.equal(config.port, 2049);
  assert.equal(config.portmap, 'auto');
  assert.match(config.options, /root_squash/);
});

test('an exports file is served on every address', () => {
  assert.deepEqual(serveConfig({ paths: [], exports: '/etc/exports' }).listen, ['::']);
});

test('addresses to listen on: each once, and no narrower one beside ::, which has all', () => {
  const cases: [string[], string[]][] = [
    [
      ['10.0.0.5', 'fd00::5', '10.0.0.5'],
      ['10.0.0.5', 'fd00::5'],
    ],
    [['10.0.0.5', '::', '0.0.0.0'], ['::']],
    [
      ['10.0.0.5', '0.0.0.0', '::1'],
      ['0.0.0.0', '::1'],
    ],
  ];
  for (const [listen, expected] of cases) assert.deepEqual(serveConfig({ paths: ['/srv'], listen }).listen, expected);
});

test('a name to listen on, or none at all, is refused', () => {
  for (const listen of [['127.0.0.1', 'localhost'], ['[::1]'], []]) {
    assert.throws(() => serveConfig({ paths: ['/srv'], listen }), /listen: ".*" is not an address; write one as/);
  }
});

test('nothing to serve is an error that says what to write', () => {
  assert.throws(() => serveConfig({ paths: [] }), /name a folder .* or an exports file/);
});

test('the file gives settings, and a flag beats it', () => {
  withFile('paths = ["/srv"]\nport = 3049\nlisten = "10.0.0.1"\nlog_level = "debug"\nmetrics = "9090"\n', (path) => {
    const config = serveConfig({ paths: [], config: path, port: 4049 });
    assert.deepEqual(config.paths, ['/srv']);
    assert.equal(config.port, 4049);
    assert.deepEqual(config.listen, ['10.0.0.1']);
    assert.equal(config.logLevel, 'debug');
    assert.deepEqual(config.metrics, { host: '127.0.0.1', port: 9090 });
  });
});

test('a mistake in the file is named with its place or its setting', () => {
  const cases: [string, RegExp][] = [
    ['port = \n', /steadfs\.toml:1:\d+: /],
    ['prot = 1\n', /unknown setting "prot"; the settings are .*port/],
    ['port = "x"\n', /port: .*expected/i],
    ['port = 70000\n', /port: .*65535/],
    ['log_level = "loud"\n', /log_level: .*"trace"/],
  ];
  for (const [text, expected] of cases) {
    withFile(text, (path) => {
      assert.throws(
        () => serveConfig({ paths: ['/srv'], config: path }),
        (error) => error instanceof ConfigError && expected.test(error.message),
        text,
      );
    });
  }
  assert.throws(() => serveConfig({ paths: ['/srv'], config: '/nowhere.toml' }), /nowhere.toml: cannot be read/);
});

test('an endpoint is ADDRESS:PORT, [IPV6]:PORT or a port on loopback', () => {
  assert.deepEqual(parseEndpoint('0.0.0.0:9090', 'metrics'), { host: '0.0.0.0', port: 9090 });
  assert.deepEqual(parseEndpoint('[::1]:9090', 'metrics'), { host: '::1', port: 9090 });
  for (const text of ['', 'x', '1.2.3.4', '1.2.3.4:99999', '::1:90']) {
    assert.throws(() => parseEndpoint(text, 'metrics'), /metrics: ".*" is not ADDRESS:PORT/);
  }
});

test('the mount command names ports only where no portmapper does, and is safe to paste', () => {
  const target = { address: '10.0.0.1', path: '/srv', port: 2049, portmap: true };
  assert.equal(mountCommand(target), 'mount -t nfs -o vers=3,proto=tcp 10.0.0.1:/srv /mnt');
  assert.equal(
    mountCommand({ ...target, portmap: false, port: 4000 }),
    'mount -t nfs -o vers=3,proto=tcp,port=4000,mountport=4000,mountproto=tcp,nolock 10.0.0.1:/srv /mnt',
  );
  assert.match(mountCommand({ ...target, address: 'fd00::1' }), /proto=tcp6 '\[fd00::1\]:\/srv'/);
  assert.match(mountCommand({ ...target, path: "/a b'c" }), /'10\.0\.0\.1:\/a b'\\''c' \/mnt$/);
  assert.match(mountCommand({ ...target, path: undefined }), /^# nothing is exported/);
});
