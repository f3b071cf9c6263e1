export interface TcpLimits {
  /** Largest record taken, bytes. */
  readonly maxRecord: number;
  /** Connections at once. When one more comes, the one that has been idle longest goes. */
  readonly maxConnections: number;
  /** Connections of one address at once; one more is refused. */
  readonly maxPerAddress: number;
  /** A connection on which nothing happened for so long is closed, milliseconds. */
  readonly idleTimeout: number;
  /** Calls of one connection under way at once; past that it is not read from. */
  readonly maxRunning: number;
  /** Reply bytes waiting for a client that does not read them; past that it is not read from. */
  readonly maxUnsent: number;
}

export const DEFAULT_TCP_LIMITS: TcpLimits = {
  // 1 MiB of data and what stands around it.
  maxRecord: (1 << 20) + 4096,
  maxConnections: 4096,
  maxPerAddress: 1024,
  idleTimeout: 15 * 60_000,
  maxRunning: 64,
  maxUnsent: 4 << 20,
};

/** The most that a reply's bulk data may have on TCP. */
export const MAX_TCP_DATA = 1 << 20;
