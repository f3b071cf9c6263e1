import { crc32 } from 'node:zlib';
import type { Peer } from './program.ts';

/** Where a reply goes. */
export type Deliver = (body: Buffer) => void;

type Entry =
  /** `next` is where the latest retransmission wants its reply: the connection of the first may be gone by then. */
  { readonly state: 'running'; next: Deliver | undefined } | { readonly state: 'done'; readonly body: Buffer };

const DEFAULT_ENTRIES = 16_384;
const DEFAULT_BYTES = 8 * 1024 * 1024;

/**
 * The duplicate request cache: a call that would do something else the second time is run once, and a retransmission
 * gets the first one's reply (Juszczak, "Improving the Performance and Correctness of an NFS Server", 1989).
 *
 * A call is the same if its address (without the port, which may change on reconnection), xid, procedure and the
 * checksum of its arguments are. Results are kept, not frames, so that it does not matter by which transport it comes.
 */
export class ReplyCache {
  private readonly entries = new Map<string, Entry>();
  private readonly maxEntries: number;
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(maxEntries = DEFAULT_ENTRIES, maxBytes = DEFAULT_BYTES) {
    this.maxEntries = maxEntries;
    this.maxBytes = maxBytes;
  }

  static key(peer: Peer, xid: number, program: number, version: number, procedure: number, args: Buffer): string {
    return `${peer.address} ${xid} ${program} ${version} ${procedure} ${args.length} ${crc32(args)}`;
  }

  /**
   * `run`: a new call; tell {@link done} or {@link aborted} later. `replay`: `body` is the reply. `drop`: it is running;
   * `deliver` will get the reply when it ends.
   */
  begin(
    key: string,
    deliver: Deliver,
  ): { readonly action: 'run' | 'drop' } | { readonly action: 'replay'; readonly body: Buffer } {
    const entry = this.entries.get(key);
    if (entry === undefined) {
      this.entries.set(key, { state: 'running', next: undefined });
      return { action: 'run' };
    }
    if (entry.state === 'done') return { action: 'replay', body: entry.body };
    entry.next = deliver;
    return { action: 'drop' };
  }

  /** The call ended with this result body; whoever asked again meanwhile gets it too. */
  done(key: string, body: Buffer): void {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    this.entries.set(key, { state: 'done', body });
    this.bytes += body.length;
    this.evict();
    if (entry?.state === 'running') entry.next?.(body);
  }

  /** The call came to no result; a retransmission is to run. */
  aborted(key: string): void {
    this.entries.delete(key);
  }

  get size(): number {
    return this.entries.size;
  }

  private evict(): void {
    if (this.entries.size <= this.maxEntries && this.bytes <= this.maxBytes) return;
    for (const [key, entry] of this.entries) {
      if (entry.state === 'running') continue;
      this.entries.delete(key);
      this.bytes -= entry.body.length;
      if (this.entries.size <= this.maxEntries && this.bytes <= this.maxBytes) return;
    }
  }
}
