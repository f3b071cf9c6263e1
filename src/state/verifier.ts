import { createHmac } from 'node:crypto';
import type { VerifierSource } from '../vfs/index.ts';
import type { Settings } from './settings.ts';

const VERIFIER_BYTES = 8;
/** In place of the boot: nothing that was written is in any kernel's page cache alone. */
const FLUSHED = 'flushed';

/**
 * The write verifier (RFC 1813 §3.3.7) from a count that only grows. A restart of the process keeps it, because
 * UNSTABLE data then still lies in the kernel's page cache; another boot of the kernel, here or on another node, does
 * not, unless everything had been flushed before.
 */
export class Verifier implements VerifierSource {
  private readonly settings: Settings;
  private readonly secret: Buffer;
  private epoch: bigint;
  /** A process before this one crashed under the same kernel, and nobody knows what of its data is flushed. */
  private readonly hasLeftovers: boolean;
  current: Buffer;

  constructor(settings: Settings, secret: Buffer, bootId: string) {
    this.settings = settings;
    this.secret = secret;
    this.epoch = settings.get('epoch')?.readBigUInt64BE() ?? 0n;
    this.current = this.derive();
    const boot = settings.get('boot')?.toString();
    this.hasLeftovers = boot === bootId;
    if (this.hasLeftovers) return;
    // In this order: a crash in between costs one more epoch, never one too few.
    if (boot !== FLUSHED) this.advance();
    settings.set('boot', Buffer.from(bootId));
  }

  /** All that was written through this process is on stable storage, and nothing more comes: no kernel need remember it. */
  flushed(): void {
    if (!this.hasLeftovers) this.settings.set('boot', Buffer.from(FLUSHED));
  }

  advance(): void {
    const epoch = Buffer.alloc(8);
    epoch.writeBigUInt64BE(this.epoch + 1n);
    this.settings.set('epoch', epoch);
    this.epoch += 1n;
    this.current = this.derive();
  }

  private derive(): Buffer {
    const digest = createHmac('sha256', this.secret).update(`verifier${this.epoch}`).digest();
    return digest.subarray(0, VERIFIER_BYTES);
  }
}
