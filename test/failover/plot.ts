const TITLE = 'The longest pause that any client saw, seconds';
const WIDTH = 760;
const ROW = 64;
const LEFT = 130;
const RIGHT = 30;
const TOP = 50;
const BOTTOM = 46;
const DOT = 3;
const STEP_MS = 1000;

/** Around one mishap, milliseconds. */
export interface Measure {
  /** What a call took beyond what such calls usually take; the most of all calls. */
  readonly pause: number;
  /** The longest call as a whole. */
  readonly longestCall: number;
}

/** A picture of pauses in milliseconds: a row for each kind, a dot for each pause, marks at p50 and p99. */
export function pausePlot(measured: ReadonlyMap<string, readonly Measure[]>): string {
  const pauses = [...measured].map(([kind, all]) => [kind, all.map(({ pause }) => pause)] as const);
  const longest = Math.max(...pauses.flatMap(([, all]) => all), STEP_MS);
  const end = Math.ceil(longest / STEP_MS) * STEP_MS;
  const x = (milliseconds: number) => LEFT + (milliseconds / end) * (WIDTH - LEFT - RIGHT);
  const height = TOP + pauses.length * ROW + BOTTOM;
  const bottom = height - BOTTOM;
  const grid = Array.from({ length: end / STEP_MS + 1 }, (_, index) => {
    const at = x(index * STEP_MS).toFixed(1);
    return `<line x1="${at}" y1="${TOP}" x2="${at}" y2="${bottom}" stroke="#ddd"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${index}</text>`;
  });
  const rows = pauses.map(([kind, all], index) => row(kind, all, TOP + index * ROW + ROW / 2, x));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#222">`,
    `<title>${TITLE}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${LEFT}" y="24" font-size="15">${TITLE}</text>`,
    ...grid,
    ...rows,
    `<text x="${LEFT}" y="${height - 8}" fill="#666">a dot for each mishap; the long mark is p50, the short one p99</text>`,
    '</svg>\n',
  ].join('\n');
}

/** What the pauses of each kind come to, milliseconds. */
export function pausesTable(measured: ReadonlyMap<string, readonly Measure[]>) {
  return [...measured].map(([mishap, each]) => {
    const all = each.map(({ pause }) => pause);
    const calls = each.map(({ longestCall }) => longestCall);
    const half = Math.floor(all.length / 2);
    return {
      ...{ mishap, count: all.length, p50: percentile(all, 0.5), p99: percentile(all, 0.99) },
      ...{ callP50: percentile(calls, 0.5), callP99: percentile(calls, 0.99) },
      // Growth over moves to and fro would show here.
      ...{ firstHalfMean: mean(all.slice(0, half)), secondHalfMean: mean(all.slice(half)) },
    };
  });
}

function percentile(all: readonly number[], share: number): number {
  const sorted = [...all].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length, Math.ceil(share * sorted.length)) - 1] ?? 0;
}

function mean(all: readonly number[]): number {
  return Math.round(all.reduce((sum, each) => sum + each, 0) / Math.max(1, all.length));
}

function row(kind: string, all: readonly number[], y: number, x: (milliseconds: number) => number): string {
  const dots = all.map((each, index) => {
    // Spread over the row's height, so that equal pauses do not hide one another.
    const offset = ((index * 7) % 25) - 12;
    return `<circle cx="${x(each).toFixed(1)}" cy="${y + offset}" r="${DOT}" fill="#1f6fb4" fill-opacity="0.45"/>`;
  });
  const mark = (value: number, reach: number, color: string) =>
    `<line x1="${x(value).toFixed(1)}" y1="${y - reach}" x2="${x(value).toFixed(1)}" y2="${y + reach}" stroke="${color}" stroke-width="2"/>`;
  return [
    `<text x="${LEFT - 12}" y="${y + 5}" text-anchor="end">${kind}</text>`,
    ...dots,
    mark(percentile(all, 0.5), 24, '#c0392b'),
    mark(percentile(all, 0.99), 16, '#e67e22'),
  ].join('\n');
}
