import {
  bool,
  enumeration,
  int32,
  opaque,
  struct,
  type TypeOf,
  text,
  uint32,
  uint64,
  union,
  type Wire,
} from '../wire.ts';
import { type Procedure, procedure, program } from './program.ts';

/** The Network Lock Manager (X/Open XNFS chapter 10; version 4: RFC 1813 Appendix II). */
export const nlm_stats = enumeration({
  LCK_GRANTED: 0,
  LCK_DENIED: 1,
  LCK_DENIED_NOLOCKS: 2,
  LCK_BLOCKED: 3,
  LCK_DENIED_GRACE_PERIOD: 4,
});
export const nlm4_stats = enumeration({
  NLM4_GRANTED: 0,
  NLM4_DENIED: 1,
  NLM4_DENIED_NOLOCKS: 2,
  NLM4_BLOCKED: 3,
  NLM4_DENIED_GRACE_PERIOD: 4,
  NLM4_DEADLCK: 5,
  NLM4_ROFS: 6,
  NLM4_STALE_FH: 7,
  NLM4_FBIG: 8,
  NLM4_FAILED: 9,
});

export const netobj = opaque(1024);
const name = text(1024);
export const notify = struct({ name, state: int32 });

/** `fsh_mode` and `fsh_access`. */
export const fsh_mode = enumeration({ fsm_DN: 0, fsm_DR: 1, fsm_DW: 2, fsm_DRW: 3 });
export const fsh_access = enumeration({ fsa_NONE: 0, fsa_R: 1, fsa_W: 2, fsa_RW: 3 });

const shareargs = struct({
  cookie: netobj,
  share: struct({ caller_name: name, fh: netobj, oh: netobj, mode: fsh_mode, access: fsh_access }),
  reclaim: bool,
});

/** Offsets are of 32 bits, or of 64 in version 4. */
function typesOf<O>(offset: Wire<O>) {
  const alock = struct({ caller_name: name, fh: netobj, oh: netobj, svid: int32, l_offset: offset, l_len: offset });
  return {
    alock,
    holder: struct({ exclusive: bool, svid: int32, oh: netobj, l_offset: offset, l_len: offset }),
    testargs: struct({ cookie: netobj, exclusive: bool, alock }),
    lockargs: struct({ cookie: netobj, block: bool, exclusive: bool, alock, reclaim: bool, state: int32 }),
    cancargs: struct({ cookie: netobj, block: bool, exclusive: bool, alock }),
    unlockargs: struct({ cookie: netobj, alock }),
  };
}
export const narrow = typesOf(uint32);
export const wide = typesOf(uint64);
export type nlm4_lock = TypeOf<typeof wide.alock>;

function proceduresOf<Args extends { test: unknown; lock: unknown; canc: unknown; unlock: unknown }, TestRes, Res>(
  args: { readonly [K in keyof Args]: Wire<Args[K]> },
  testres: Wire<TestRes>,
  res: Wire<Res>,
): {
  NULL: Procedure<undefined, undefined>;
  TEST: Procedure<Args['test'], TestRes>;
  LOCK: Procedure<Args['lock'], Res>;
  CANCEL: Procedure<Args['canc'], Res>;
  UNLOCK: Procedure<Args['unlock'], Res>;
  GRANTED: Procedure<Args['test'], Res>;
  TEST_MSG: Procedure<Args['test'], undefined>;
  LOCK_MSG: Procedure<Args['lock'], undefined>;
  CANCEL_MSG: Procedure<Args['canc'], undefined>;
  UNLOCK_MSG: Procedure<Args['unlock'], undefined>;
  GRANTED_MSG: Procedure<Args['test'], undefined>;
  TEST_RES: Procedure<TestRes, undefined>;
  LOCK_RES: Procedure<Res, undefined>;
  CANCEL_RES: Procedure<Res, undefined>;
  UNLOCK_RES: Procedure<Res, undefined>;
  GRANTED_RES: Procedure<Res, undefined>;
} {
  return {
    NULL: procedure(0),
    TEST: procedure(1, args.test, testres),
    LOCK: procedure(2, args.lock, res),
    CANCEL: procedure(3, args.canc, res),
    UNLOCK: procedure(4, args.unlock, res),
    GRANTED: procedure(5, args.test, res),
    TEST_MSG: procedure(6, args.test),
    LOCK_MSG: procedure(7, args.lock),
    CANCEL_MSG: procedure(8, args.canc),
    UNLOCK_MSG: procedure(9, args.unlock),
    GRANTED_MSG: procedure(10, args.test),
    TEST_RES: procedure(11, testres),
    LOCK_RES: procedure(12, res),
    CANCEL_RES: procedure(13, res),
    UNLOCK_RES: procedure(14, res),
    GRANTED_RES: procedure(15, res),
  };
}

const narrowRes = struct({ cookie: netobj, stat: nlm_stats });
const wideRes = struct({ cookie: netobj, stat: nlm4_stats });

const narrowProcedures = proceduresOf(
  { test: narrow.testargs, lock: narrow.lockargs, canc: narrow.cancargs, unlock: narrow.unlockargs },
  struct({ cookie: netobj, stat: union('stat', nlm_stats, { LCK_DENIED: { holder: narrow.holder } }) }),
  narrowRes,
);
const wideProcedures = proceduresOf(
  { test: wide.testargs, lock: wide.lockargs, canc: wide.cancargs, unlock: wide.unlockargs },
  struct({ cookie: netobj, stat: union('stat', nlm4_stats, { NLM4_DENIED: { holder: wide.holder } }) }),
  wideRes,
);

const narrowShareres = struct({ cookie: netobj, stat: nlm_stats, sequence: int32 });
const wideShareres = struct({ cookie: netobj, stat: nlm4_stats, sequence: int32 });

export const NLM1 = program('NLMv1', 100_021, 1, narrowProcedures);
export const NLM3 = program('NLMv3', 100_021, 3, {
  ...narrowProcedures,
  SHARE: procedure(20, shareargs, narrowShareres),
  UNSHARE: procedure(21, shareargs, narrowShareres),
  NM_LOCK: procedure(22, narrow.lockargs, narrowRes),
  FREE_ALL: procedure(23, notify),
});
export const NLM4 = program('NLMv4', 100_021, 4, {
  ...wideProcedures,
  SHARE: procedure(20, shareargs, wideShareres),
  UNSHARE: procedure(21, shareargs, wideShareres),
  NM_LOCK: procedure(22, wide.lockargs, wideRes),
  FREE_ALL: procedure(23, notify),
});
