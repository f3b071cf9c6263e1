import { check, equal, Mismatch } from '../protocol/expect.ts';
import { type Machine, workload, workloads } from './case.ts';
import { LOCK_PROGRAM } from './lock-program.ts';

/** Far more than a callback takes, and far less than the 30 s after which a client asks again by itself. */
const PROMPT_SECONDS = 5;
const WAIT_MS = 120_000;
const INCREMENTS = 40;
const PROGRAM = `cat > $SCRATCH/lock.pl <<'END_OF_PROGRAM'\n${LOCK_PROGRAM}END_OF_PROGRAM\n`;

interface Lock {
  readonly how?: 'flock' | 'fcntl';
  readonly mode?: 'r' | 'w';
  readonly start?: number;
  readonly length?: number;
}

const command = ({ how = 'fcntl', mode = 'w', start = 0, length = 0 }: Lock, wait: 0 | 1, seconds: number) =>
  `perl $SCRATCH/lock.pl file ${how} ${mode} ${wait} ${start} ${length} ${seconds}`;

/** True if the lock is to be had; it is given back at once. */
async function free(machine: Machine, lock: Lock = {}): Promise<boolean> {
  const { code, stdout, stderr } = await machine.run(`${PROGRAM}${command(lock, 0, 0)}`);
  if (code > 1) throw new Mismatch('a lock, or its denial', `${stdout}${stderr}`);
  return code === 0;
}

/** Holds a lock in the background until it is released. */
async function hold(machine: Machine, lock: Lock = {}): Promise<{ release(): Promise<unknown> }> {
  await machine.must(
    `${PROGRAM}
     ${command(lock, 0, 600)} >$SCRATCH/held 2>&1 </dev/null & echo $! >$SCRATCH/held.pid
     until grep -q got $SCRATCH/held; do kill -0 $!; sleep 0.05; done`,
  );
  return {
    release: () =>
      machine.must(
        // Process 1 of a guest leaves it a zombie; by then the kernel has closed its files.
        `kill $(cat $SCRATCH/held.pid)
         while grep -qv ') Z ' /proc/$(cat $SCRATCH/held.pid)/stat 2>/dev/null; do sleep 0.05; done`,
      ),
  };
}

/** A writer excludes everybody, readers exclude writers only. */
async function excludes(how: 'flock' | 'fcntl', one: Machine, other: Machine): Promise<void> {
  await one.must('echo content > file');
  const writer = await hold(one, { how });
  equal(
    'beside a writer, a reader and a writer to get it',
    [await free(other, { how, mode: 'r' }), await free(other, { how })],
    [false, false],
  );
  await writer.release();
  const reader = await hold(one, { how, mode: 'r' });
  equal(
    'beside a reader, a reader and a writer to get it',
    [await free(other, { how, mode: 'r' }), await free(other, { how })],
    [true, false],
  );
  await reader.release();
  equal('the lock to be free after its release', await free(other, { how }), true);
}

export const LOCKS = workloads({ procedure: 'locks', clause: 'XNFS chapter 10', locks: true }, [
  ...(['flock', 'fcntl'] as const).flatMap((how) => [
    workload(`${how}-one-client`, `${how}: processes of one client exclude each other`, { needs: ['perl'] }, (t) =>
      excludes(how, t.one, t.one),
    ),
    workload(`${how}-two-clients`, `${how}: processes of two clients exclude each other`, { needs: ['perl'] }, (t) =>
      excludes(how, t.one, t.two()),
    ),
  ]),
  workload('ranges', 'fcntl: ranges are half-open, also beyond 4 GiB', { needs: ['perl'] }, async (t) => {
    const two = t.two();
    await t.one.must('echo content > file');
    const held = await hold(t.one, { start: 2 ** 33, length: 10 });
    const at = (start: number, length: number) => free(two, { start, length });
    const found = [await at(0, 2 ** 33), await at(2 ** 33 + 10, 0), await at(2 ** 33 + 9, 1), await at(0, 0)];
    equal('free before it, after it, at its last byte, and as a whole', found, [true, true, false, false]);
    await held.release();
  }),
  workload(
    'granted',
    'NLM_GRANTED: a client that waits has its lock soon after another gives it back',
    { needs: ['perl'] },
    async (t) => {
      const two = t.two();
      await t.one.must('echo content > file');
      const held = await hold(t.one);
      const waiter = two.must(`${PROGRAM}touch $SCRATCH/waiting; ${command({}, 1, 0)}`, WAIT_MS);
      // Long enough that its LOCK has come to the server, and was blocked.
      await two.must('until test -e $SCRATCH/waiting; do sleep 0.05; done; sleep 1');
      const began = performance.now();
      await held.release();
      await waiter;
      const seconds = (performance.now() - began) / 1000;
      check(seconds < PROMPT_SECONDS, `the lock within ${PROMPT_SECONDS} s`, `${seconds.toFixed(1)} s`);
    },
  ),
  workload(
    'interrupted',
    'NLM_CANCEL: a signal ends the wait, and the lock is free after its release',
    { needs: ['perl'] },
    async (t) => {
      const two = t.two();
      await t.one.must('echo content > file');
      const held = await hold(t.one);
      const { code } = await two.run(`${PROGRAM}perl -e 'alarm 2; exec @ARGV' ${command({}, 1, 0)}`);
      check(code !== 0, 'no lock for who was interrupted', 'a lock');
      await held.release();
      equal('the lock to be free', await free(two), true);
    },
  ),
  workload(
    'contended',
    `two clients count ${INCREMENTS} times each under one lock, and no count is lost`,
    { needs: ['perl', 'flock'] },
    async (t) => {
      const two = t.two();
      await t.one.must('echo 0 > counter; touch file');
      const count = `for round in $(seq ${INCREMENTS}); do flock file -c 'read n < counter; echo $((n + 1)) > counter'; done`;
      await Promise.all([t.one.must(count, WAIT_MS), two.must(count, WAIT_MS)]);
      equal('the count', await t.one.must('flock file cat counter'), `${2 * INCREMENTS}\n`);
    },
  ),
]);
