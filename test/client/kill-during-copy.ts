import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guest } from '../../conformance/lab/lab.ts';
import type { ServerProcess } from '../../conformance/lab/server-process.ts';
import { DROP_CACHES, onMount } from './stage.ts';

/** The Linux client waits 3 s after a refused connection, then 6, 12, 24. */
export const CRASH_JOB_MS = 120_000;
/** Down for long enough that the client meets a refused connection, not only a broken one. */
export const DOWN_MS = 500;
const MIB = 1024 * 1024;
const LARGE_MIB = 96;
const SMALL_FILES = 300;

/** A copy of a large file and of many small ones, beside a program that keeps a file and its working folder open. */
const COPY = `
dd if=/dev/urandom of=/tmp/large bs=1M count=${LARGE_MIB} status=none
mkdir -p held/folder; echo before > held/file
exec 5<>held/file
(
  cp /tmp/large large & cp=$!
  for n in $(seq ${SMALL_FILES}); do echo "file $n" > small-$n; done
  wait $cp
)
echo afterwards >&5; exec 5>&-
(cd held/folder; mv ../folder ../moved; echo there > from-inside)
${DROP_CACHES}
cmp /tmp/large large
for n in $(seq ${SMALL_FILES}); do read -r line < small-$n; test "$line" = "file $n"; done
test "$(cat held/file)" = afterwards
test "$(cat held/moved/from-inside)" = there
`;

/** Kills the server in the middle of a copy by the client, starts it again, and waits for the copy to complete. */
export async function killDuringCopy(
  guest: Guest,
  folder: string,
  server: ServerProcess,
  start: () => Promise<unknown>,
) {
  const large = join(folder, 'large');
  const lastSmall = join(folder, `small-${SMALL_FILES}`);
  const copied = onMount(guest, COPY, CRASH_JOB_MS);
  let over = false;
  const end = () => (over = true);
  copied.then(end, end);
  while (!over && !(existsSync(join(folder, 'small-20')) && existsSync(large) && statSync(large).size > 0))
    await sleep(2);
  await server.kill();
  assert.ok(!existsSync(lastSmall) || statSync(large).size < LARGE_MIB * MIB, 'it was killed midway');
  await sleep(DOWN_MS);
  await start();
  await copied;
}
