/** Where a program is. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface OpenOptions {
  /** Asks for a source port below 1024, which servers take for a sign of root. Without the right to one: any. Default true. */
  readonly privileged?: boolean;
  /** Exactly this source port, as a client takes that connects again. */
  readonly localPort?: number;
  /** This source address, which has to be one of this host's. */
  readonly localAddress?: string;
  /** Milliseconds for the connection to come about. */
  readonly timeout?: number;
}

/** A way for calls and replies: a TCP connection, or a UDP socket. */
export interface Transport {
  readonly kind: 'tcp' | 'udp';
  /** False once the server has closed it. */
  readonly isOpen: boolean;
  /** Sends one call. */
  send(message: Buffer): void;
  /** The next reply with this xid, or with any. Throws NoReply or Disconnected. */
  reply(xid: number | undefined, milliseconds: number): Promise<Buffer>;
  close(): void;
}

const FIRST_PRIVILEGED = 600;
const PRIVILEGED_PORTS = 1024 - FIRST_PRIVILEGED;

/**
 * Opens with a privileged source port, trying others while it is taken; with any port where privileged ones are not to be
 * had. `open` gets 0 for any port.
 */
export async function withSourcePort<T>(
  { privileged = true, localPort }: OpenOptions,
  open: (localPort: number) => Promise<T>,
): Promise<T> {
  if (localPort !== undefined || !privileged) return open(localPort ?? 0);
  const first = Math.floor(Math.random() * PRIVILEGED_PORTS);
  for (let attempt = 0; attempt < PRIVILEGED_PORTS; attempt++) {
    try {
      return await open(FIRST_PRIVILEGED + ((first + attempt) % PRIVILEGED_PORTS));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') break;
      if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL') throw error;
    }
  }
  return open(0);
}
