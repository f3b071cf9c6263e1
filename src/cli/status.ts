import { resolve } from 'node:path';
import { Command } from 'commander';
import { askServer } from '../server/admin.ts';
import { defaultStateDirectory } from '../server/config.ts';
import type { ClientReport, StatusReport } from '../server/reports.ts';
import { fail } from './options.ts';
import { printable } from './printable.ts';

interface Flags {
  readonly state?: string;
  readonly json?: boolean;
}

/** A command that asks a running server and prints its answer, for people or as JSON. */
function question<T>(name: string, description: string, asked: string, print: (report: T) => string): Command {
  return new Command(name)
    .description(description)
    .option('--state <folder>', 'state folder of the server to ask')
    .option('--json', 'as JSON')
    .action(async ({ state, json }: Flags) => {
      try {
        const report = (await askServer(resolve(state ?? defaultStateDirectory()), asked)) as T;
        process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : print(report));
      } catch (error) {
        fail((error as Error).message);
      }
    });
}

export function statusCommand(): Command {
  return question<StatusReport>('status', 'show what a running server serves', 'GET /status', (report) => {
    const portmap = { own: 'served here', rpcbind: 'the rpcbind of this host', none: 'none' }[report.portmap];
    return [
      `steadfs ${report.version}, process ${report.pid}, since ${moment(report.startedAt)}`,
      `state      ${report.stateDirectory}`,
      `addresses  ${report.addresses.join(', ')}, port ${report.port}`,
      `portmap    ${portmap}`,
      `clients    ${report.clients}, with ${counted(report.connections, 'connection')} and ${counted(report.locks, 'lock')}`,
      ...report.exports.map(({ path, hosts }) => `export     ${path}  ${hosts.join(' ') || '*'}`),
      `mount      ${report.mountCommand}`,
      '',
    ].join('\n');
  });
}

export function clientsCommand(): Command {
  return question<ClientReport[]>('clients', 'list the clients of a running server', 'GET /clients', (clients) =>
    clients
      .map(({ address, connections, locks, mounts }) => {
        const lines = mounts.map(({ path, since }) => `    ${printable(path)}  since ${moment(since)}\n`);
        return `${address}  ${counted(connections, 'connection')}, ${counted(locks, 'lock')}\n${lines.join('')}`;
      })
      .join(''),
  );
}

/** A moment in milliseconds since 1970, for people. */
export function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
