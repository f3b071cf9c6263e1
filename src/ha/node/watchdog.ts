import { type ChildProcess, spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../common/log.ts';
import type { ToWatchdog } from '../protocol.ts';
import type { Watchdog as Port } from './ports.ts';

export { startTimeOf } from './watchdog-victim.ts';

/** Sources end in .ts, and what is built from them in .js. */
const PROGRAM = fileURLToPath(new URL(`watchdog-process${extname(import.meta.url)}`, import.meta.url));
const RESTART_MILLISECONDS = 500;

/** Starts the watchdog process. It has a session of its own, so that no terminal's signal ends it with the daemon. */
export function spawnWatchdog(): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, PROGRAM], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  });
}

export interface WatchdogOptions {
  readonly log: Logger;
  readonly spawn?: () => ChildProcess;
}

/**
 * The daemon's end of the watchdog: a second process that ends a package's server process, and takes its addresses away,
 * when the daemon has not renewed its right to serve in time; also when the daemon is dead, stopped or hung.
 */
export class Watchdog implements Port {
  private readonly log: Logger;
  private readonly spawn: () => ChildProcess;
  private readonly orders = new Map<string, ToWatchdog>();
  private child: ChildProcess;
  private restart: NodeJS.Timeout | undefined;
  private closed = false;

  constructor({ log, spawn = spawnWatchdog }: WatchdogOptions) {
    this.log = log;
    this.spawn = spawn;
    this.child = this.begin();
  }

  /** Its process id; undefined while there is none. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** `watch`: when a process gets the right to serve, and with each renewal. `forget`: when it was ended in order. */
  send(message: ToWatchdog): void {
    if (message.type === 'watch') this.orders.set(message.package, message);
    else this.orders.delete(message.package);
    this.pass(message);
  }

  /** Lets go. The process ends by itself when nothing is left to watch, and not before. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.restart);
    if (this.child.connected) this.child.disconnect();
    this.child.unref();
  }

  private begin(): ChildProcess {
    const child = this.spawn();
    child.once('exit', (code, signal) => this.ended(`ended by ${signal ?? `exit code ${code}`}`));
    child.on('error', (error) => {
      // Without a number it never was.
      if (child.pid === undefined) this.ended(`could not be started: ${error.message}`);
    });
    return child;
  }

  private ended(how: string): void {
    if (this.closed) return;
    this.log.error({}, `the watchdog ${how}; it is started again`);
    this.restart = setTimeout(() => {
      this.child = this.begin();
      for (const order of this.orders.values()) this.pass(order);
    }, RESTART_MILLISECONDS);
  }

  private pass(message: ToWatchdog): void {
    // What does not arrive is passed to the next one, which its end calls for.
    if (this.child.connected) this.child.send(message, () => {});
  }
}
