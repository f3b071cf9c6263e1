// npm run demo:failover: two nodes on one machine, a real Linux client at work, and the node that serves it dies.
import { Cluster } from '../lab/cluster.ts';
import { labMissing, withLab } from '../lab/lab.ts';
import { Workload, type WorkloadKind } from '../lab/workload.ts';

const MOUNT_POINT = '/mnt/service';
const GO_ON_MS = 120_000;
const WORK_SECONDS = 4;
const PROGRAMS: readonly (readonly [WorkloadKind, string])[] = [
  ['copy', 'copies files and compares checksums'],
  ['ops', 'makes, renames and removes files and folders'],
  ['hold', 'holds a lock'],
  ['count', 'adds to a shared number under a lock'],
];

const missing = labMissing('perl');
if (missing !== undefined) {
  console.error(`demo:failover: ${missing}`);
  process.exit(1);
}

const started = Date.now();
const tell = (text: string, at = Date.now()) =>
  console.log(`${((at - started) / 1000).toFixed(3).padStart(8)} s  ${text}`);
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

await withLab(async (lab) => {
  const cluster = await Cluster.create(lab);
  const [service] = cluster.packages;
  if (service === undefined) throw new Error('a package is needed');
  const { name, address, folder } = service;
  tell('starting two nodes, a and b, that share a folder, and a Linux client in a machine of its own');
  const [, guest] = await Promise.all([cluster.start(), lab.startGuest()]);
  const first = await cluster.activeNode(name);
  tell(`node ${first.name} serves ${folder} at ${address}`);
  const mount = `mount -t nfs -o vers=3 ${address}:${folder} ${MOUNT_POINT}`;
  await guest.must(`mkdir -p ${MOUNT_POINT}; ${mount}`);
  tell(`the client: ${mount}`);
  const workloads: Workload[] = [];
  for (const [kind, what] of PROGRAMS) {
    workloads.push(await Workload.start(guest, kind, { folder: MOUNT_POINT, name: kind }));
    tell(`the client ${what}`);
  }

  const meet = async (what: string, happen: () => Promise<unknown>, expected: readonly string[]) => {
    await pause(WORK_SECONDS);
    const began = Date.now();
    tell(what, began);
    await happen();
    const node = await cluster.activeNode(name, expected, GO_ON_MS);
    await Promise.all(workloads.map((workload) => workload.goesOn(GO_ON_MS)));
    tell(`node ${node.name} serves; every program of the client goes on`);
    const slow = workloads.flatMap((workload) => workload.slow).filter(({ endedAt }) => endedAt >= began);
    const longest = slow.sort((one, other) => other.milliseconds - one.milliseconds)[0];
    const seen = longest === undefined ? 'no call over 100 ms' : `a ${longest.call} of ${longest.milliseconds} ms`;
    tell(`the longest that the client saw: ${seen}`);
  };

  const other = cluster.nodes.find((node) => node !== first)!;
  await meet(`kill -9 of the server process on node ${first.name}`, () => first.signalServer(name, 'KILL'), [
    first.name,
  ]);
  await meet(`node ${first.name} dies: kill -9 of all its processes, and its cable is out`, () => first.die(), [
    other.name,
  ]);
  await first.revive();
  tell(`node ${first.name} is back, and stands by`);
  const move = ['cluster', 'move', name, first.name];
  await meet(`on node ${other.name}: steadfs ${move.join(' ')}`, () => other.steadfs(move), [first.name]);

  let rounds = 0;
  for (const workload of workloads) rounds += await workload.stop();
  tell(`${rounds} rounds of the client's programs: no error, every checksum right, the lock never lost`);
});
