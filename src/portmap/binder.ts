import { RpcClient } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import { isNetid, netidOfProtocol, protocolOfNetid } from './netid.ts';
import { ownerOfProcess, type Service } from './registry.ts';
import { answer, mapping, PMAP_PORT, PMAPVERS, pmaplist, RPCBPROG, RPCBVERS4, rpcb, rpcblist_ptr } from './types.ts';
import { formatUaddr, parseUaddr } from './uaddr.ts';

const SET = 1;
const UNSET = 2;
const DUMP = 4;

/** Another host program's registry: what can be asked of an rpcbind, by whichever version it talks to us in. */
export interface Binder {
  /** False for a transport that this version has no word for. */
  knows(service: Service): boolean;
  /** False if it is registered with another address, or we may not. */
  set(service: Service): Promise<boolean>;
  unset(service: Service): Promise<boolean>;
  dump(): Promise<Service[]>;
  close(): void;
}

/**
 * The rpcbind of this host: through its own socket, where it knows us by our user id, and failing that (an old portmap
 * has none) by version 2 over loopback. Rejects if there is neither.
 */
export async function connectBinder(socketPath: string): Promise<Binder> {
  try {
    return new Rpcbind(await RpcClient.connectUnix(socketPath));
  } catch {
    return new OldPortmap(await RpcClient.connectTcp({ host: '127.0.0.1', port: PMAP_PORT }));
  }
}

class Rpcbind implements Binder {
  private readonly client: RpcClient;

  constructor(client: RpcClient) {
    this.client = client;
  }

  knows(): boolean {
    return true;
  }

  set(service: Service): Promise<boolean> {
    return this.client.call(RPCBPROG, RPCBVERS4, SET, rpcb, rpcbOf(service), answer);
  }

  unset(service: Service): Promise<boolean> {
    return this.client.call(RPCBPROG, RPCBVERS4, UNSET, rpcb, rpcbOf(service), answer);
  }

  async dump(): Promise<Service[]> {
    const entries = await this.client.call(RPCBPROG, RPCBVERS4, DUMP, nothing, undefined, rpcblist_ptr);
    return entries.flatMap(({ r_prog: program, r_vers: version, r_netid: netid, r_addr }) => {
      const endpoint = isNetid(netid) ? parseUaddr(r_addr, netid) : undefined;
      return isNetid(netid) && endpoint !== undefined ? [{ program, version, netid, ...endpoint }] : [];
    });
  }

  close(): void {
    this.client.close();
  }
}

class OldPortmap implements Binder {
  private readonly client: RpcClient;

  constructor(client: RpcClient) {
    this.client = client;
  }

  knows(service: Service): boolean {
    return protocolOfNetid(service.netid) !== undefined;
  }

  set(service: Service): Promise<boolean> {
    return this.client.call(RPCBPROG, PMAPVERS, SET, mapping, mappingOf(service), answer);
  }

  unset(service: Service): Promise<boolean> {
    return this.client.call(RPCBPROG, PMAPVERS, UNSET, mapping, mappingOf(service), answer);
  }

  async dump(): Promise<Service[]> {
    const entries = await this.client.call(RPCBPROG, PMAPVERS, DUMP, nothing, undefined, pmaplist);
    return entries.flatMap(({ prog: program, vers: version, prot, port }) => {
      const netid = netidOfProtocol(prot);
      return netid === undefined ? [] : [{ program, version, netid, address: '0.0.0.0', port }];
    });
  }

  close(): void {
    this.client.close();
  }
}

function rpcbOf(service: Service) {
  const { program, version, netid } = service;
  return { r_prog: program, r_vers: version, r_netid: netid, r_addr: formatUaddr(service), r_owner: ownerOfProcess() };
}

function mappingOf({ program, version, netid, port }: Service) {
  return { prog: program, vers: version, prot: protocolOfNetid(netid) ?? 0, port };
}
