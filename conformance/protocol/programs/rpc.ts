import { array, enumeration, opaque, rest, struct, type TypeOf, text, uint32, union } from '../wire.ts';

/** ONC RPC messages (RFC 5531 §9). */
export const auth_flavor = enumeration({ AUTH_NONE: 0, AUTH_SYS: 1, AUTH_SHORT: 2, AUTH_DH: 3, RPCSEC_GSS: 6 });
export type auth_flavor = TypeOf<typeof auth_flavor>;

/** RFC 5531 §8.2: the body is at most 400 bytes; the flavour is a number here, so that unknown ones can be sent. */
export const opaque_auth = struct({ flavor: uint32, body: opaque(400) });
export type opaque_auth = TypeOf<typeof opaque_auth>;

/** RFC 5531 Appendix A. */
export const authsys_parms = struct({
  stamp: uint32,
  machinename: text(255),
  uid: uint32,
  gid: uint32,
  gids: array(uint32, 16),
});
export type authsys_parms = TypeOf<typeof authsys_parms>;

/** A call: everything is a number, so that wrong ones can be sent. */
export const call_msg = struct({
  xid: uint32,
  mtype: uint32,
  rpcvers: uint32,
  prog: uint32,
  vers: uint32,
  proc: uint32,
  cred: opaque_auth,
  verf: opaque_auth,
  args: rest,
});
export type call_msg = TypeOf<typeof call_msg>;

export const msg_type = enumeration({ CALL: 0, REPLY: 1 });
export const reply_stat = enumeration({ MSG_ACCEPTED: 0, MSG_DENIED: 1 });
export const accept_stat = enumeration({
  SUCCESS: 0,
  PROG_UNAVAIL: 1,
  PROG_MISMATCH: 2,
  PROC_UNAVAIL: 3,
  GARBAGE_ARGS: 4,
  SYSTEM_ERR: 5,
});
export const reject_stat = enumeration({ RPC_MISMATCH: 0, AUTH_ERROR: 1 });
export const auth_stat = enumeration({
  AUTH_OK: 0,
  AUTH_BADCRED: 1,
  AUTH_REJECTEDCRED: 2,
  AUTH_BADVERF: 3,
  AUTH_REJECTEDVERF: 4,
  AUTH_TOOWEAK: 5,
  AUTH_INVALIDRESP: 6,
  AUTH_FAILED: 7,
  RPCSEC_GSS_CREDPROBLEM: 13,
  RPCSEC_GSS_CTXPROBLEM: 14,
});

const mismatch_info = { low: uint32, high: uint32 };
export const accepted_reply = union('accept_stat', accept_stat, {
  SUCCESS: { results: rest },
  PROG_MISMATCH: mismatch_info,
});
export const rejected_reply = union('reject_stat', reject_stat, {
  RPC_MISMATCH: mismatch_info,
  AUTH_ERROR: { auth_stat },
});
export const reply_msg = struct({
  xid: uint32,
  mtype: msg_type,
  body: union('reply_stat', reply_stat, {
    MSG_ACCEPTED: { verf: opaque_auth, reply: accepted_reply },
    MSG_DENIED: { denied: rejected_reply },
  }),
});
export type reply_msg = TypeOf<typeof reply_msg>;
