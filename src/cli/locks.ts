import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { askServer } from '../server/admin.ts';
import { defaultStateDirectory } from '../server/config.ts';
import type { LockReport, LocksReport } from '../server/reports.ts';
import { fail } from './options.ts';
import { printable } from './printable.ts';
import { moment } from './status.ts';

interface ReleaseFlags {
  readonly state?: string;
  readonly owner?: string;
  readonly client?: string;
  readonly yes?: boolean;
}

export function locksCommand(): Command {
  return new Command('locks')
    .description('list the locks of a running server, or release some')
    .option('--state <folder>', 'state folder of the server to ask')
    .option('--json', 'as JSON')
    .action((flags: { state?: string; json?: boolean }) => listLocks(flags.state, flags.json ?? false))
    .addCommand(
      new Command('release')
        .description('take locks away from an owner or a client; its programs are not told')
        .option('--state <folder>', 'state folder of the server to ask')
        .option('--owner <id>', 'an owner, as "steadfs locks" shows it')
        .option('--client <name>', 'a client, by name or address')
        .option('--yes', 'without asking first')
        // The options before the word "release" are the list's.
        .action((_flags: ReleaseFlags, command: Command) => releaseLocks(command.optsWithGlobals<ReleaseFlags>())),
    );
}

async function ask<T>(state: string | undefined, question: string, body?: unknown): Promise<T> {
  try {
    return (await askServer(resolve(state ?? defaultStateDirectory()), question, body)) as T;
  } catch (error) {
    fail((error as Error).message);
  }
}

async function listLocks(state: string | undefined, json: boolean): Promise<void> {
  const report = await ask<LocksReport>(state, 'GET /locks');
  if (json) {
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return;
  }
  if (report.grace) process.stdout.write('Grace period: clients reclaim their locks, and no new ones are granted.\n');
  process.stdout.write(report.locks.map(describe).join(''));
}

const DONE_BY_BITS = ['nothing', 'reads', 'writes', 'reads and writes'];

function describe(lock: LockReport): string {
  const { owner, client, address, svid, fileid, since } = lock;
  const who = `${printable(client)} (${address})`;
  return `${owner}  ${whatOf(lock)}  inode ${fileid ?? '?'}  ${who} process ${svid}  since ${moment(since)}\n`;
}

function whatOf({ kind, exclusive, start, end, access = 0, denies = 0 }: LockReport): string {
  if (kind === 'share') return `share ${DONE_BY_BITS[access]}, denies ${DONE_BY_BITS[denies]}`;
  return `${kind.padEnd(5)} ${exclusive ? 'write' : 'read '} bytes ${start}-${end ?? 'end'}`;
}

async function releaseLocks({ state, owner, client, yes }: ReleaseFlags): Promise<void> {
  if ((owner === undefined) === (client === undefined)) fail('name one of --owner ID and --client NAME');
  const whose = owner === undefined ? `client ${client}` : `owner ${owner}`;
  if (!yes && !(await confirmed(`Release all locks of ${whose}? Its programs believe that they hold them. [y/N] `))) {
    fail('nothing was released');
  }
  const body = owner === undefined ? { client } : { owner };
  const { released } = await ask<{ released: number }>(state, 'POST /locks/release', body);
  process.stdout.write(`${released} ${released === 1 ? 'lock' : 'locks'} released\n`);
}

async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) fail('there is no terminal to ask at; say --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}
