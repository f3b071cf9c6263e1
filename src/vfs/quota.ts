/** Whose quota, with the kernel's numbers (`linux/quota.h`). */
export const QuotaKind = { USER: 0, GROUP: 1 } as const;
export type QuotaKind = (typeof QuotaKind)[keyof typeof QuotaKind];

/** What one user or group may use of a file system. A limit of zero is none. */
export type QuotaLimits = Pick<Quota, 'hardBytes' | 'softBytes' | 'hardFiles' | 'softFiles'>;

/** What one user or group may use of a file system, and uses. A limit of zero is none. */
export interface Quota {
  readonly hardBytes: bigint;
  readonly softBytes: bigint;
  readonly usedBytes: bigint;
  readonly hardFiles: bigint;
  readonly softFiles: bigint;
  readonly usedFiles: bigint;
  /** When the soft limit becomes a hard one, in seconds since 1970; zero while the use is below it. */
  readonly bytesGrace: bigint;
  readonly filesGrace: bigint;
}
