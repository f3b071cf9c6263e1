import {
  bool,
  enumeration,
  int32,
  opaque,
  struct,
  type TypeOf,
  uint32,
  uint64,
  union,
  type Xdr,
} from '../xdr/index.ts';

/** The Network Lock Manager (X/Open XNFS chapter 10; version 4: RFC 1813 appendix II). */
export const NLM_PROG = 100021;
export const NLM_VERSX = 3;
export const NLM4_VERS = 4;

const LM_MAXSTRLEN = 1024;
const MAXNETOBJ_SZ = 1024;

/** `nlm_stats`, and the further ones of `nlm4_stats`. */
export const LCK_GRANTED = 0;
export const LCK_DENIED = 1;
export const LCK_DENIED_NOLOCKS = 2;
export const LCK_BLOCKED = 3;
export const LCK_DENIED_GRACE_PERIOD = 4;
export const NLM4_DEADLCK = 5;
export const NLM4_ROFS = 6;
export const NLM4_STALE_FH = 7;
export const NLM4_FBIG = 8;
export const NLM4_FAILED = 9;

export const nlm4_stats = enumeration([
  LCK_GRANTED,
  LCK_DENIED,
  LCK_DENIED_NOLOCKS,
  LCK_BLOCKED,
  LCK_DENIED_GRACE_PERIOD,
  NLM4_DEADLCK,
  NLM4_ROFS,
  NLM4_STALE_FH,
  NLM4_FBIG,
  NLM4_FAILED,
]);
export type nlm4_stats = TypeOf<typeof nlm4_stats>;

export const netobj = opaque(MAXNETOBJ_SZ);
const name = opaque(LM_MAXSTRLEN);

/** Offsets and lengths of versions 1 and 3. */
const narrow: Xdr<bigint> = {
  read: (from) => BigInt(from.uint32()),
  write: (to, value) => to.uint32(Number(value)),
};

/** The types with offsets and lengths of 32 bits, or of 64 as version 4 has them. */
function typesOf(offset: Xdr<bigint>) {
  const lock = struct({ caller_name: name, fh: netobj, oh: netobj, svid: int32, l_offset: offset, l_len: offset });
  const holder = struct({ exclusive: bool, svid: int32, oh: netobj, l_offset: offset, l_len: offset });
  return {
    testargs: struct({ cookie: netobj, exclusive: bool, alock: lock }),
    testres: struct({
      cookie: netobj,
      stat: union('stat', {
        [LCK_GRANTED]: {},
        [LCK_DENIED]: { holder },
        [LCK_DENIED_NOLOCKS]: {},
        [LCK_BLOCKED]: {},
        [LCK_DENIED_GRACE_PERIOD]: {},
        [NLM4_DEADLCK]: {},
        [NLM4_ROFS]: {},
        [NLM4_STALE_FH]: {},
        [NLM4_FBIG]: {},
        [NLM4_FAILED]: {},
      }),
    }),
    lockargs: struct({ cookie: netobj, block: bool, exclusive: bool, alock: lock, reclaim: bool, state: int32 }),
    cancargs: struct({ cookie: netobj, block: bool, exclusive: bool, alock: lock }),
    unlockargs: struct({ cookie: netobj, alock: lock }),
  };
}

export const narrowTypes = typesOf(narrow);
export const wideTypes = typesOf(uint64);
export type NlmTypes = typeof wideTypes;

export const res = struct({ cookie: netobj, stat: nlm4_stats });
export type res = TypeOf<typeof res>;
export type testres = TypeOf<NlmTypes['testres']>;
export type testargs = TypeOf<NlmTypes['testargs']>;
export type lockargs = TypeOf<NlmTypes['lockargs']>;
export type cancargs = TypeOf<NlmTypes['cancargs']>;
export type unlockargs = TypeOf<NlmTypes['unlockargs']>;
export type alock = unlockargs['alock'];

export const shareargs = struct({
  cookie: netobj,
  share: struct({ caller_name: name, fh: netobj, oh: netobj, mode: uint32, access: uint32 }),
  reclaim: bool,
});
export type shareargs = TypeOf<typeof shareargs>;
export const shareres = struct({ cookie: netobj, stat: nlm4_stats, sequence: int32 });
export type shareres = TypeOf<typeof shareres>;

export const notify = struct({ name, state: int32 });
export type notify = TypeOf<typeof notify>;
