import { isIPv6 } from 'node:net';
import { RpcClient } from '../rpc/index.ts';
import { uint32 } from '../xdr/index.ts';
import { IPPROTO_TCP, IPPROTO_UDP, netidFor } from './netid.ts';
import { ownerOfProcess } from './registry.ts';
import { mapping, PMAP_PORT, PMAPVERS, RPCBPROG, RPCBVERS4, rpcb, uaddr } from './types.ts';
import { formatUaddr, parseUaddr } from './uaddr.ts';

const GETPORT = 3;
const GETADDR = 3;
const TIMEOUT_MS = 3000;

export interface Wanted {
  readonly host: string;
  readonly localAddress?: string | undefined;
  readonly program: number;
  readonly version: number;
  readonly transport: 'tcp' | 'udp';
}

/** The port of a program on another host, by its port mapper; zero if it has none. Rejects if there is no port mapper. */
export async function lookupPort({ host, localAddress, program, version, transport }: Wanted): Promise<number> {
  const client = await RpcClient.connectUdp({ host, port: PMAP_PORT, localAddress });
  const options = { timeout: TIMEOUT_MS };
  try {
    // Version 2 has no word for IPv6.
    if (!isIPv6(host)) {
      const prot = transport === 'tcp' ? IPPROTO_TCP : IPPROTO_UDP;
      const args = { prog: program, vers: version, prot, port: 0 };
      return await client.call(RPCBPROG, PMAPVERS, GETPORT, mapping, args, uint32, options);
    }
    const netid = netidFor(transport, host);
    const args = {
      ...{ r_prog: program, r_vers: version, r_netid: netid },
      ...{ r_addr: formatUaddr({ address: host, port: PMAP_PORT }), r_owner: ownerOfProcess() },
    };
    const found = await client.call(RPCBPROG, RPCBVERS4, GETADDR, rpcb, args, uaddr, options);
    return parseUaddr(found, netid)?.port ?? 0;
  } finally {
    client.close();
  }
}
