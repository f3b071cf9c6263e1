import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { ServerProcess } from './server-process.ts';

/** TCP segments with data in them: replies, not acknowledgements. */
const WITH_DATA = '(ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2)) > 0';
/** Of a frame, bytes: enough for the headers. */
const SNAPLEN = 96;
const PCAP_HEADER = 24;
const RECORD_HEADER = 16;
const NANOSECONDS_MAGIC = 0xa1b23c4d;

/** A time during which one port alone sent for an address. Seconds of the wall clock. */
export interface Reign {
  readonly port: string;
  readonly from: number;
  readonly to: number;
  readonly frames: number;
}

/** Listens at the bridge's ports for who answers in the name of a service address. */
export class Sniffer {
  private readonly captures: readonly { port: string; file: string; process: ServerProcess }[];

  private constructor(captures: Sniffer['captures']) {
    this.captures = captures;
  }

  static async start(lab: Lab, address: string, ports: readonly string[]): Promise<Sniffer> {
    const captures = ports.map(async (port) => {
      const file = join(lab.folder, `${port}-${address}.pcap`);
      const filter = `tcp and src host ${address} and ${WITH_DATA}`;
      const process = await ServerProcess.start(lab.namespace, {
        command: 'tcpdump',
        args: [
          ...['-i', port, '-Q', 'in', '-n', '-p', '-U', '-s', `${SNAPLEN}`, '--time-stamp-precision=nano'],
          ...['-Z', 'root', '-w', file, filter],
        ],
        ready: /listening on/,
      });
      return { port, file, process };
    });
    return new Sniffer(await Promise.all(captures));
  }

  /** Ends listening. @returns who answered when, in order; two ports at once show as many short reigns. */
  async stop(): Promise<Reign[]> {
    await Promise.all(this.captures.map(({ process }) => process.stop()));
    const seen = this.captures.flatMap(({ port, file }) => timesOf(file).map((at) => ({ port, at })));
    seen.sort((one, other) => one.at - other.at);
    const reigns: { port: string; from: number; to: number; frames: number }[] = [];
    for (const { port, at } of seen) {
      const last = reigns.at(-1);
      if (last?.port === port) {
        last.to = at;
        last.frames += 1;
      } else {
        reigns.push({ port, from: at, to: at, frames: 1 });
      }
    }
    return reigns;
  }
}

function timesOf(file: string): number[] {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE(0) !== NANOSECONDS_MAGIC) throw new Error(`${file} is no capture with nanoseconds`);
  const times: number[] = [];
  for (let at = PCAP_HEADER; at + RECORD_HEADER <= bytes.length; at += RECORD_HEADER + bytes.readUInt32LE(at + 8))
    times.push(bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / 1e9);
  return times;
}
