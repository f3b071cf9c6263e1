import type { Logger } from '../../common/log.ts';
import type { Connection } from '../protocol.ts';
import { type Ongoing, type Pause, pause } from './pause.ts';
import type { SegmentPort } from './segment-socket.ts';
import { tickleSegment } from './tickle-segment.ts';

/** Segments are sent so many at a time, and so often; a round of thousands takes its time and no queue overflows. */
const BATCH = 64;
const BATCH_MILLISECONDS = 10;
/**
 * When it is tried, milliseconds after the start, and with which sequence number. A client answers a stray segment twice a
 * second at most (Linux: tcp_invalid_ratelimit), so rounds are a little further apart: whoever missed the first waits no
 * second for the next. No two numbers are within a window of each other: should one happen to be what the client expects,
 * and so go unanswered, the next one is not.
 */
const ROUNDS = [
  { at: 0, sequence: 0 },
  { at: 600, sequence: 0x4000_0000 },
  { at: 1200, sequence: 0x8000_0000 },
  { at: 2400, sequence: 0xc000_0000 },
] as const;

export interface TickleOptions {
  readonly log: Logger;
  /** `openSegmentPort` of segment-socket.ts. */
  readonly open: () => SegmentPort;
  readonly pause?: Pause;
}

/**
 * Wakes clients that wait for a reply from a server that is gone. Each is sent a bare ACK with a wrong sequence number
 * from the service address; it answers with the right ones (RFC 9293 §3.10.7.4), this host knows no such connection and
 * resets it, and the client reconnects and sends its calls again. Without it an idle client waits up to a minute.
 */
export function tickle(connections: readonly Connection[], options: TickleOptions): Ongoing {
  const abort = new AbortController();
  return { done: run(connections, options, abort.signal), cancel: () => abort.abort() };
}

async function run(
  connections: readonly Connection[],
  { log, open, pause: wait = pause }: TickleOptions,
  signal: AbortSignal,
): Promise<void> {
  if (connections.length === 0) return;
  let port: SegmentPort | undefined;
  try {
    port = open();
    let now = 0;
    for (const { at, sequence } of ROUNDS) {
      if (at > now && !(await wait(at - now, signal))) return;
      now = at;
      const failure = await sendRound(connections, sequence, port, () => wait(BATCH_MILLISECONDS, signal));
      if (failure !== undefined) log.warn({ err: failure }, 'some clients could not be woken; they come back late');
      if (signal.aborted) return;
    }
  } catch (error) {
    log.warn({ err: error }, 'clients could not be woken; they come back late');
  } finally {
    port?.close();
  }
}

/** @returns the last error, if there was one: the others are woken all the same. */
async function sendRound(
  connections: readonly Connection[],
  sequence: number,
  port: SegmentPort,
  rest: () => Promise<boolean>,
): Promise<unknown> {
  let failure: unknown;
  for (let start = 0; start < connections.length; start += BATCH) {
    if (start > 0 && !(await rest())) return failure;
    for (const connection of connections.slice(start, start + BATCH)) {
      try {
        port.send(connection, tickleSegment(connection, sequence));
      } catch (error) {
        failure = error;
      }
    }
  }
  return failure;
}
