import type { Logger } from '../../common/log.ts';
import { announcements } from './announce-frames.ts';
import type { FramePort } from './packet-socket.ts';
import { type Ongoing, type Pause, pause } from './pause.ts';

/**
 * When it is said, milliseconds after the address came up. Switches that are learning a port anew lose the first ones,
 * and a spanning tree takes seconds.
 */
export const ANNOUNCE_AT = [0, 200, 400, 600, 800, 3000, 10_000] as const;

export interface AnnounceOptions {
  readonly log: Logger;
  /** `openFramePort` of packet-socket.ts. */
  readonly open: (device: string) => FramePort;
  readonly at?: readonly number[];
  readonly pause?: Pause;
}

/**
 * Tells the neighbours that the addresses are at this interface now: gratuitous ARP, and unsolicited neighbour
 * advertisements. The first round has been sent when this returns. What fails is logged: a client then learns by itself,
 * when its neighbour cache runs out.
 */
export function announce(device: string, addresses: readonly string[], options: AnnounceOptions): Ongoing {
  const abort = new AbortController();
  return { done: repeat(device, addresses, options, abort.signal), cancel: () => abort.abort() };
}

async function repeat(
  device: string,
  addresses: readonly string[],
  { log, open, at = ANNOUNCE_AT, pause: wait = pause }: AnnounceOptions,
  signal: AbortSignal,
): Promise<void> {
  let now = 0;
  for (const time of at) {
    if (time > now && !(await wait(time - now, signal))) return;
    now = time;
    try {
      send(open(device), addresses);
    } catch (error) {
      log.warn({ err: error, device }, `could not announce ${addresses.join(', ')} on ${device}`);
    }
  }
}

/** The interface's own address is asked anew for each round: a bond changes it when it changes ports. */
function send(port: FramePort, addresses: readonly string[]): void {
  try {
    const { mac } = port;
    if (mac === undefined) return;
    for (const address of addresses) {
      for (const { protocol, frame } of announcements(address, mac)) port.send(protocol, frame);
    }
  } finally {
    port.close();
  }
}
