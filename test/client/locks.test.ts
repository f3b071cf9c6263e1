import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mountedBy } from '../../conformance/client/lab.ts';
import { LOCK_PROGRAM } from '../../conformance/client/lock-program.ts';
import { LOCKS } from '../../conformance/client/locks.ts';
import { runWorkload } from '../../conformance/client/runner.ts';
import { Guest } from '../../conformance/lab/guest.ts';
import { Lab, labMissing, SERVER_IPV4, SERVER_IPV6 } from '../../conformance/lab/lab.ts';
import type { ServerProcess } from '../../conformance/lab/server-process.ts';
import { exportsFile, startSteadfs } from '../../conformance/lab/steadfs.ts';
import { MOUNT_POINT, mountCommand } from './stage.ts';

const skip = labMissing() ?? false;
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const EXPORT_OPTIONS = ['rw', 'no_root_squash'];

/** Locks its first file, then, when the other program has locked its own, waits for that. */
const CIRCLE_PROGRAM = `use strict;
use Fcntl qw(SEEK_SET F_SETLKW F_WRLCK);
my @files = map { open(my $file, '+<', $_) or die; $file } @ARGV;
my $lock = pack('s s x4 q q l x4', F_WRLCK, SEEK_SET, 0, 0, 0);
fcntl($files[0], F_SETLKW, $lock) or die "first: $!";
sleep(3);
$SIG{ALRM} = sub { print "waited in vain\n"; exit 3 };
alarm(60);
print fcntl($files[1], F_SETLKW, $lock) ? "both\n" : "$!\n";
`;

interface Held {
  /** How it ended. */
  readonly ended: Promise<{ code: number; stdout: string }>;
}

class Stage {
  readonly lab: Lab;
  readonly folder: string;
  server: ServerProcess;
  readonly guests: Guest[];
  private files = 0;

  private constructor(lab: Lab, folder: string, server: ServerProcess, guests: Guest[]) {
    this.lab = lab;
    this.folder = folder;
    this.server = server;
    this.guests = guests;
  }

  static async open(lab: Lab, guests: number): Promise<Stage> {
    const folder = join(lab.folder, 'export');
    mkdirSync(folder);
    const [server, ...booted] = await Promise.all([
      startSteadfs(lab, [{ path: folder, options: EXPORT_OPTIONS }]),
      ...Array.from({ length: guests }, () => lab.startGuest()),
    ]);
    const stage = new Stage(lab, folder, server, booted);
    await Promise.all(booted.map((guest) => stage.mount(guest)));
    return stage;
  }

  async mount(guest: Guest, options = 'vers=3'): Promise<void> {
    writeFileSync(join(guest.folder, 'lock.pl'), LOCK_PROGRAM);
    await guest.must(mountCommand(this.folder, options));
  }

  /** A new file of its own for a test. */
  newFile(): string {
    const name = `file${this.files++}`;
    writeFileSync(join(this.folder, name), 'content\n');
    return name;
  }

  /** Tries a lock, waits for it, or holds it. Without `wait` and `seconds` it is released at once. */
  lock(
    guest: Guest,
    file: string,
    { how = 'fcntl', mode = 'w', wait = false, start = 0, length = 0, seconds = 0 } = {},
  ) {
    const args = [`${MOUNT_POINT}/${file}`, how, mode, wait ? 1 : 0, start, length, seconds];
    return guest.run(`perl ${guest.folder}/lock.pl ${args.join(' ')}`);
  }

  /** Holds a lock until the guest's program is told to end, and returns once it has it. */
  async hold(
    guest: Guest,
    file: string,
    what: Parameters<Stage['lock']>[2] = {},
  ): Promise<Held & { release(): Promise<void> }> {
    const id = `held${this.files++}`;
    const { how = 'fcntl', mode = 'w', wait = false, start = 0, length = 0 } = what;
    const args = [`${MOUNT_POINT}/${file}`, how, mode, wait ? 1 : 0, start, length, 600];
    const ended = guest.run(
      `perl ${guest.folder}/lock.pl ${args.join(' ')} >/tmp/${id} & echo $! >/tmp/${id}.pid
       wait $!; code=$?; cat /tmp/${id}; exit $code`,
      { timeoutMs: 300_000 },
    );
    if (!wait) await guest.must(`until grep -q got /tmp/${id} 2>/dev/null; do sleep 0.05; done`);
    return {
      ended,
      release: async () => {
        await guest.must(`kill -TERM $(cat /tmp/${id}.pid)`);
        await ended;
      },
    };
  }

