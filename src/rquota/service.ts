import type { Exports } from '../exports/contract.ts';
import { AUTH_TOOWEAK, type Call, RpcRefusal, type UnixCredential } from '../rpc/index.ts';
import { FsError, QuotaKind } from '../vfs/index.ts';
import { rquotaOf } from './convert.ts';
import { type getquota_rslt, Q_EPERM, Q_NOQUOTA, Q_OK } from './types.ts';

/** What the procedures share. */
export interface QuotaService {
  readonly exports: Exports;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What is asked for: whose quota, on which exported path. */
export interface Question {
  readonly path: Buffer;
  readonly kind: number;
  /** Signed, as on the wire. */
  readonly id: number;
}

/** A port that only a privileged program has. */
const PRIVILEGED_PORT = 1;

/**
 * GETQUOTA and GETACTIVEQUOTA, which differ for quotas that are switched off; those have nothing to tell here.
 * Everyone may ask for their own and their groups'; root for all, as rpc.rquotad has it, squashed or not.
 */
export async function getQuota({ exports, now }: QuotaService, asked: Question, call: Call): Promise<getquota_rslt> {
  const id = asked.id >>> 0;
  const kind = asked.kind === QuotaKind.GROUP ? QuotaKind.GROUP : QuotaKind.USER;
  if (!mayAsk(credentialOf(call), kind, id)) return { status: Q_EPERM };
  if (kind !== asked.kind) return { status: Q_NOQUOTA };
  try {
    const { view } = await exports.mount(asked.path, anyPort(call));
    const quota = await view.quota(kind, id);
    if (quota === undefined) return { status: Q_NOQUOTA };
    return { status: Q_OK, rquota: rquotaOf(quota, BigInt(Math.floor(now() / 1000))) };
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
    // The only words that there are; a client that may not mount is told nothing of what is there.
    return { status: error.code === 'PERM' ? Q_EPERM : Q_NOQUOTA };
  }
}

/** SETQUOTA and SETACTIVEQUOTA: limits are set on the server. A client's root is anyone who says so. */
export function refuseToSet(call: Call): getquota_rslt {
  credentialOf(call);
  return { status: Q_EPERM };
}

function credentialOf({ credential }: Call): UnixCredential {
  if (credential.unix === undefined) throw RpcRefusal.auth(AUTH_TOOWEAK);
  return credential.unix;
}

function mayAsk({ uid, gid, gids }: UnixCredential, kind: QuotaKind, id: number): boolean {
  if (uid === 0) return true;
  return kind === QuotaKind.USER ? uid === id : gid === id || gids.includes(id);
}

/** quota(1) is an ordinary user's program: its port says nothing, and `secure` exports are asked about, too. */
function anyPort(call: Call): Call {
  return { ...call, peer: { ...call.peer, port: PRIVILEGED_PORT } };
}
