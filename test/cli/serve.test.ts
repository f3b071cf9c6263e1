import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { RpcClient } from '../../src/rpc/index.ts';
import {
  array,
  bool,
  list,
  nothing,
  opaque,
  struct,
  uint32,
  uint64,
  union,
  type XdrReader,
} from '../../src/xdr/index.ts';
import { type Running, withCommands } from './run.ts';

const MOUNTPROG = 100_005;
const exportList = list(struct({ path: opaque(1024), groups: list(opaque(255), 1000) }), 1000);
const mountResult = union('status', { 0: { handle: opaque(64) }, 2: {}, 13: {} });

const mountedFile = union('status', { 0: { handle: opaque(64), flavors: array(uint32, 8) } });
/** LOOKUP's answer as far as the handle. */
const foundFile = {
  read: (from: XdrReader) => {
    assert.equal(from.uint32(), 0);
    const handle = Buffer.from(from.opaque(64));
    from.take(from.remaining);
    return { handle };
  },
  write: () => {},
};

async function portOf(server: Running): Promise<number> {
  const [, port] = await server.until(/mountport=(\d+)/);
  return Number(port);
}

async function exportsOf(port: number): Promise<string[]> {
  const client = await RpcClient.connectTcp({ host: '127.0.0.1', port });
  try {
    const entries = await client.call(MOUNTPROG, 3, 5, nothing, undefined, exportList);
    return entries.map(({ path }) => path.toString());
  } finally {
    client.close();
  }
}

/** Stands for a state folder that no other command of the test uses. */
const PLACEHOLDER = '<state>';
const common = ['--port', '0', '--portmap', 'off'];

test('serve prints one line with the mount command, answers, and ends with 0 on SIGTERM', async () => {
  await withCommands(async ({ folder, start }) => {
    mkdirSync(`${folder}/export`);
    const server = start(['serve', `${folder}/export`, '--state', `${folder}/state`, ...common]);
    const port = await portOf(server);
    assert.equal(
      server.stdout,
      `mount -t nfs -o vers=3,proto=tcp,port=${port},mountport=${port},mountproto=tcp,nolock 127.0.0.1:${folder}/export /mnt\n`,
    );
    const client = await RpcClient.connectTcp({ host: '127.0.0.1', port });
    const path = Buffer.from(`${folder}/export`);
    const mounted = await client.call(MOUNTPROG, 1, 1, opaque(1024), Buffer.from('/nowhere'), mountResult);
    assert.equal(mounted.status, 13);
    assert.deepEqual(await exportsOf(port), [path.toString()]);
    client.close();
    server.signal('SIGTERM');
    const { code } = await server.finished;
    assert.equal(code, 0);
  });
});

test('serve --json prints the ready line and the log as JSON', async () => {
  await withCommands(async ({ folder, start }) => {
    const server = start(['serve', folder, '--state', `${folder}/state`, '--json', ...common]);
    await server.until(/\n/);
    const ready = JSON.parse(server.stdout);
    assert.equal(ready.ready, true);
    assert.match(ready.mount, /^mount -t nfs /);
    assert.deepEqual(ready.exports, [folder]);
    for (const line of server.stderr.trim().split('\n')) assert.ok(JSON.parse(line).msg);
  });
});

test('SIGHUP reads the exports again; a bad file keeps the old ones and says what is wrong', async () => {
  await withCommands(async ({ folder, start }) => {
    for (const name of ['a', 'b']) mkdirSync(`${folder}/${name}`);
    const file = `${folder}/exports`;
    writeFileSync(file, `${folder}/a 127.0.0.1(rw,insecure)\n`);
    const server = start([
      'serve',
      '--exports',
      file,
      '--state',
      `${folder}/state`,
      '--listen',
      '127.0.0.1',
      ...common,
    ]);
    const port = await portOf(server);
    assert.deepEqual(await exportsOf(port), [`${folder}/a`]);

    writeFileSync(file, `${folder}/a 127.0.0.1(rw)\n${folder}/b 127.0.0.1(ro)\n`);
    server.signal('SIGHUP');
    await server.until(/exports reloaded/, 'stderr');
    assert.deepEqual((await exportsOf(port)).sort(), [`${folder}/a`, `${folder}/b`]);

    writeFileSync(file, `${folder}/a 127.0.0.1(rw,no_root_sqash)\n`);
    server.signal('SIGHUP');
    await server.until(/exports not reloaded.*exports:1:.*no_root_squash/, 'stderr');
    assert.deepEqual((await exportsOf(port)).sort(), [`${folder}/a`, `${folder}/b`]);
  });
});

