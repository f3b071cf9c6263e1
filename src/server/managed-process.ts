/*
 * The server process of one package, as the node daemon starts it: see `ha/protocol.ts` for what the two say to each
 * other. Log lines go to standard error.
 */
import { LicenceLost } from '../common/licence.ts';
import type { LogLevel } from '../common/log.ts';
import type { FromServer, ManagedSettings, ToServer } from '../ha/protocol.ts';
import { makeJsonLog } from './json-log.ts';
import { LastResort } from './last-resort.ts';
import { ManagedServer } from './managed.ts';
import { warmUp } from './warm-up.ts';

/** One that is needed at once is activated before that. */
const IDLE_MS = 100;

type Phase = 'new' | 'prepared' | 'serving' | 'released';

let phase: Phase = 'new';
let log = makeJsonLog('info');
let server: ManagedServer | undefined;
let idle: NodeJS.Timeout | undefined;
let isWanted = false;
/** Orders are carried out one after the other; only the licence does not wait for its turn. */
let orders: Promise<void> = Promise.resolve();

function send(message: FromServer, then?: () => void): void {
  // A daemon that has gone needs to know nothing any more.
  if (process.connected) process.send?.(message, () => then?.());
  else then?.();
}

/** With nothing to lose. What is being done comes to its end first: an open state would keep the process from ending. */
function leave(): void {
  void orders.finally(() => process.exit(0));
}

/** Not by process.exit(): nothing is to be written, flushed or waited for on the way out. */
function end(why: string): void {
  log.error({}, `${why}: this server process ends`);
  process.kill(process.pid, 'SIGKILL');
}

function fail(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  log.error({ err: error }, reason);
  send({ type: 'failed', reason }, () => process.exit(1));
}

async function logFor({ logLevel, json }: ManagedSettings) {
  const level = logLevel as LogLevel;
  if (json || !process.stderr.isTTY) return makeJsonLog(level);
  const { makeLog } = await import('./log.ts');
  return makeLog(level, json);
}

/** A process that has time does once, on a folder of its own, what an activation does. */
function practise(): void {
  orders = orders.then(async () => {
    if (phase !== 'prepared') return;
    await warmUp(() => isWanted).catch((error: unknown) =>
      log.debug({ err: error }, 'the first activation will take a little longer'),
    );
    send({ type: 'practised' });
  });
}

async function obey(message: ToServer): Promise<void> {
  switch (message.type) {
    case 'prepare': {
      const { settings } = message;
      log = (await logFor(settings)).child({ package: settings.package });
      server = new ManagedServer(settings, { log, lastResort: new LastResort(), send, end });
      phase = 'prepared';
      send({ type: 'prepared' });
      idle = setTimeout(practise, IDLE_MS);
      return;
    }
    case 'activate':
      clearTimeout(idle);
      phase = 'serving';
      await server?.activate(message.token, message.until);
      return;
    case 'addressed':
      server?.addressed();
      return;
    case 'reload':
      await server?.reload();
      return;
    case 'release':
      await server?.release();
      phase = 'released';
      send({ type: 'released' });
      return;
    case 'licence':
      return;
  }
}

process.on('message', (message: ToServer) => {
  isWanted ||= message.type === 'activate';
  if (message.type === 'licence') server?.renew(message.until);
  else orders = orders.then(() => obey(message)).catch(fail);
});

// Without the daemon there is nobody to renew the licence: what is served goes on until that ends.
process.on('disconnect', () => {
  if (phase !== 'serving') leave();
  else log.warn({}, 'the node daemon is gone: serving ends with the licence');
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Sent to all processes of the service at once: the daemon has it too, and lets go of the package in order.
    if (phase !== 'serving' && signal !== 'SIGHUP') leave();
  });
}

process.on('uncaughtException', (error) => {
  // Work in the background that came too late for the licence. What follows from that is the licence's own affair.
  if (error instanceof LicenceLost) return;
  log.error({ err: error }, 'a fault of the server itself');
  end(String(error));
});
