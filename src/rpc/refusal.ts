/** Why an accepted call was not run (RFC 5531 §9, `accept_stat`). */
export const PROG_UNAVAIL = 1;
export const PROG_MISMATCH = 2;
export const PROC_UNAVAIL = 3;
export const GARBAGE_ARGS = 4;
export const SYSTEM_ERR = 5;

/** Why a credential was refused (RFC 5531 §9, `auth_stat`). */
export const AUTH_BADCRED = 1;
export const AUTH_REJECTEDCRED = 2;
export const AUTH_BADVERF = 3;
export const AUTH_TOOWEAK = 5;

/** A call refused at the RPC level (RFC 5531 §9): the first of the three error ladders. */
export class RpcRefusal {
  readonly kind: 'accept' | 'auth';
  readonly status: number;

  private constructor(kind: 'accept' | 'auth', status: number) {
    this.kind = kind;
    this.status = status;
  }

  /** MSG_ACCEPTED, but not run: one of the `accept_stat` values above that carry no body. */
  static accept(status: typeof GARBAGE_ARGS | typeof SYSTEM_ERR | typeof PROC_UNAVAIL): RpcRefusal {
    return new RpcRefusal('accept', status);
  }

  /** MSG_DENIED with AUTH_ERROR: one of the `auth_stat` values above. */
  static auth(status: number): RpcRefusal {
    return new RpcRefusal('auth', status);
  }
}