test('an exports file without an export is told of in place of a mount command, until there is one', async () => {
  await withCommands(async ({ folder, start }) => {
    mkdirSync(`${folder}/a`);
    const file = `${folder}/exports`;
    const state = `${folder}/state`;
    writeFileSync(file, '# nothing yet\n');
    const server = start(['serve', '--exports', file, '--state', state, '--listen', '127.0.0.1', ...common]);
    await server.until(/^# nothing is exported: add a line to the exports file/);
    writeFileSync(file, `${folder}/a 127.0.0.1(rw)\n`);
    server.signal('SIGHUP');
    await server.until(/exports reloaded/, 'stderr');
    const { stdout } = await start(['status', '--state', state]).finished;
    assert.match(stdout, /mount\s+mount -t nfs .* 127\.0\.0\.1:.*\/a \/mnt/);
  });
});

test('a reader that has seen enough, as head has, is no error', async () => {
  await withCommands(async ({ start }) => {
    const command = start(['conformance', '--list']);
    command.child.stdout?.destroy();
    const { code, stderr } = await command.finished;
    assert.deepEqual([code, stderr], [0, '']);
  });
});

/** Writes to whoever opens a FIFO, once that is done. */
async function giveTo(fifo: string, text: string, before = () => {}): Promise<void> {
  for (;;) {
    try {
      const fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
      before();
      writeSync(fd, text);
      closeSync(fd);
      return;
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENXIO');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test('a state in an exported folder is warned of, and one beside it is not', async () => {
  await withCommands(async ({ folder, start }) => {
    mkdirSync(`${folder}/export`);
    const warned: boolean[] = [];
    for (const state of ['export/a/state', 'export.state']) {
      const server = start(['serve', `${folder}/export`, '--state', `${folder}/${state}`, ...common]);
      await portOf(server);
      warned.push(/the state lies in the exported .*--state/.test(server.stderr));
    }
    assert.deepEqual(warned, [true, false]);
  });
});

test('SIGHUP while the server starts is obeyed once it serves', async () => {
  await withCommands(async ({ folder, start }) => {
    for (const name of ['a', 'b']) mkdirSync(`${folder}/${name}`);
    const fifo = `${folder}/exports`;
    execFileSync('mkfifo', [fifo]);
    const server = start([
      'serve',
      '--exports',
      fifo,
      '--state',
      `${folder}/state`,
      '--listen',
      '127.0.0.1',
      ...common,
    ]);
    await giveTo(fifo, `${folder}/a *\n`, () => server.signal('SIGHUP'));
    const port = await portOf(server);
    await giveTo(fifo, `${folder}/b *\n`);
    await server.until(/exports reloaded/, 'stderr');
    assert.deepEqual(await exportsOf(port), [`${folder}/b`]);
  });
});

test('mistakes end the command with 1 and one message that says what to do', async () => {
  await withCommands(async ({ folder, start }) => {
    writeFileSync(`${folder}/bad`, '/srv 10.0.0.1(rw,asyn)\n');
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const state = ['--state', PLACEHOLDER];
    const cases: [string[], RegExp][] = [
      [['serve', ...state], /nothing to serve/],
      [['serve', `${folder}/none`, ...state, ...common], /none/],
      [['serve', '--exports', `${folder}/bad`, ...state, ...common], /bad:1:\d+: .*did you mean async/],
      [['serve', '--exports', `${folder}/missing`, ...state, ...common], /missing: cannot be read/],
      [['serve', folder, ...state, '--port', String(port), '--portmap', 'off'], /is taken.*--port/],
      [['serve', folder, ...state, '--metrics', `127.0.0.1:${port}`, ...common], /no metrics .* in use/],
      [['serve', folder, ...state, '--listen', '192.0.2.1', ...common], /no interface .* 192\.0\.2\.1/],
      [['serve', folder, ...state, '--listen', '::', ...common], /--allow/],
      [['serve', folder, ...state, '--port', 'x'], /whole number/],
      [['serve', folder, ...state, '--portmap', 'maybe'], /auto, on, off/],
    ];
    try {
      await Promise.all(
        cases.map(async ([given, expected], i) => {
          const args = given.map((word) => (word === PLACEHOLDER ? `${folder}/state${i}` : word));
          const { code, stderr, stdout } = await start(args).finished;
          assert.equal(code, 1, `${args.join(' ')}: ${stderr}`);
          assert.match(stderr, expected);
          assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
          assert.equal(stdout, '');
        }),
      );
    } finally {
      taken.close();
    }
  });
});

test('a second server on the same state is refused, and told which process has it', async () => {
  await withCommands(async ({ folder, start }) => {
    const args = ['serve', folder, '--state', `${folder}/state`, ...common];
    const first = start(args);
    await portOf(first);
    const { code, stderr } = await start(args).finished;
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`${first.child.pid}`));
  });
});

