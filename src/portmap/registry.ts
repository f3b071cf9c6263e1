import type { Peer, ProgramVersion } from '../rpc/index.ts';
import { isLoopback, type Netid, netidFor } from './netid.ts';
import { type Endpoint, formatUaddr, isUnspecified, parseUaddr } from './uaddr.ts';

/** A version of a program, reachable by one transport. */
export interface Service extends Endpoint {
  readonly program: number;
  readonly version: number;
  readonly netid: Netid;
}

export interface Registration extends Service {
  /** As in rpcinfo: `superuser`, a user id, or `unknown`. */
  readonly owner: string;
}

/** What local programs may register in all, so that none of them fills the memory or swells DUMP. */
const MAX_FOREIGN = 1000;

export const SUPERUSER = 'superuser';
const UNKNOWN = 'unknown';

/** The first port that needs no privilege. */
const UNPRIVILEGED = 1024;

/** Which program answers where: our own services, and those that programs of this host have SET. */
export class Registry {
  private readonly own: readonly Registration[];
  /** In the order they came, as rpcbind lists them. */
  private foreign: Registration[] = [];

  /** Our own services cannot be unset or replaced by anybody. `owner` is who we run as. */
  constructor(own: readonly Service[] = [], owner = ownerOfProcess()) {
    this.own = own.map((service) => ({ ...service, owner }));
  }

  list(): readonly Registration[] {
    return [...this.own, ...this.foreign];
  }

  /** @returns false if another address is registered already. Setting the same again is no change. */
  set(service: Service, owner: string): boolean {
    const there = this.exact(service.program, service.version, service.netid);
    if (there !== undefined) return there.address === service.address && there.port === service.port;
    if (this.foreign.length >= MAX_FOREIGN) return false;
    this.foreign.push({ ...service, owner });
    return true;
  }

  /**
   * Takes away a version of a program, by one transport or by all. Like rpcbind it says true if there is nothing to
   * take away, and false if `owner` may not.
   */
  unset(program: number, version: number, netid: Netid | undefined, owner: string): boolean {
    const meant = (entry: Registration) =>
      entry.program === program && entry.version === version && (netid === undefined || entry.netid === netid);
    if (this.own.some(meant)) return false;
    const going = this.foreign.filter(meant);
    if (going.some((entry) => owner !== SUPERUSER && owner !== entry.owner)) return false;
    this.foreign = this.foreign.filter((entry) => !meant(entry));
    return true;
  }

  exact(program: number, version: number, netid: Netid): Registration | undefined {
    return this.list().find((entry) => entry.program === program && entry.version === version && entry.netid === netid);
  }

  /**
   * The version asked for or, failing that, any: the caller then gets PROG_MISMATCH from the program itself, and learns
   * there which versions it has. So do rpcbind's GETPORT and GETADDR.
   */
  anyVersion(program: number, version: number, netid: Netid): Registration | undefined {
    return (
      this.exact(program, version, netid) ??
      this.list().findLast((entry) => entry.program === program && entry.netid === netid)
    );
  }
}

/** Where a caller finds a service: a service on all addresses is at the one by which the caller came. */
export function reachedBy(peer: Peer, service: Service): string {
  const { address, port } = service;
  const local = peer.localAddress;
  const sameFamily = netidFor('tcp', local) === netidFor('tcp', address);
  return formatUaddr({ address: isUnspecified(address) && sameFamily ? local : address, port });
}

/** Who a caller on this host is. A port below 1024 takes privilege; more is not to be had over the network. */
export function ownerOf(peer: Peer): string | undefined {
  if (!isLoopback(peer.address)) return undefined;
  return peer.port < UNPRIVILEGED ? SUPERUSER : UNKNOWN;
}

export function ownerOfProcess(): string {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? SUPERUSER : String(uid);
}

/** An address and port where a server listens. `::` takes IPv4 as well. */
export interface Listener extends Endpoint {
  readonly transport: 'tcp' | 'udp';
}

/**
 * The services that programs make on these listeners. A program that listens on several addresses of one transport has
 * one registration for it, at whichever address the caller came by.
 */
export function servicesOf(
  programs: readonly Pick<ProgramVersion, 'program' | 'version'>[],
  listeners: readonly Listener[],
): Service[] {
  const endpoints = new Map<Netid, Endpoint>();
  for (const { transport, address, port } of listeners) {
    const both = address === '::' ? [{ address: '0.0.0.0', port }] : [];
    for (const endpoint of [{ address, port }, ...both]) {
      const netid = netidFor(transport, endpoint.address);
      const unspecified = netid.endsWith('6') ? '::' : '0.0.0.0';
      // By way of the universal address, which has one form only and no scope.
      const plain = parseUaddr(formatUaddr(endpoint), netid) ?? endpoint;
      endpoints.set(netid, endpoints.has(netid) ? { address: unspecified, port } : plain);
    }
  }
  return programs.flatMap(({ program, version }) =>
    [...endpoints].map(([netid, endpoint]) => ({ program, version, netid, ...endpoint })),
  );
}
