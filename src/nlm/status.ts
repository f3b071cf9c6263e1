import type { LockAnswer } from '../locks/requests.ts';
import type { FsErrorCode } from '../vfs/index.ts';
import {
  LCK_BLOCKED,
  LCK_DENIED,
  LCK_DENIED_GRACE_PERIOD,
  LCK_DENIED_NOLOCKS,
  LCK_GRANTED,
  NLM4_DEADLCK,
  NLM4_FAILED,
  NLM4_FBIG,
  NLM4_ROFS,
  NLM4_STALE_FH,
  NLM4_VERS,
  type nlm4_stats,
} from './types.ts';

export const STATUS_OF_ANSWER: Readonly<Record<LockAnswer, nlm4_stats>> = {
  granted: LCK_GRANTED,
  denied: LCK_DENIED,
  blocked: LCK_BLOCKED,
  grace: LCK_DENIED_GRACE_PERIOD,
  nolocks: LCK_DENIED_NOLOCKS,
  deadlock: NLM4_DEADLCK,
};

/** Where there is no file to lock. JUKEBOX is not among these: the client is to come again. */
const STATUS_OF_ERROR: Partial<Record<FsErrorCode, nlm4_stats>> = {
  STALE: NLM4_STALE_FH,
  BADHANDLE: NLM4_STALE_FH,
  ROFS: NLM4_ROFS,
  FBIG: NLM4_FBIG,
};

export function statusOfError(code: FsErrorCode): nlm4_stats {
  return STATUS_OF_ERROR[code] ?? NLM4_FAILED;
}

/** Versions 1 and 3 know five of them. As knfsd: a deadlock is a denial, and all else a want of locks. */
export function statusFor(version: number, status: nlm4_stats): nlm4_stats {
  if (version === NLM4_VERS || status <= LCK_DENIED_GRACE_PERIOD) return status;
  return status === NLM4_DEADLCK ? LCK_DENIED : LCK_DENIED_NOLOCKS;
}