test('--metrics serves calls by procedure for Prometheus', async () => {
  await withCommands(async ({ folder, start }) => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const metricsPort = (probe.address() as { port: number }).port;
    await new Promise((resolve) => probe.close(resolve));
    const server = start(['serve', folder, '--state', `${folder}/state`, '--metrics', `${metricsPort}`, ...common]);
    await exportsOf(await portOf(server));
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    assert.match(
      text,
      /steadfs_rpc_calls_total\{program="100005",version="3",procedure="\w*EXPORT",status="SUCCESS"\} 1/,
    );
    assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/else`)).status, 404);
  });
});

test('--log-level trace shows each call', async () => {
  await withCommands(async ({ folder, start }) => {
    const server = start(['serve', folder, '--state', `${folder}/state`, '--log-level', 'trace', ...common]);
    await exportsOf(await portOf(server));
    await server.until(/127\.0\.0\.1 \w*EXPORT SUCCESS [\d.]+ ms/, 'stderr');
  });
});

test('exports checks a file and shows what it says, with the defaults', async () => {
  await withCommands(async ({ folder, start }) => {
    writeFileSync(`${folder}/exports`, '/srv 10.0.0.0/8(rw,fsid=7) *(ro)\n');
    const { code, stdout } = await start(['exports', `${folder}/exports`]).finished;
    assert.equal(code, 0);
    assert.match(stdout, /^\/srv\n {4}10\.0\.0\.0\/8\(rw,sync,root_squash,/);
    const json = await start(['exports', '--json', `${folder}/exports`]).finished;
    assert.equal(JSON.parse(json.stdout)[0].fsid, '7');
    assert.equal(JSON.parse(json.stdout)[0].hosts.length, 2);
    writeFileSync(`${folder}/exports`, '/srv (rw,\n');
    assert.equal((await start(['exports', `${folder}/exports`]).finished).code, 1);
  });
});

test('status and clients ask a running server, for people and as JSON', async () => {
  await withCommands(async ({ folder, start }) => {
    const state = ['--state', `${folder}/state`];
    const server = start(['serve', folder, ...state, ...common]);
    const port = await portOf(server);
    const client = await RpcClient.connectTcp({ host: '127.0.0.1', port });
    await client.call(MOUNTPROG, 3, 4, nothing, undefined, nothing);
    const [status, json, clients] = await Promise.all([
      start(['status', ...state]).finished,
      start(['status', ...state, '--json']).finished,
      start(['clients', ...state]).finished,
    ]);
    client.close();
    assert.match(status.stdout, new RegExp(`process ${server.child.pid}, `));
    assert.ok(status.stdout.includes(`export     ${folder}  127.0.0.0/8 ::1\n`), status.stdout);
    const report = JSON.parse(json.stdout);
    assert.equal(report.port, port);
    assert.equal(report.connections, 1);
    assert.match(clients.stdout, /^127\.0\.0\.1 {2}1 connection, 0 locks\n$/);
  });
});

test('status without a server says which state it looked at', async () => {
  await withCommands(async ({ folder, start }) => {
    const { code, stderr } = await start(['status', '--state', `${folder}/none`]).finished;
    assert.equal(code, 1);
    assert.match(stderr, /no server runs on the state .*none/);
  });
});

const lockArgs = struct({
  cookie: opaque(1024),
  block: bool,
  exclusive: bool,
  ...{ caller_name: opaque(1024), fh: opaque(1024), oh: opaque(1024), svid: uint32, offset: uint64, length: uint64 },
  ...{ reclaim: bool, state: uint32 },
});
const lockResult = struct({ cookie: opaque(1024), status: uint32 });

test("locks lists what is held, and releases it on an administrator's word", async () => {
  await withCommands(async ({ folder, start }) => {
    mkdirSync(`${folder}/export`);
    writeFileSync(`${folder}/export/file`, '');
    const state = ['--state', `${folder}/state`];
    const server = start(['serve', `${folder}/export`, ...state, ...common, '--options', 'rw,insecure,no_root_squash']);
    const client = await RpcClient.connectTcp({ host: '127.0.0.1', port: await portOf(server) });
    const credential = { machineName: Buffer.from('host1'), uid: process.getuid!(), gid: process.getgid!(), gids: [] };
    const mounted = await client.call(
      ...([MOUNTPROG, 3, 1, opaque(1024), Buffer.from(`${folder}/export`), mountedFile] as const),
      { credential },
    );
    const named = struct({ directory: opaque(64), name: opaque(255) });
    const found = await client.call(
      ...([100_003, 3, 3, named, { directory: mounted.handle, name: Buffer.from('file') }, foundFile] as const),
      { credential },
    );
    const lock = async (svid: number, offset: bigint) => {
      const args = {
        ...{
          cookie: Buffer.from('c'),
          block: false,
          exclusive: true,
          caller_name: Buffer.from('host1'),
          fh: found.handle,
        },
        ...{ oh: Buffer.from(`owner${svid}`), svid, offset, length: 10n, reclaim: false, state: 1 },
      };
      const { status } = await client.call(100_021, 4, 2, lockArgs, args, lockResult, { credential });
      assert.equal(status, 0);
    };
    await lock(1, 0n);
    await lock(2, 100n);

    const listed = await start(['locks', ...state]).finished;
    assert.match(listed.stdout, /held {2}write bytes 0-10 {2}inode \d+ {2}host1 \(127\.0\.0\.1\) process 1 {2}since /);
    const { locks } = JSON.parse((await start(['locks', ...state, '--json']).finished).stdout);
    assert.deepEqual(locks.map(({ svid, start: first, end }: Record<string, unknown>) => [svid, first, end]).sort(), [
      [1, '0', '10'],
      [2, '100', '110'],
    ]);
    const { stderr, code } = await start(['locks', 'release', ...state, '--client', 'host1']).finished;
    assert.equal(code, 1);
    assert.match(stderr, /no terminal to ask at; say --yes/);
    const release = (...args: string[]) => start(['locks', 'release', ...state, '--yes', ...args]).finished;
    assert.match((await release('--client', 'host9')).stderr, /no client host9 holds a lock/);
    assert.equal((await release('--owner', locks[0].owner)).stdout, '1 lock released\n');
    assert.equal((await release('--client', 'host1')).stdout, '1 lock released\n');
    assert.equal((await start(['locks', ...state]).finished).stdout, '');
    client.close();
  });
});
