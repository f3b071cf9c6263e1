/** Authentication flavours (RFC 5531 §8.1). */
export const AUTH_NONE = 0;
export const AUTH_SYS = 1;
export const AUTH_SHORT = 2;

/** Who a call says it comes from (RFC 5531 §8, appendix A). */
export interface Credential {
  readonly flavor: number;
  /** AUTH_SYS only; undefined for AUTH_NONE. */
  readonly unix: UnixCredential | undefined;
}

/** AUTH_SYS (RFC 5531 appendix A). The client is believed: see docs/security.md. */
export interface UnixCredential {
  readonly machineName: Buffer;
  readonly uid: number;
  readonly gid: number;
  /** At most 16. */
  readonly gids: readonly number[];
}
