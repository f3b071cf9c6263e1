import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { END } from '../src/locks/range.ts';
import { LockTable, type Request, type Tag } from '../src/locks/table.ts';
import { openState } from '../src/state/index.ts';
import type { KeptLock } from '../src/state/locks.ts';

/** Locks as the table grows: grants and releases per second, memory, and what a durable grant takes. */
const OWNERS = 100;
const SIZES = [100, 1000, 10_000, 100_000];
const ROUNDS = 20_000;
const TOGETHER = 100;

const table = (rows: readonly (readonly string[])[]) => {
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
};

function ask(index: number, file: string): Request<Tag> {
  const client = `client${index % OWNERS}`;
  const start = BigInt(index) * 16n;
  return { file, owner: client, exclusive: true, start, end: start + 8n, tag: { client, state: 1 } };
}

/** Releases and takes a lock of a table of this size, over and over. @returns grants with their releases per second, and bytes. */
function churn(size: number, files: number): { perSecond: number; bytes: number } {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const locks = new LockTable<Tag>();
  const requests = Array.from({ length: size }, (_, index) => ask(index, `file${index % files}`));
  for (const request of requests) locks.lock(request, false);
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / size;
  const started = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const request = requests[(round * 7919) % size]!;
    locks.unlock(request.file, request.owner, request);
    if (locks.lock(request, false).result !== 'granted') throw new Error('a free lock was denied');
  }
  const perSecond = (ROUNDS / (performance.now() - started)) * 1000;
  if (locks.test({ ...ask(0, 'file0'), owner: 'another', start: 0n, end: END }) === undefined)
    throw new Error('no lock');
  return { perSecond, bytes };
}

/** Durable grants, alone and together. */
async function durable(): Promise<{ alone: number; together: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'steadfs-bench-'));
  const state = await openState(directory);
  const record = (id: number): KeptLock => ({
    ...{
      kind: 'lock',
      id,
      handle: Buffer.alloc(27),
      client: 'client',
      address: '192.0.2.1',
      localAddress: '192.0.2.2',
    },
    ...{ oh: Buffer.from('1234@client'), state: 3, since: 0, svid: 1234, exclusive: true, start: 0n, end: 8n },
  });
  const rate = async (width: number) => {
    const started = performance.now();
    for (let at = 0; at < 1000; at += width) {
      await Promise.all(Array.from({ length: width }, (_, i) => state.locks.write([record(at + i + 1)], [])));
    }
    return (1000 / (performance.now() - started)) * 1000;
  };
  try {
    return { alone: await rate(1), together: await rate(TOGETHER) };
  } finally {
    await state.close();
    rmSync(directory, { recursive: true });
  }
}

const round = (value: number) => Math.round(value).toLocaleString('en');
const rows = SIZES.map((size) => {
  const [one, many] = [churn(size, 1), churn(size, size / 10)];
  return [round(size), round(one.perSecond), round(many.perSecond), round(one.bytes)];
});
table([
  ['locks', 'on one file, grants and releases/s', 'on many files', 'bytes each'],
  ['---', '---', '---', '---'],
  ...rows,
]);
const { alone, together } = await durable();
console.log(`durable grants: ${round(alone)}/s one by one, ${round(together)}/s with ${TOGETHER} at once`);
