import { lookup, lookupService } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Awaitable } from '../common/awaitable.ts';
import type { Logger } from '../common/log.ts';
import { type Address, parseAddress } from './address.ts';

/** Asks for names and addresses of hosts. Rejects if there was no answer; "there is none" is an empty list. */
export interface Resolver {
  addresses(name: string): Promise<readonly string[]>;
  names(address: string): Promise<readonly string[]>;
}

/** The system's: /etc/hosts and whatever else nsswitch.conf(5) names, on the thread pool. */
export const systemResolver: Resolver = {
  async addresses(name) {
    return none(lookup(name, { all: true }).then((found) => found.map(({ address }) => address)));
  },
  async names(address) {
    // getnameinfo(3) hands the address back where there is no name.
    return none(lookupService(address, 0).then(({ hostname }) => (isIP(hostname) === 0 ? [hostname] : [])));
  },
};

async function none(answer: Promise<string[]>): Promise<string[]> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EAI_NONAME') return [];
    throw error;
  }
}

/** Milliseconds. */
export interface NameTimes {
  /** Between two resolutions of the names in the exports. */
  readonly refresh: number;
  /** How long a caller's names are believed. */
  readonly keep: number;
  /** How long a resolver that did not answer is left alone. */
  readonly retry: number;
  /** How long a call waits for an answer. */
  readonly deadline: number;
}

export const NAME_TIMES: NameTimes = { refresh: 60_000, keep: 300_000, retry: 5_000, deadline: 5_000 };

/** Callers whose names are kept at a time. */
const MAX_CALLERS = 4096;

interface Forward {
  addresses: readonly Address[] | undefined;
  /** The question that is being asked. */
  asking: Promise<void> | undefined;
}

interface Reverse {
  readonly names: readonly string[] | undefined;
  readonly until: number;
}

/**
 * What hosts are called. Names in the exports are resolved ahead and again every minute, so that a call finds them
 * known; the names of callers are asked for when a wildcard needs them, and kept.
 */
export class HostNames {
  readonly #resolver: Resolver;
  readonly #log: Logger;
  readonly #times: NameTimes;
  readonly #now: () => number;
  readonly #onChange: () => void;
  readonly #forward = new Map<string, Forward>();
  readonly #reverse = new Map<string, Reverse>();
  readonly #asking = new Map<string, Promise<readonly string[] | undefined>>();
  #timer: NodeJS.Timeout | undefined;

  /** `onChange` is called when a name has got other addresses. */
  constructor(resolver: Resolver, log: Logger, onChange: () => void, times = NAME_TIMES, now = Date.now) {
    this.#resolver = resolver;
    this.#log = log;
    this.#onChange = onChange;
    this.#times = times;
    this.#now = now;
  }

  /** Adds names to keep resolved. Done when each was asked for, or when waiting longer would hold up the start. */
  async watch(names: ReadonlySet<string>): Promise<void> {
    for (const name of names) {
      if (!this.#forward.has(name)) this.#forward.set(name, { addresses: undefined, asking: undefined });
    }
    if (this.#forward.size === 0) return;
    this.#timer ??= setInterval(() => void this.#refresh(), this.#times.refresh).unref();
    await this.#inTime(this.#refresh());
  }

  /** Lets go of all other names. */
  watchOnly(names: ReadonlySet<string>): void {
    for (const name of this.#forward.keys()) if (!names.has(name)) this.#forward.delete(name);
  }

  /** The addresses of a watched name; undefined if it could not be resolved so far. */
  addressesOf(name: string): Awaitable<readonly Address[] | undefined> {
    const entry = this.#forward.get(name);
    if (entry === undefined || entry.addresses !== undefined || entry.asking === undefined) return entry?.addresses;
    return this.#inTime(entry.asking).then(() => entry.addresses);
  }

  /** The names of a caller, each confirmed by its own addresses; undefined if there was no answer in time. */
  namesOf(address: string): Awaitable<readonly string[] | undefined> {
    const known = this.#reverse.get(address);
    if (known !== undefined && known.until > this.#now()) return known.names;
    let asking = this.#asking.get(address);
    if (asking === undefined) {
      // Beyond the bound strangers wait for their turn by asking again: the resolver's queue must not grow with them.
      if (this.#asking.size >= MAX_CALLERS) return undefined;
      asking = this.#ask(address).finally(() => this.#asking.delete(address));
      this.#asking.set(address, asking);
    }
    return this.#inTime(asking);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    await Promise.all([...this.#forward].map(([name, entry]) => (entry.asking ??= this.#resolve(name, entry))));
  }

  async #resolve(name: string, entry: Forward): Promise<void> {
    try {
      const found = await this.#resolver.addresses(name);
      const addresses = found.map(parseAddress).filter((address) => address !== undefined);
      if (addresses.length === 0) this.#log.warn({ host: name }, 'a host named in the exports has no address');
      const changed = !sameAddresses(entry.addresses ?? [], addresses);
      entry.addresses = addresses;
      if (changed) this.#onChange();
    } catch (error) {
      // What was known stays: a resolver that is down must not lock clients out.
      this.#log.warn({ host: name, err: error }, 'a host named in the exports cannot be resolved now');
    } finally {
      entry.asking = undefined;
    }
  }

  async #ask(address: string): Promise<readonly string[] | undefined> {
    let names: readonly string[] | undefined;
    try {
      names = await this.#confirmed(address, await this.#resolver.names(address));
    } catch (error) {
      this.#log.debug({ address, err: error }, "a caller's name cannot be resolved now");
    }
    if (this.#reverse.size >= MAX_CALLERS) this.#reverse.clear();
    this.#reverse.set(address, {
      names,
      until: this.#now() + (names === undefined ? this.#times.retry : this.#times.keep),
    });
    return names;
  }

  /** Whoever runs the reverse zone of an address may write any name there: a name counts if it leads back. */
  async #confirmed(address: string, names: readonly string[]): Promise<readonly string[]> {
    const own = parseAddress(address);
    const confirmed: string[] = [];
    for (const name of names) {
      const addresses = await this.#resolver.addresses(name);
      const leadsBack = addresses.some((other) => {
        const parsed = parseAddress(other);
        return parsed?.family === own?.family && parsed?.value === own?.value;
      });
      if (leadsBack) confirmed.push(name);
      else this.#log.warn({ address, name }, "a caller's name does not lead back to its address and does not count");
    }
    return confirmed;
  }

  #inTime<T>(answer: Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((done) => {
      timer = setTimeout(done, this.#times.deadline, undefined);
    });
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}

function sameAddresses(before: readonly Address[], after: readonly Address[]): boolean {
  const key = ({ family, value }: Address) => `${family} ${value}`;
  const known = new Set(before.map(key));
  return known.size === new Set(after.map(key)).size && after.every((address) => known.has(key(address)));
}
