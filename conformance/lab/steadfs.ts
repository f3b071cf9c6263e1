import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Lab, SERVER_IPV4, SERVER_IPV6 } from './lab.ts';
import type { ServerProcess } from './server-process.ts';
import type { Export } from './target.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

export interface SteadfsOptions {
  /** Serves as this user and group, with no capability. */
  readonly uid?: number;
  /** Runs what `npm run build` made, as users do: for measuring. The loader that runs the sources makes them slower. */
  readonly built?: boolean;
}

/** Starts steadfs from this repository's sources on port 2049. Started again in the same lab, it finds its state. */
export async function startSteadfs(lab: Lab, exports: readonly Export[], options: SteadfsOptions = {}) {
  const { uid, built } = options;
  writeFileSync(exportsFile(lab), exports.map(exportLine).join(''));
  const state = join(lab.folder, 'state');
  mkdirSync(state, { recursive: true });
  if (uid !== undefined) chownSync(state, uid, uid);
  const serve = [
    ...(built ? ['dist/cli/main.js'] : ['--import', 'tsx', 'src/cli/main.ts']),
    ...['serve', '--exports', exportsFile(lab), '--state', state],
    ...['--listen', SERVER_IPV4, '--listen', SERVER_IPV6, '--listen', '127.0.0.1', '--json'],
    // Port 111 is for root alone.
    ...['--portmap', uid === undefined ? 'on' : 'off'],
  ];
  const ready = /^\{"ready":true.*\}$/m;
  if (uid === undefined) return lab.spawnServer({ command: process.execPath, args: serve, cwd: REPOSITORY, ready });

  const { node, repository } = await readableByAll(lab);
  const drop = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
  const env = { HOME: lab.folder };
  return lab.spawnServer({ command: 'setpriv', args: [...drop, node, ...serve], cwd: repository, env, ready });
}

/** The exports(5) file that a lab's server reads. */
export function exportsFile(lab: Lab): string {
  return join(lab.folder, 'exports');
}

/** The mount command that the server printed when it was ready. */
export function printedMountCommand(server: ServerProcess): string {
  const line = /^\{"ready":true.*\}$/m.exec(server.output)?.[0];
  const { mount } = JSON.parse(line ?? '{}') as { mount?: string };
  if (mount === undefined) throw new Error(`no mount command in\n${server.output}`);
  return mount;
}

/** An exports(5) line. The path is quoted, as the shell's folders may have blanks. */
export function exportLine({ path, options }: Export): string {
  return `"${path}" *(${options.join(',')})\n`;
}

/** Node and the repository under paths that every user may search: the checkout may lie in root's home. */
async function readableByAll(lab: Lab): Promise<{ node: string; repository: string }> {
  const node = join(lab.folder, 'node');
  const repository = join(lab.folder, 'repository');
  if ((await lab.run('mountpoint', ['-q', repository])).code !== 0) {
    writeFileSync(node, '');
    mkdirSync(repository);
    await lab.exec('mount', ['--bind', process.execPath, node]);
    await lab.exec('mount', ['--bind', REPOSITORY, repository]);
  }
  return { node, repository };
}
