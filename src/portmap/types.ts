import { bool, int32, list, opaque, struct, type TypeOf, text, uint32, type Xdr } from '../xdr/index.ts';

/** The program's number and versions (RFC 1833). */
export const RPCBPROG = 100000;
export const PMAPVERS = 2;
export const RPCBVERS = 3;
export const RPCBVERS4 = 4;
export const PMAP_PORT = 111;

/** RFC 1833 leaves its strings without bound; no netid, address or owner comes near this one. */
const MAX_STRING = 1024;
/** Entries that a reply of another server may have. */
const MAX_ENTRIES = 65_536;
/** A `struct sockaddr_storage`. */
const MAX_SOCKADDR = 128;

const RPCBSTAT_HIGHPROC = 13;
const RPCBVERS_STAT = 3;

/** RFC 1833 §3.1. */
export const mapping = struct({ prog: uint32, vers: uint32, prot: uint32, port: uint32 });
export const pmaplist = list(mapping, MAX_ENTRIES);

/** RFC 1833 §2.1. */
export const rpcb = struct({
  r_prog: uint32,
  r_vers: uint32,
  r_netid: text(MAX_STRING),
  r_addr: text(MAX_STRING),
  r_owner: text(MAX_STRING),
});
export type rpcb = TypeOf<typeof rpcb>;
export const rpcblist_ptr = list(rpcb, MAX_ENTRIES);

export const uaddr = text(MAX_STRING);
export const netbuf = struct({ maxlen: uint32, buf: opaque(MAX_SOCKADDR) });

export const rpcb_entry = struct({
  r_maddr: text(MAX_STRING),
  r_nc_netid: text(MAX_STRING),
  r_nc_semantics: uint32,
  r_nc_protofmly: text(MAX_STRING),
  r_nc_proto: text(MAX_STRING),
});
export const rpcb_entry_list_ptr = list(rpcb_entry, MAX_ENTRIES);

/** `netconfig`'s words for a transport's kind. */
export const NC_TPI_CLTS = 1;
export const NC_TPI_COTS_ORD = 3;

const rpcbs_addrlist = struct({
  prog: uint32,
  vers: uint32,
  success: int32,
  failure: int32,
  netid: text(MAX_STRING),
});

const rpcbs_rmtcalllist = struct({
  prog: uint32,
  vers: uint32,
  proc: uint32,
  success: int32,
  failure: int32,
  indirect: int32,
  netid: text(MAX_STRING),
});

const rpcb_stat = struct({
  info: fixedArray(int32, RPCBSTAT_HIGHPROC),
  setinfo: int32,
  unsetinfo: int32,
  addrinfo: list(rpcbs_addrlist, MAX_ENTRIES),
  rmtinfo: list(rpcbs_rmtcalllist, MAX_ENTRIES),
});
export type rpcb_stat = TypeOf<typeof rpcb_stat>;

/** One for each of the versions 2, 3 and 4. */
export const rpcb_stat_byvers = fixedArray(rpcb_stat, RPCBVERS_STAT);

/** A boolean that the procedures SET and UNSET answer with. */
export const answer = bool;

/** Arguments that are not looked at, whatever they are. */
export const anything: Xdr<undefined> = {
  read: (from) => {
    from.take(from.remaining);
    return undefined;
  },
  write: () => {},
};

/** `type[length]`: no count on the wire. */
function fixedArray<T>(item: Xdr<T>, length: number): Xdr<T[]> {
  return {
    read: (from) => Array.from({ length }, () => item.read(from)),
    write: (to, values) => {
      for (const value of values) item.write(to, value);
    },
  };
}
