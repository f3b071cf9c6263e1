// npm run soak:failover [-- TIMES [KIND,...]]: how long clients pause for each kind of mishap, over TIMES (default 50) of each, under load.
// Writes docs/failover-pauses.json and the picture docs/failover-pauses.svg; of kinds that are not wanted, what was measured before stays.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Drill, MISHAPS, type Mishap } from './drill.ts';
import { type Measure, pausePlot, pausesTable } from './plot.ts';

/** A fresh cluster and fresh clients after so many of each; before that, the same ones go to and fro. */
const PER_LAB = 5;

const missing = labMissing('perl', 'tcpdump');
if (missing !== undefined) throw new Error(missing);
const times = Number(process.argv[2] ?? 50);
if (!Number.isInteger(times) || times < 1) throw new Error(`TIMES: "${process.argv[2]}" is no whole number above 0`);
const named = process.argv[3]?.split(',') ?? MISHAPS;
const kinds = MISHAPS.filter((kind) => named.includes(kind));
if (kinds.length < named.length) throw new Error(`KIND: "${process.argv[3]}" names another than ${MISHAPS.join(', ')}`);

type Measured = Record<Mishap, readonly Measure[]>;
const before = JSON.parse(readFileSync(docs('failover-pauses.json'), 'utf8')) as { pauses: Measured };
const pauses = new Map(MISHAPS.map((kind) => [kind, kinds.includes(kind) ? [] : [...before.pauses[kind]]]));
for (let done = 0; done < times; done += PER_LAB) {
  await withLab(async (lab) => {
    const drill = await Drill.open(lab);
    for (let each = done; each < Math.min(times, done + PER_LAB); each++) {
      for (const kind of kinds) {
        const { milliseconds: pause, call, longestCall } = await drill.meet(kind);
        pauses.get(kind)?.push({ pause, longestCall });
        console.log(`${kind} ${each + 1}: ${pause} ms, ${call}; the longest call took ${longestCall} ms`);
      }
    }
    await drill.close();
  });
  // A run that is cut short leaves what it has seen.
  publish();
}

function publish(): void {
  const measured = pausesTable(pauses);
  console.table(measured);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const about = { version, node: process.version, processors: cpus().length };
  const all = { ...about, rows: measured, pauses: Object.fromEntries(pauses) };
  writeFileSync(docs('failover-pauses.json'), `${JSON.stringify(all)}\n`);
  writeFileSync(docs('failover-pauses.svg'), pausePlot(pauses));
}

function docs(name: string): string {
  return fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
}
