/** The watchdog: a process of its own beside the node daemon, which starts it (`watchdog.ts`). */
import { writeFileSync, writeSync } from 'node:fs';
import { setPriority } from 'node:os';
import { monotonic } from '../../common/monotonic.ts';
import { Addresses, ip } from '../network/index.ts';
import type { ToWatchdog } from '../protocol.ts';
import { WatchdogDuty } from './watchdog-duty.ts';
import { lockCode } from './watchdog-memory.ts';
import { isAlive, signal } from './watchdog-victim.ts';

const HIGHEST_PRIORITY = -20;
const NEVER_FOR_LACK_OF_MEMORY = '-1000';

const duty = new WatchdogDuty({
  clock: monotonic,
  isAlive,
  signal,
  // Each by itself: an `ip` that hangs holds up no other address.
  remove: (address) => new Addresses({ ip, clock: monotonic, log: { warn: say }, ours: [address] }).remove([address]),
  say: (line) => say({}, line),
});

// It goes when nothing is left to watch, and not with the daemon: a service manager and a terminal signal both at once.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
process.title = 'steadfs watchdog';
beRobust();
process.on('message', (message: ToWatchdog) => {
  if (message.type === 'watch') duty.watch(message);
  else duty.forget(message.package);
});
process.on('disconnect', () => duty.orphaned());

/** A busy or swapping host is what it is for. Each of these needs a right that it may lack; it works without. */
function beRobust(): void {
  for (const step of [
    () => writeFileSync('/proc/self/oom_score_adj', NEVER_FOR_LACK_OF_MEMORY),
    () => setPriority(HIGHEST_PRIORITY),
    lockCode,
  ]) {
    try {
      step();
    } catch {
      // Quietly less.
    }
  }
}

function say(_: object, line: string): void {
  try {
    writeSync(2, `steadfs watchdog: ${line}\n`);
  } catch {
    // Nobody reads it any more.
  }
}
