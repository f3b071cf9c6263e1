// npm run fuzz -- [CASES] [SEED]: the long run. Fails if the server's memory keeps growing.
import { fuzz } from './fuzzer.ts';
import { withFuzzTarget } from './server.ts';

const cases = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const MEGABYTES_OF_GROWTH = 64;

await withFuzzTarget(async (target) => {
  console.log(`${cases} cases, seed ${seed}`);
  let warm: number | undefined;
  let next = cases / 10;
  const result = await fuzz({
    port: target.port,
    targets: target.targets,
    cases,
    seed,
    progress: (done) => {
      if (done < next) return;
      target.check();
      const resident = target.residentMegabytes();
      warm ??= resident;
      console.log(`${done} cases, server at ${resident.toFixed(0)} MiB`);
      next += cases / 10;
    },
  });
  const grown = target.residentMegabytes() - (warm ?? 0);
  console.log(JSON.stringify({ ...result, seed, grownMegabytes: Math.round(grown) }));
  if (result.systemErrors > 0) throw new Error(target.log());
  if (grown > MEGABYTES_OF_GROWTH) throw new Error(`the server grew by ${grown.toFixed(0)} MiB after its first tenth`);
});