  async restart(...more: string[]): Promise<void> {
    await this.server.kill();
    const listen = [SERVER_IPV4, SERVER_IPV6, '127.0.0.1'].flatMap((address) => ['--listen', address]);
    this.server = await this.lab.spawnServer({
      command: process.execPath,
      args: [
        ...['--import', 'tsx', 'src/cli/main.ts', 'serve', '--exports', exportsFile(this.lab)],
        ...['--state', join(this.lab.folder, 'state'), ...listen, '--json', '--portmap', 'on', ...more],
      ],
      cwd: REPOSITORY,
      ready: /^\{"ready":true.*\}$/m,
    });
  }
}

async function withStage(guests: number, work: (stage: Stage) => Promise<void>): Promise<void> {
  const lab = await Lab.create();
  try {
    await work(await Stage.open(lab, guests));
  } finally {
    await lab.dispose();
  }
}

test('NLM: processes of one and of two clients exclude each other, by flock and by fcntl ranges', { skip }, (t) =>
  withStage(2, async (stage) => {
    const [one, two] = stage.guests as [Guest, Guest];
    for (const each of LOCKS) {
      await t.test(each.title, () => runWorkload(each, mountedBy([one, two], MOUNT_POINT, stage.folder)));
    }

    await t.test('NLM_CANCEL: a signal ends the wait, and the next in the queue is served', async () => {
      const file = stage.newFile();
      const holder = await stage.hold(one, file);
      const cancelled = two.run(
        `perl -e 'alarm 2; exec @ARGV' perl ${two.folder}/lock.pl ${MOUNT_POINT}/${file} fcntl w 1 0 0 0`,
      );
      await two.must('sleep 0.5');
      const next = await stage.hold(two, file, { wait: true });
      const outcome = await cancelled;
      assert.notEqual(outcome.code, 0);
      await holder.release();
      await two.must(`until ! perl ${two.folder}/lock.pl ${MOUNT_POINT}/${file} fcntl w 0 0 0 0; do sleep 0.1; done`);
      await next.release();
      assert.equal((await stage.lock(one, file)).code, 0);
    });

    await t.test('who closes a circle of waiting is told so (EDEADLK), and the others go on', async () => {
      const files = [stage.newFile(), stage.newFile()];
      const [here, there] = [
        [one, files],
        [two, files.toReversed()],
      ] as const;
      for (const guest of stage.guests) writeFileSync(join(guest.folder, 'circle.pl'), CIRCLE_PROGRAM);
      const outcomes = await Promise.all(
        [here, there].map(([guest, paths]) =>
          guest.run(`perl ${guest.folder}/circle.pl ${paths.map((path) => `${MOUNT_POINT}/${path}`).join(' ')}`),
        ),
      );
      assert.deepEqual(outcomes.map(({ stdout }) => stdout.trim()).sort(), ['Resource deadlock avoided', 'both']);
    });

    await t.test('a program of the server and a client exclude each other', async () => {
      const file = stage.newFile();
      const local = await holdLocally(stage, file, 0, 10);
      try {
        assert.equal((await stage.lock(one, file, { start: 9, length: 1 })).code, 1);
        assert.equal((await stage.lock(one, file, { start: 10, length: 1 })).code, 0);
        const waiter = stage.lock(two, file, { wait: true });
        await two.must('sleep 1');
        local.kill('SIGKILL');
        assert.equal((await waiter).code, 0);
      } finally {
        local.kill('SIGKILL');
      }
      const held = await stage.hold(one, file, { start: 5, length: 1 });
      assert.equal((await tryLocally(stage, file, 5)).code, 1);
      assert.equal((await tryLocally(stage, file, 6)).code, 0);
      await held.release();
      assert.equal((await tryLocally(stage, file, 5)).code, 0);
    });

    await t.test('NFSv2 (NLM 3): locks exclude those of version 3', async () => {
      const file = stage.newFile();
      // mount.nfs no longer knows of version 2, so the kernel is asked directly.
      const options = `vers=2,proto=tcp,mountproto=tcp,addr=${SERVER_IPV4}`;
      await two.must(`mkdir -p /mnt/v2; mount -i -t nfs -o ${options} ${SERVER_IPV4}:${stage.folder} /mnt/v2`);
      const held = await stage.hold(one, file, { start: 0, length: 10 });
      const old = await two.run(
        `perl ${two.folder}/lock.pl /mnt/v2/${file} fcntl w 0 5 1 0; perl ${two.folder}/lock.pl /mnt/v2/${file} fcntl w 0 10 1 0`,
      );
      assert.match(old.stdout, /^denied\ngot /);
      await held.release();
    });
  }),
);

