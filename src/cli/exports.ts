import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type ExportEntry, type ExportOptions, ExportsError, parseExports } from '../exports/index.ts';
import { fail } from './options.ts';

export function exportsCommand(): Command {
  return new Command('exports')
    .description('check an exports(5) file, and show what it exports, to whom and how')
    .argument('<file>', 'the file')
    .option('--json', 'as JSON')
    .action((file: string, flags: { json?: boolean }) => showExports(file, flags.json ?? false));
}

function showExports(file: string, json: boolean): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    fail(`${file}: cannot be read: ${(error as Error).message}`);
  }
  try {
    const { exports, warnings } = parseExports(text, file);
    for (const warning of warnings) process.stderr.write(`${warning}\n`);
    const output = json ? `${JSON.stringify(exports.map(asJson), undefined, 2)}\n` : exports.map(asText).join('');
    process.stdout.write(output);
  } catch (error) {
    if (error instanceof ExportsError) fail(error.message);
    throw error;
  }
}

function asJson({ path, fsid, rules }: ExportEntry): object {
  return {
    path,
    // In decimal text: an fsid may be larger than a JSON number is exact.
    fsid: fsid?.toString(),
    hosts: rules.map(({ host, options }) => ({ host: host.text, ...options })),
  };
}

function asText({ path, rules }: ExportEntry): string {
  return `${path}\n${rules.map(({ host, options }) => `    ${host.text}(${optionList(options)})\n`).join('')}`;
}

/** All of them, with the defaults, as `exportfs -v` does. */
function optionList(options: ExportOptions): string {
  const words = [
    options.readOnly ? 'ro' : 'rw',
    options.sync ? 'sync' : 'async',
    options.rootSquash ? 'root_squash' : 'no_root_squash',
    options.allSquash ? 'all_squash' : 'no_all_squash',
    options.secure ? 'secure' : 'insecure',
    `anonuid=${options.anonUid}`,
    `anongid=${options.anonGid}`,
  ];
  if (options.crossMount) words.push('crossmnt');
  if (options.noHide) words.push('nohide');
  return words.join(',');
}
