import type { LoadResult } from './load.ts';

export interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly connections: number;
  readonly depth: number;
  readonly ours: LoadResult;
  readonly peer: LoadResult;
}

/** From here on the load generator itself may be what limits the rate. */
const BUSY_SHARE = 0.9;
const LARGE_BYTES = 1024 * 1024;

const HEADINGS = ['', 'load', 'steadfs', 'ganesha', 'ratio', 'p50 µs', 'p99 µs', 'p50 µs', 'p99 µs'];

/** The rows as aligned text: rates, their ratio, then latencies of ours and of the peer. */
export function table(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))),
  );
  const busy = rows.some(({ ours, peer }) => isBusy(ours) || isBusy(peer));
  const note = busy ? '\n* the load generator used a whole core: the server may do more\n' : '';
  return `${text.map((line) => line.join('  ').trimEnd()).join('\n')}\n${note}`;
}

function cells({ name, bytes, connections, depth, ours, peer }: Row): string[] {
  return [
    name,
    `${connections}x${depth}`,
    rate(ours, bytes),
    rate(peer, bytes),
    (ours.callsPerSecond / peer.callsPerSecond).toFixed(2),
    ...[ours, peer].flatMap(({ p50Microseconds, p99Microseconds }) => [
      p50Microseconds.toFixed(0),
      p99Microseconds.toFixed(0),
    ]),
  ];
}

function rate(result: LoadResult, bytes: number): string {
  const text =
    bytes >= LARGE_BYTES
      ? `${((result.callsPerSecond * bytes) / 1e6).toFixed(0)} MB/s`
      : `${Math.round(result.callsPerSecond).toLocaleString('en')}/s`;
  return isBusy(result) ? `${text}*` : text;
}

function isBusy({ generatorShare }: LoadResult): boolean {
  return generatorShare >= BUSY_SHARE;
}