test(
  'kill -9 of the server: locks stay without a reclaim, the waiter gets its grant, and there is no grace period',
  { skip },
  () =>
    withStage(2, async (stage) => {
      const [one, two] = stage.guests as [Guest, Guest];
      const [file, other] = [stage.newFile(), stage.newFile()];
      const holder = await stage.hold(one, file);
      const waiter = stage.lock(two, file, { wait: true });
      await two.must('sleep 1');
      await stage.restart();
      const began = performance.now();
      assert.equal((await stage.lock(two, file)).code, 1);
      assert.equal((await stage.lock(two, other)).code, 0, 'a new lock');
      assert.ok(performance.now() - began < 60_000);
      assert.equal((await tryLocally(stage, file, 0)).code, 1, 'taken on the host again');
      await holder.release();
      assert.equal((await waiter).code, 0);
      assert.equal((await stage.lock(one, file)).code, 0);
      assert.doesNotMatch(stage.server.output, /grace period/);
    }),
);

test('--forget-locks: clients are told and reclaim, and others get no new locks meanwhile', { skip }, () =>
  withStage(2, async (stage) => {
    const [one, two] = stage.guests as [Guest, Guest];
    const [file, other] = [stage.newFile(), stage.newFile()];
    const holder = await stage.hold(one, file);
    await stage.restart('--forget-locks', '--grace', '20');
    const newLock = stage.lock(two, other, { wait: true });
    const conflicting = stage.lock(two, file);
    await stage.server.until(async () => /was told that its locks were lost/.test(stage.server.output), 30_000);
    await stage.server.until(async () => /the grace period is over/.test(stage.server.output), 40_000);
    assert.equal((await newLock).code, 0);
    assert.equal((await conflicting).code, 1, 'it was reclaimed');
    await holder.release();
    assert.equal((await stage.lock(two, file)).code, 0);
  }),
);

test('SM_NOTIFY: a client that was killed and boots again frees its locks by its notice', { skip }, () =>
  withStage(2, async (stage) => {
    const [one, two] = stage.guests as [Guest, Guest];
    const file = stage.newFile();
    void stage.hold(one, file).then(({ ended }) => ended.catch(() => {}));
    await two.must(`until ! perl ${two.folder}/lock.pl ${MOUNT_POINT}/${file} fcntl w 0 0 0 0; do sleep 0.2; done`);
    // What statd has on its disk: in a guest that is a file system in memory.
    await one.must(`cp -a /var/lib/nfs ${one.folder}/nfs`);
    await one.kill();
    assert.equal((await stage.lock(two, file)).code, 1);

    const kept = `${one.folder}.kept`;
    renameSync(one.folder, kept);
    const again = await Guest.boot(stage.lab.namespace, {
      ...{ name: 'guest1', tap: 'tap0', memory: '512M', serverIpv4: SERVER_IPV4, serverIpv6: SERVER_IPV6 },
      ...{ ipv4: `${one.ipv4}/24`, ipv6: `${one.ipv6}/64` },
    });
    cpSync(join(kept, 'nfs'), join(again.folder, 'nfs'), { recursive: true });
    await again.must(`cp -a ${again.folder}/nfs/. /var/lib/nfs/; chown -R statd:nogroup /var/lib/nfs; sm-notify -f`);
    await stage.server.until(async () => /a client has restarted/.test(stage.server.output), 30_000);
    assert.equal((await stage.lock(two, file)).code, 0);
  }),
);

function tryLocally(stage: Stage, file: string, start: number) {
  const args = ['-e', LOCK_PROGRAM, join(stage.folder, file), 'fcntl', 'w', '0', String(start), '1', '0'];
  return stage.lab.run('perl', args);
}

async function holdLocally(stage: Stage, file: string, start: number, length: number): Promise<ChildProcess> {
  const path = join(stage.folder, file);
  const args = ['-e', LOCK_PROGRAM, path, 'fcntl', 'w', '0', String(start), String(length), '600'];
  const child = spawn('perl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}
