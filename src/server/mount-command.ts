import { isIP, isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** What a client needs to know to mount an export. */
export interface MountTarget {
  readonly address: string;
  /** Of the first export. Undefined: there is none. */
  readonly path: string | undefined;
  readonly port: number;
  /** True if clients can ask a portmapper for the ports. */
  readonly portmap: boolean;
}

/** The command that mounts an export on a Linux client, ready to be pasted into its shell; a comment for it if there is none. */
export function mountCommand({ address, path, port, portmap }: MountTarget): string {
  if (path === undefined) return '# nothing is exported: add a line to the exports file, and send the server a SIGHUP';
  const ipv6 = isIPv6(address);
  const suffix = ipv6 ? '6' : '';
  const options = ['vers=3', `proto=tcp${suffix}`];
  if (!portmap) options.push(`port=${port}`, `mountport=${port}`, `mountproto=tcp${suffix}`);
  // A client has no option for the lock manager's port. And on one host, the client's own lock manager and ours would
  // both want to be the one that the port mapper tells of.
  if (!portmap || isLoopback(address)) options.push('nolock');
  const host = ipv6 ? `[${address}]` : address;
  return `mount -t nfs -o ${options.join(',')} ${shellQuote(`${host}:${path}`)} /mnt`;
}

/** The address for {@link mountCommand} of a server that listens on these. */
export function mountAddress(addresses: readonly string[]): string {
  const [first = '127.0.0.1'] = addresses;
  if (first !== '::' && first !== '0.0.0.0') return first;
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? (isIP(hostname()) ? hostname() : '127.0.0.1');
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function shellQuote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
