import type { Quota, QuotaLimits } from '../vfs/index.ts';
import type { rquota, sq_dqblk } from './types.ts';

/** What the kernel counts limits in, and the least `rq_bsize`. */
const BLOCK_BITS = 10n;
const WORD = 1n << 32n;
const MAX_INT32 = 0x7fff_ffffn;

/**
 * A quota as rquotad tells it: in blocks of 1 KiB, or of twice that, and so on, until all numbers fit into 32 bits.
 * @param now seconds since 1970
 */
export function rquotaOf(quota: Quota, now: bigint): rquota {
  const { hardBytes, softBytes, usedBytes } = quota;
  let bits = BLOCK_BITS;
  while ([hardBytes, softBytes, usedBytes].some((bytes) => blocksOf(bytes, bits) >= WORD)) bits++;
  return {
    rq_bsize: Number(1n << bits),
    // The kernel answers for quotas that are enforced alone.
    rq_active: true,
    rq_bhardlimit: Number(blocksOf(hardBytes, bits)),
    rq_bsoftlimit: Number(blocksOf(softBytes, bits)),
    rq_curblocks: Number(blocksOf(usedBytes, bits)),
    rq_fhardlimit: wordOf(quota.hardFiles),
    rq_fsoftlimit: wordOf(quota.softFiles),
    rq_curfiles: wordOf(quota.usedFiles),
    rq_btimeleft: timeLeft(quota.bytesGrace, now),
    rq_ftimeleft: timeLeft(quota.filesGrace, now),
  };
}

/** The limits that SETQUOTA asks for. */
export function limitsOf(asked: sq_dqblk): QuotaLimits {
  return {
    hardBytes: BigInt(asked.rq_bhardlimit) << BLOCK_BITS,
    softBytes: BigInt(asked.rq_bsoftlimit) << BLOCK_BITS,
    hardFiles: BigInt(asked.rq_fhardlimit),
    softFiles: BigInt(asked.rq_fsoftlimit),
  };
}

/** Rounded up: a limit must not become zero, which is none, nor a use. */
function blocksOf(bytes: bigint, bits: bigint): bigint {
  return (bytes + (1n << bits) - 1n) >> bits;
}

function wordOf(count: bigint): number {
  return Number(count < WORD ? count : WORD - 1n);
}

/** Seconds left, as a signed number: what is over is below zero, for zero is "nothing runs out". */
function timeLeft(end: bigint, now: bigint): number {
  if (end === 0n) return 0;
  const left = end - now || -1n;
  const bounded = left > MAX_INT32 ? MAX_INT32 : left < -MAX_INT32 ? -MAX_INT32 : left;
  return Number(BigInt.asUintN(32, bounded));
}
