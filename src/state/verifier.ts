import { createHmac } from 'node:crypto';
import type { VerifierSource } from '../vfs/index.ts';
import type { Settings } from './settings.ts';

const VERIFIER_BYTES = 8;

/**
 * The write verifier (RFC 1813 §3.3.7) from a count that only grows. A restart of the process keeps it, because
 * UNSTABLE data then still lies in the kernel's page cache; another boot of the kernel, here or on another node, does not.
 */
export class Verifier implements VerifierSource {
  private readonly settings: Settings;
  private readonly secret: Buffer;
  private epoch: bigint;
  current: Buffer;

  constructor(settings: Settings, secret: Buffer, bootId: string) {
    this.settings = settings;
    this.secret = secret;
    this.epoch = settings.get('epoch')?.readBigUInt64BE() ?? 0n;
    this.current = this.derive();
    if (settings.get('boot')?.toString() !== bootId) {
      // In this order: a crash in between costs one more epoch, never one too few.
      this.advance();
      settings.set('boot', Buffer.from(bootId));
    }
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
