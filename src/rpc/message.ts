import { padding, type XdrReader, type XdrWriter } from '../xdr/index.ts';
import { AUTH_NONE, AUTH_SHORT, AUTH_SYS, type Credential } from './credential.ts';
import { AUTH_BADCRED, AUTH_BADVERF, AUTH_REJECTEDCRED, RpcRefusal } from './refusal.ts';

export const RPC_VERSION = 2;
export const CALL = 0;
export const REPLY = 1;
export const MSG_ACCEPTED = 0;
export const MSG_DENIED = 1;
export const RPC_MISMATCH = 0;
export const AUTH_ERROR = 1;
export const SUCCESS = 0;

/** `opaque_auth`'s body (RFC 5531 §8.2). */
export const MAX_AUTH_BYTES = 400;
const MAX_MACHINE_NAME = 255;
const MAX_GIDS = 16;
/** stamp, length of the name, uid, gid, count of gids. */
const SMALLEST_AUTH_SYS = 20;

const ANONYMOUS: Credential = { flavor: AUTH_NONE, unix: undefined };
const MAX_REMEMBERED = 256;

/**
 * Reads the credential and verifier of calls, and answers equal credentials with the same object, so that what is worked
 * out for a credential (squashing, permissions) can be kept with it. One for each connection.
 */
export class CredentialReader {
  private readonly known = new Map<string, Credential>();

  /** Throws {@link RpcRefusal} with AUTH_BADCRED, AUTH_REJECTEDCRED or AUTH_BADVERF. */
  read(from: XdrReader): Credential {
    const flavor = from.uint32();
    const length = from.uint32();
    if (length > MAX_AUTH_BYTES || length > from.remaining) throw RpcRefusal.auth(AUTH_BADCRED);
    const body = from.fixed(length);
    const verifierFlavor = from.uint32();
    const verifierLength = from.uint32();
    if (verifierLength > MAX_AUTH_BYTES || verifierLength > from.remaining) throw RpcRefusal.auth(AUTH_BADVERF);
    from.take(verifierLength + padding(verifierLength));

    switch (flavor) {
      case AUTH_NONE:
        return ANONYMOUS;
      case AUTH_SYS:
        // RFC 5531 appendix A: AUTH_SYS goes with a verifier of AUTH_NONE.
        if (verifierFlavor !== AUTH_NONE) throw RpcRefusal.auth(AUTH_BADVERF);
        return this.unix(body);
      case AUTH_SHORT:
        // We never hand out short credentials, so the client is to come with its full one.
        throw RpcRefusal.auth(AUTH_REJECTEDCRED);
      default:
        throw RpcRefusal.auth(AUTH_BADCRED);
    }
  }

  private unix(body: Buffer): Credential {
    // The stamp says nothing about who calls, and some clients put the time there.
    const key = body.toString('latin1', 4);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const credential = parseUnix(body);
    if (this.known.size >= MAX_REMEMBERED) this.known.clear();
    this.known.set(key, credential);
    return credential;
  }
}

function parseUnix(body: Buffer): Credential {
  const bad = () => RpcRefusal.auth(AUTH_BADCRED);
  if (body.length < SMALLEST_AUTH_SYS) throw bad();
  const nameLength = body.readUInt32BE(4);
  const nameEnd = 8 + nameLength;
  let at = nameEnd + padding(nameLength);
  if (nameLength > MAX_MACHINE_NAME || at + 12 > body.length) throw bad();
  const uid = body.readUInt32BE(at);
  const gid = body.readUInt32BE(at + 4);
  const count = body.readUInt32BE(at + 8);
  at += 12;
  if (count > MAX_GIDS || at + 4 * count !== body.length) throw bad();
  const gids: number[] = [];
  for (let i = 0; i < count; i++) gids.push(body.readUInt32BE(at + 4 * i));
  return { flavor: AUTH_SYS, unix: { machineName: Buffer.from(body.subarray(8, nameEnd)), uid, gid, gids } };
}

/** Header of a reply to a call that was accepted, up to and with `accept_stat`; the verifier is AUTH_NONE. */
export function writeAccepted(to: XdrWriter, xid: number, status: number): void {
  to.uint32(xid);
  to.uint32(REPLY);
  to.uint32(MSG_ACCEPTED);
  to.uint32(AUTH_NONE);
  to.uint32(0);
  to.uint32(status);
}

/** RPC_MISMATCH: we speak version 2 alone. */
export function writeVersionMismatch(to: XdrWriter, xid: number): void {
  to.uint32(xid);
  to.uint32(REPLY);
  to.uint32(MSG_DENIED);
  to.uint32(RPC_MISMATCH);
  to.uint32(RPC_VERSION);
  to.uint32(RPC_VERSION);
}

export function writeRefusal(to: XdrWriter, xid: number, refusal: RpcRefusal): void {
  if (refusal.kind === 'accept') {
    writeAccepted(to, xid, refusal.status);
    return;
  }
  to.uint32(xid);
  to.uint32(REPLY);
  to.uint32(MSG_DENIED);
  to.uint32(AUTH_ERROR);
  to.uint32(refusal.status);
}
