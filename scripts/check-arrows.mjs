// Which folder of src/ may import which (docs/architecture.md): arrows point down the call path only.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = ['portmap', 'mount', 'nfs', 'nlm', 'nsm', 'rquota'];
const BELOW_PROGRAMS = ['rpc', 'xdr', 'exports', 'locks', 'state', 'vfs', 'common'];
const MAY_IMPORT = {
  common: [],
  xdr: [],
  rpc: ['xdr', 'common'],
  vfs: ['common'],
  state: ['vfs', 'common'],
  locks: ['vfs', 'state', 'common'],
  exports: ['rpc', 'vfs', 'state', 'common'],
  ...Object.fromEntries(PROGRAMS.map((program) => [program, BELOW_PROGRAMS])),
  ha: [...PROGRAMS, ...BELOW_PROGRAMS],
  server: ['ha', ...PROGRAMS, ...BELOW_PROGRAMS],
  // A link to the suite, which is to share no code with the server that it judges.
  conformance: [],
  cli: ['server', 'conformance', 'ha', ...PROGRAMS, ...BELOW_PROGRAMS],
};

const src = fileURLToPath(new URL('../src', import.meta.url));
const folderOf = (path) => relative(src, path).split('/')[0];
const files = readdirSync(src, { recursive: true }).filter((file) => file.endsWith('.ts'));
const wrong = [];
for (const file of files) {
  const path = join(src, file);
  const from = folderOf(path);
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) {
    wrong.push(`src/${file}: scripts/check-arrows.mjs does not know the folder "${from}"`);
    continue;
  }
  const text = readFileSync(path, 'utf8');
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const to = folderOf(join(dirname(path), target));
    if (to !== from && !allowed.includes(to)) wrong.push(`src/${file}: ${from} may not import ${to} (${target})`);
  }
}
if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
console.log(`${files.length} files: every import points down`);
