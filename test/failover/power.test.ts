import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EtcdCluster } from '../../conformance/lab/etcd.ts';
import { type Guest, type Lab, labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Workload } from '../../conformance/lab/workload.ts';

const skip = labMissing('perl', 'etcd') ?? false;
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SERVICE = '10.99.0.201';
const MOUNT_POINT = '/mnt/service';
/** Where the node that is active has the block device. */
const EXPORT = '/mnt/shared/export';
/** A guest has one slow processor, on which a process alone takes seconds to start: room for late renewals. */
const LEASE_SECONDS = 15;
const GO_ON_MS = 120_000;
const WORK_MS = 3_000;
const LOG_LINES = 15;
/** A long run is asked for by the environment's POWER_LOSSES. */
const ROUNDS = Number(process.env.POWER_LOSSES ?? 1);

/** A server node with a kernel of its own: what it had not flushed is lost with it. */
async function startNode(lab: Lab, name: string, disk: string, etcd: EtcdCluster): Promise<Guest> {
  const guest = await lab.startGuest({ disk });
  const config = join(guest.folder, 'node.toml');
  writeFileSync(
    config,
    [
      `cluster = "lab"\nself = "${name}"\nrun = "/run/steadfs"\nlease = ${LEASE_SECONDS}`,
      `[coordinator]\ntype = "etcd"\nendpoints = ${JSON.stringify(etcd.endpoints)}`,
      ...['a', 'b'].map((node) => `[[node]]\nname = "${node}"\ninterfaces = ["eth0"]`),
      `[[package]]\nname = "data"\nnodes = ["a", "b"]\naddresses = ["${SERVICE}/24"]\nportmap = true`,
      `paths = ["${EXPORT}"]\noptions = "rw,no_root_squash"\nallow = ["*"]\nstate = "/mnt/shared/state"`,
      '[package.storage]\ndevice = "/dev/ubda"\npath = "/mnt/shared"\ntype = "ext4"',
      '',
    ].join('\n'),
  );
  // The node's own portmapper takes port 111.
  await guest.must('pkill rpc.statd; pkill rpcbind; while ss -Hltun "sport = 111" | grep -q .; do sleep 0.1; done');
  const daemon = guest.run(`mkdir -p /mnt/shared; exec ${process.execPath} ${MAIN} node --config ${config} --json`, {
    timeoutMs: 3_600_000,
  });
  // It ends with the guest.
  daemon.catch(() => {});
  return guest;
}

function diskWithExport(lab: Lab): string {
  const disk = join(lab.folder, 'disk');
  const tree = join(lab.folder, 'tree');
  mkdirSync(join(tree, 'export'), { recursive: true });
  execFileSync('truncate', ['--size', '256M', disk]);
  execFileSync('mkfs.ext4', ['-q', '-d', tree, disk]);
  return disk;
}

/** What the nodes' daemons have said: their only traces when a service does not come up. */
function logsOf(guests: readonly Guest[]): string {
  const lines = guests.flatMap(({ folder }) => [`--- ${folder}`, ...logOf(folder).split('\n').slice(-LOG_LINES)]);
  return lines.join('\n');
}

function logOf(folder: string): string {
  const [log] = readdirSync(folder).filter((name) => name.endsWith('.err') && name !== 'job0.err');
  return log === undefined ? 'it has not started' : readFileSync(join(folder, log), 'utf8');
}

test('power loss of the active node: all that was acknowledged as stable is there, and locks are held', { skip }, (t) =>
  withLab(async (lab) => {
    const etcd = await EtcdCluster.start(lab);
    const disk = diskWithExport(lab);
    const names = ['a', 'b'];
    const client = await lab.startGuest();
    const nodes = [await startNode(lab, 'a', disk, etcd)];
    try {
      await client.must(
        `until ping -c 1 -W 1 ${SERVICE} > /dev/null; do :; done
         mkdir -p ${MOUNT_POINT}; mount -t nfs -o vers=3 ${SERVICE}:${EXPORT} ${MOUNT_POINT}`,
        { timeoutMs: GO_ON_MS },
      );
      for (let round = 0; round < ROUNDS; round++) {
        nodes.push(await startNode(lab, names[(round + 1) % 2]!, disk, etcd));
        await losePower(t, round, nodes.at(-2)!, client);
      }
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${logsOf(nodes)}`, { cause: error });
    }
  }),
);

async function losePower(t: TestContext, round: number, active: Guest, client: Guest): Promise<void> {
  const options = { folder: MOUNT_POINT, name: `round${round}` };
  const stable = await Workload.start(client, 'stable', options);
  const hold = await Workload.start(client, 'hold', options);
  await sleep(WORK_MS + Math.random() * 1000);
  await active.kill();
  await stable.goesOn(GO_ON_MS);
  const thief = await client.run(`flock --nonblock --exclusive ${MOUNT_POINT}/${options.name}.held true`, {
    timeoutMs: GO_ON_MS,
  });
  assert.equal(thief.code, 1, 'the lock is still held');
  const slowest = Math.max(0, ...stable.slow.map(({ milliseconds }) => milliseconds));
  t.diagnostic(`power loss ${round + 1}: the longest call took ${slowest} ms`);
  await hold.stop();
  await stable.stop();
}
