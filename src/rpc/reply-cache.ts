import { crc32 } from 'node:zlib';
import type { Credential } from './credential.ts';
import type { Call } from './program.ts';

/** Where a reply goes. */
export type Deliver = (body: Buffer) => void;

type Entry =
  /** `next` is where the latest retransmission wants its reply: the connection of the first may be gone by then. */
  | { readonly state: 'running'; next: Deliver | undefined }
  | { readonly state: 'done'; readonly body: Buffer }
  /** It was running when the server crashed. */
  | { readonly state: 'in doubt'; readonly intent: Buffer };

/** What is to be done with a call. */
export type Seen =
  | { readonly action: 'run' | 'drop' }
  | { readonly action: 'replay'; readonly body: Buffer }
  | { readonly action: 'decide'; readonly intent: Buffer };

const DEFAULT_ENTRIES = 16_384;
const DEFAULT_BYTES = 8 * 1024 * 1024;

/**
 * The duplicate request cache: a call that would do something else the second time is run once, and a retransmission
 * gets the first one's reply (Juszczak, "Improving the Performance and Correctness of an NFS Server", 1989).
 *
 * A call is the same if its address (without the port, which may change on reconnection), xid, procedure, caller and the
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

  static key({ peer, xid, program, version, procedure, credential }: Call, args: Buffer): string {
    const who = callerKey(credential);
    return `${peer.address} ${xid} ${program} ${version} ${procedure} ${args.length} ${crc32(args)} ${who}`;
  }

  /**
   * `run`: a new call; tell {@link done} or {@link aborted} later. `replay`: `body` is the reply. `drop`: it is running;
   * `deliver` will get the reply when it ends. `decide`: as `run`, but it may have been carried out before a crash.
   */
  begin(key: string, deliver: Deliver): Seen {
    const entry = this.entries.get(key);
    switch (entry?.state) {
      case undefined:
        this.entries.set(key, { state: 'running', next: undefined });
        return { action: 'run' };
      case 'in doubt':
        this.entries.set(key, { state: 'running', next: undefined });
        return { action: 'decide', intent: entry.intent };
      case 'done':
        return { action: 'replay', body: entry.body };
      case 'running':
        entry.next = deliver;
        return { action: 'drop' };
    }
  }

  /** The call ended with this result body; whoever asked again meanwhile gets it too. */
  done(key: string, body: Buffer): void {
    const entry = this.entries.get(key);
    this.forget(key, entry);
    this.entries.set(key, { state: 'done', body });
    this.bytes += body.length;
    this.evict();
    if (entry?.state === 'running') entry.next?.(body);
  }

  /** The call came to no result; a retransmission is to run. */
  aborted(key: string): void {
    this.entries.delete(key);
  }

  /** Whether the call was carried out is to be decided when it is asked again. It stays until then. */
  doubt(key: string, intent: Buffer): void {
    this.entries.set(key, { state: 'in doubt', intent });
  }

  get size(): number {
    return this.entries.size;
  }

  private forget(key: string, entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.entries.delete(key);
    if (entry.state === 'done') this.bytes -= entry.body.length;
  }

  private evict(): void {
    if (this.entries.size <= this.maxEntries && this.bytes <= this.maxBytes) return;
    for (const [key, entry] of this.entries) {
      if (entry.state !== 'done') continue;
      this.forget(key, entry);
      if (this.entries.size <= this.maxEntries && this.bytes <= this.maxBytes) return;
    }
  }
}

const callerKeys = new WeakMap<Credential, string>();

/** Another user of the same client must not be told what the first one did. */
function callerKey(credential: Credential): string {
  let key = callerKeys.get(credential);
  if (key === undefined) {
    const { unix } = credential;
    key = unix === undefined ? '-' : `${unix.uid},${crc32([unix.gid, ...unix.gids].join())}`;
    callerKeys.set(credential, key);
  }
  return key;
}
