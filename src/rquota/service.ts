import type { Exports } from '../exports/contract.ts';
import { AUTH_TOOWEAK, type Call, RpcRefusal, type UnixCredential } from '../rpc/index.ts';
import { FsError, QuotaKind } from '../vfs/index.ts';
import { limitsOf, rquotaOf } from './convert.ts';
import { type getquota_rslt, Q_EPERM, Q_NOQUOTA, Q_OK, type sq_dqblk } from './types.ts';

/** What the procedures share. */
export interface QuotaService {
  readonly exports: Exports;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** True if a client's root may set limits. */
  readonly maySet: boolean;
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
const FIRST_FREE_PORT = 1024;

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

/**
 * SETQUOTA and SETACTIVEQUOTA: refused unless the server was told to allow them, since a client's root is anyone who says
 * so. Even then it must be root, by a privileged port, on an export that it may mount for writing.
 */
export async function setQuota(
  service: QuotaService,
  asked: Question & { limits: sq_dqblk },
  call: Call,
): Promise<getquota_rslt> {
  const { uid } = credentialOf(call);
  if (!service.maySet || uid !== 0 || call.peer.port >= FIRST_FREE_PORT) return { status: Q_EPERM };
  if (asked.kind !== QuotaKind.USER && asked.kind !== QuotaKind.GROUP) return { status: Q_NOQUOTA };
  try {
    const { view } = await service.exports.mount(asked.path, call);
    if (!(await view.setQuota(asked.kind, asked.id >>> 0, limitsOf(asked.limits)))) return { status: Q_NOQUOTA };
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
    return { status: error.code === 'NOENT' ? Q_NOQUOTA : Q_EPERM };
  }
  return await getQuota(service, asked, call);
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
