// npm run bench: this server and nfs-ganesha under the same load, round about, each in a network namespace of its own.
//   npm run bench -- [--seconds N] [--rounds N] [--only NAME,NAME...] [--json]
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startGanesha } from '../conformance/lab/ganesha.ts';
import { type Lab, labMissing, SERVER_IPV4, withLab } from '../conformance/lab/lab.ts';
import { startSteadfs } from '../conformance/lab/steadfs.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { DATA_BYTES, DATA_FILE, LISTED_ENTRIES, LISTED_FOLDER, OPERATIONS, type Operation } from './operations.ts';
import { type Row, table } from './table.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** A server with an export to be measured, and where its programs listen. */
interface Contestant {
  readonly lab: Lab;
  readonly path: string;
  readonly nfsPort: number;
  readonly mountPort: number;
}

/** What is measured: an operation on ours, with this export option, against the peer. */
interface Comparison {
  readonly name: string;
  readonly operation: Operation;
  readonly ours: Contestant;
  readonly peer: Contestant;
}

let freshFolders = 0;

/** Makes the folder that is exported: the file to be read and written, and the folder to be listed. */
function makeExport(lab: Lab, name: string): string {
  const path = join(lab.folder, name);
  mkdirSync(join(path, LISTED_FOLDER), { recursive: true });
  writeFileSync(join(path, DATA_FILE), Buffer.alloc(DATA_BYTES, 'x'));
  for (let n = 0; n < LISTED_ENTRIES; n++) writeFileSync(join(path, LISTED_FOLDER, `entry-${n}`), '');
  return path;
}

async function measure({ lab, path, nfsPort, mountPort }: Contestant, operation: Operation, seconds: number) {
  const fresh = `fresh-${freshFolders++}`;
  mkdirSync(join(path, fresh));
  const order: LoadOrder = { host: SERVER_IPV4, nfsPort, mountPort, path, fresh, operation: operation.name, seconds };
  const args = ['--import', 'tsx', 'bench/load.ts', JSON.stringify(order)];
  const { stdout } = await lab.exec(process.execPath, args, { cwd: REPOSITORY, timeoutMs: seconds * 1000 + 60_000 });
  const result = JSON.parse(stdout) as LoadResult;
  if (result.failed > 0) throw new Error(`${operation.name}: ${result.failed} calls failed`);
  return result;
}

/** Ours, peer, ours, peer, ...: whatever else the machine does meanwhile meets both. */
async function compare({ name, operation, ours, peer }: Comparison, rounds: number, seconds: number): Promise<Row> {
  const results: { ours: LoadResult[]; peer: LoadResult[] } = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    results.ours.push(await measure(ours, operation, seconds));
    results.peer.push(await measure(peer, operation, seconds));
  }
  const { bytes, connections, depth } = operation;
  return { name, bytes, connections, depth, ours: median(results.ours), peer: median(results.peer) };
}

/** The median of each figure by itself. */
function median(results: readonly LoadResult[]): LoadResult {
  const middle = (pick: (result: LoadResult) => number) => {
    const sorted = results.map(pick).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)]!;
  };
  return {
    callsPerSecond: middle((result) => result.callsPerSecond),
    p50Microseconds: middle((result) => result.p50Microseconds),
    p99Microseconds: middle((result) => result.p99Microseconds),
    failed: 0,
    generatorShare: middle((result) => result.generatorShare),
  };
}

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const missing = labMissing('ganesha.nfsd');
if (missing !== undefined) {
  console.error(`bench: ${missing}`);
  process.exit(1);
}

await withLab((ourLab) =>
  withLab(async (peerLab) => {
    const [sync, async] = [makeExport(ourLab, 'sync'), makeExport(ourLab, 'async')];
    const peerPath = makeExport(peerLab, 'export');
    const options = ['rw', 'no_root_squash', 'insecure'];
    await startSteadfs(
      ourLab,
      [
        { path: sync, options: [...options, 'sync', 'fsid=1'] },
        { path: async, options: [...options, 'async', 'fsid=2'] },
      ],
      { built: true },
    );
    await startGanesha(peerLab, [{ path: peerPath, options }]);

    const ports = { nfsPort: 2049, mountPort: 2049 };
    const ours: Contestant = { lab: ourLab, path: sync, ...ports };
    const oursAsync: Contestant = { lab: ourLab, path: async, ...ports };
    const peer: Contestant = { lab: peerLab, path: peerPath, nfsPort: 2049, mountPort: 20048 };
    const wanted = flags.only?.split(',');
    const comparisons: Comparison[] = OPERATIONS.map((operation) => ({ name: operation.name, operation, ours, peer }));
    const create = OPERATIONS.find(({ name }) => name === 'CREATE')!;
    comparisons.push({ name: 'CREATE, async export', operation: create, ours: oursAsync, peer });

    const rows: Row[] = [];
    for (const comparison of comparisons) {
      if (wanted !== undefined && !wanted.includes(comparison.operation.name)) continue;
      rows.push(await compare(comparison, Number(flags.rounds), Number(flags.seconds)));
      if (!flags.json) process.stderr.write(`${comparison.name} done\n`);
    }
    const machine = `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`;
    console.log(flags.json ? JSON.stringify({ machine, rows }, undefined, 2) : `${machine}\n${table(rows)}`);
  }),
);
