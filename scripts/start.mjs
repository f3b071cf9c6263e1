// npm start: serves a folder to try things in. Options are passed on: npm start -- --listen 10.0.0.5
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const demo = fileURLToPath(new URL('../demo', import.meta.url));
const folder = `${demo}/export`;
if (!existsSync(folder)) {
  mkdirSync(folder, { recursive: true });
  // Root on a client is squashed to nobody, so everybody may write here, as in /tmp.
  chmodSync(folder, 0o1777);
  writeFileSync(`${folder}/hello.txt`, 'Served by steadfs.\n');
}
process.argv.splice(2, 0, 'serve', folder, '--state', `${demo}/state`);
await import('../dist/cli/main.js');
