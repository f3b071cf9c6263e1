// npm run soak:failover [-- TIMES]: how long clients pause for each kind of mishap, over TIMES (default 50) of each, under load.
// Writes docs/failover-pauses.json and the picture docs/failover-pauses.svg.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Drill, type Mishap } from './drill.ts';
import { pausePlot } from './plot.ts';

const KINDS: readonly Mishap[] = ['planned move', 'server crash', 'node loss', 'link loss', 'node stopped'];
/** A fresh cluster and fresh clients after so many, so that each is seen to and fro over twenty moves. */
const PER_LAB = 25;

const missing = labMissing('perl', 'tcpdump');
if (missing !== undefined) throw new Error(missing);
const times = Number(process.argv[2] ?? 50);
if (!Number.isInteger(times) || times < 1) throw new Error(`TIMES: "${process.argv[2]}" is no whole number above 0`);

const pauses = new Map<Mishap, number[]>();
for (const kind of KINDS) {
  const seen: number[] = [];
  while (seen.length < times) {
    await withLab(async (lab) => {
      const drill = await Drill.open(lab);
      for (const end = Math.min(times, seen.length + PER_LAB); seen.length < end; ) {
        const { milliseconds, call } = await drill.meet(kind);
        seen.push(milliseconds);
        console.log(`${kind} ${seen.length}: ${milliseconds} ms, ${call}`);
      }
      await drill.close();
    });
  }
  pauses.set(kind, seen);
}

const rows = [...pauses].map(([kind, all]) => {
  const sorted = [...all].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
  const half = Math.floor(all.length / 2);
  const mean = (part: readonly number[]) => Math.round(part.reduce((sum, each) => sum + each, 0) / part.length);
  return {
    ...{ mishap: kind, count: all.length, p50: at(0.5), p99: at(0.99), longest: sorted.at(-1)! },
    // Growth over moves to and fro would show here.
    ...{ firstHalfMean: mean(all.slice(0, half || 1)), secondHalfMean: mean(all.slice(half)) },
  };
});
console.table(rows);
const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const measured = {
  version,
  node: process.version,
  processors: cpus().length,
  rows,
  pauses: Object.fromEntries(pauses),
};
writeFileSync(docs('failover-pauses.json'), `${JSON.stringify(measured, null, 2)}\n`);
writeFileSync(docs('failover-pauses.svg'), pausePlot(pauses));
