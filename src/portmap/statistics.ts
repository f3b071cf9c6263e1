import type { Netid } from './netid.ts';
import { PMAPVERS, RPCBVERS4, type rpcb_stat } from './types.ts';

/** Different look-ups that are counted one by one. Anybody may look anything up. */
const MAX_LOOKUPS = 256;
const PROCEDURES = 13;
const MAX_INT = 0x7fff_ffff;

type Lookup = rpcb_stat['addrinfo'][number];

/** What GETSTAT tells: how often each procedure was called, and which programs were asked for. */
export class Statistics {
  private readonly versions: { stat: rpcb_stat; lookups: Map<string, Lookup> }[] = [];

  constructor() {
    for (let version = PMAPVERS; version <= RPCBVERS4; version++) {
      const info = new Array<number>(PROCEDURES).fill(0);
      this.versions.push({
        stat: { info, setinfo: 0, unsetinfo: 0, addrinfo: [], rmtinfo: [] },
        lookups: new Map(),
      });
    }
  }

  called(version: number, procedure: number): void {
    const { info } = this.of(version).stat;
    info[procedure] = more(info[procedure] ?? 0);
  }

  set(version: number, done: boolean): boolean {
    const { stat } = this.of(version);
    if (done) stat.setinfo = more(stat.setinfo);
    return done;
  }

  unset(version: number, done: boolean): boolean {
    const { stat } = this.of(version);
    if (done) stat.unsetinfo = more(stat.unsetinfo);
    return done;
  }

  lookedUp(version: number, prog: number, vers: number, netid: Netid, found: boolean): void {
    const { stat, lookups } = this.of(version);
    const key = `${prog} ${vers} ${netid}`;
    let lookup = lookups.get(key);
    if (lookup === undefined) {
      if (lookups.size >= MAX_LOOKUPS) return;
      lookup = { prog, vers, netid, success: 0, failure: 0 };
      lookups.set(key, lookup);
      stat.addrinfo.push(lookup);
    }
    if (found) lookup.success = more(lookup.success);
    else lookup.failure = more(lookup.failure);
  }

  /** One for each of the versions 2, 3 and 4. */
  all(): rpcb_stat[] {
    return this.versions.map(({ stat }) => stat);
  }

  private of(version: number) {
    const counts = this.versions[version - PMAPVERS];
    if (counts === undefined) throw new RangeError(`version ${version}`);
    return counts;
  }
}

function more(count: number): number {
  return Math.min(count + 1, MAX_INT);
}
