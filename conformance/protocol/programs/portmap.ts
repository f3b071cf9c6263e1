import { bool, int32, list, opaque, struct, text, uint32 } from '../wire.ts';
import { procedure, program } from './program.ts';

/** The portmapper and rpcbind (RFC 1833). */
export const mapping = struct({ prog: uint32, vers: uint32, prot: uint32, port: uint32 });
export const rpcb = struct({ r_prog: uint32, r_vers: uint32, r_netid: text(), r_addr: text(), r_owner: text() });
export const rpcb_entry = struct({
  r_maddr: text(),
  r_nc_netid: text(),
  r_nc_semantics: uint32,
  r_nc_protofmly: text(),
  r_nc_proto: text(),
});
export const netbuf = struct({ maxlen: uint32, buf: opaque() });
const addrinfo = struct({ prog: uint32, vers: uint32, success: int32, failure: int32, netid: text() });
const rmtinfo = struct({
  prog: uint32,
  vers: uint32,
  proc: uint32,
  success: int32,
  failure: int32,
  indirect: int32,
  netid: text(),
});

const call_args = struct({ prog: uint32, vers: uint32, proc: uint32, args: opaque() });
const call_result = struct({ port: uint32, res: opaque() });
const rpcb_rmtcallres = struct({ addr: text(), results: opaque() });

export const RPCBSTAT_HIGHPROC = 13;
const infos = Array.from({ length: RPCBSTAT_HIGHPROC }, (_, index) => [`info${index}`, int32]);
/** `rpcb_stat`: counters of one version. */
const rpcb_stat = struct({
  info: struct(Object.fromEntries(infos) as { [name: string]: typeof int32 }),
  setinfo: int32,
  unsetinfo: int32,
  addrinfo: list(addrinfo),
  rmtinfo: list(rmtinfo),
});

const common = {
  NULL: procedure(0),
  SET: procedure(1, rpcb, bool),
  UNSET: procedure(2, rpcb, bool),
  GETADDR: procedure(3, rpcb, text()),
  DUMP: procedure(4, undefined, list(rpcb)),
  GETTIME: procedure(6, undefined, uint32),
  UADDR2TADDR: procedure(7, text(), netbuf),
  TADDR2UADDR: procedure(8, netbuf, text()),
};

export const PMAP2 = program('PORTMAPv2', 100_000, 2, {
  NULL: procedure(0),
  SET: procedure(1, mapping, bool),
  UNSET: procedure(2, mapping, bool),
  GETPORT: procedure(3, mapping, uint32),
  DUMP: procedure(4, undefined, list(mapping)),
  CALLIT: procedure(5, call_args, call_result),
});
export const RPCB3 = program('RPCBINDv3', 100_000, 3, {
  ...common,
  CALLIT: procedure(5, call_args, rpcb_rmtcallres),
});
export const RPCB4 = program('RPCBINDv4', 100_000, 4, {
  ...common,
  BCAST: procedure(5, call_args, rpcb_rmtcallres),
  GETVERSADDR: procedure(9, rpcb, text()),
  INDIRECT: procedure(10, call_args, rpcb_rmtcallres),
  GETADDRLIST: procedure(11, rpcb, list(rpcb_entry)),
  GETSTAT: procedure(12, undefined, struct({ v2: rpcb_stat, v3: rpcb_stat, v4: rpcb_stat })),
});
