// npm run fuzz -- [CALLS] [SEED]: sends a server damaged calls of every program, by the declared types and from a recorded
// session. Fails if it ends, hangs, answers SYSTEM_ERR, keeps growing, or serves a client wrongly afterwards.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { failuresAfterwards } from './afterwards.ts';
import { fuzz } from './fuzzer.ts';
import { isIsolated, isolated } from './isolated.ts';
import { withFuzzTarget } from './server.ts';

const cases = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const MEGABYTES_OF_GROWTH = 64;
const PARTS = 10;

if (isIsolated()) {
  await run();
} else {
  const script = ['--import', 'tsx', fileURLToPath(import.meta.url), `${cases}`, `${seed}`];
  const { command, args } = isolated(process.execPath, script);
  if (command === process.execPath) {
    console.log('the kernel gives no network of its own: lock managers, who call back, are left out');
    await run();
  } else {
    process.exitCode = spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;
  }
}

function run(): Promise<void> {
  return withFuzzTarget(async (target) => {
    console.log(`${cases} calls, seed ${seed}`);
    const begun = performance.now();
    let warm: number | undefined;
    let next = cases / PARTS;
    const progress = (done: number) => {
      if (done < next) return;
      target.check();
      const resident = target.residentMegabytes();
      warm ??= resident;
      const speed = Math.round(done / ((performance.now() - begun) / 1000));
      console.log(`${done} calls, ${speed}/s, server at ${resident.toFixed(0)} MiB`);
      next += cases / PARTS;
    };
    const tally = await fuzz({ port: target.port, targets: target.targets, cases, seed, progress });
    target.check();
    const grown = Math.round(target.residentMegabytes() - (warm ?? 0));
    console.log(JSON.stringify({ ...tally, seed, grownMegabytes: grown }));
    if (tally.systemErrors > 0) throw new Error(`${tally.systemErrors} times SYSTEM_ERR:\n${target.log()}`);
    if (tally.replies < tally.cases / 2) throw new Error('most calls should get a reply');
    if (grown > MEGABYTES_OF_GROWTH) throw new Error(`the server grew by ${grown} MiB after its first tenth`);
    const failures = await failuresAfterwards(target);
    for (const { id, detail } of failures) console.log(`afterwards: ${id}: ${detail}`);
    if (failures.length > 0) throw new Error(`${failures.length} cases fail afterwards:\n${target.log().slice(-3000)}`);
  });
}
