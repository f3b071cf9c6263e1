import { randomUUID } from 'node:crypto';
import { CoordinatorLost, type Grant, type Lease, LeaseLost } from './contract.ts';
import { leaseFrom, mayTake, type Observations } from './observation.ts';
import type { SharedFiles } from './shared-files.ts';
import {
  beatPath,
  CLAIM_BYTES,
  type Claim,
  claimPath,
  decodeBeat,
  decodeClaim,
  encodeBeat,
  encodeClaim,
  folderOf,
  tokenIn,
} from './shared-records.ts';
import { Slots } from './slots.ts';
import { type Deadline, marginOf, type Timing } from './timing.ts';

/** A claim may be removed between being listed and being read, if a newer one is there. */
const TRIES = 5;

/** A claim of our own. */
interface Held {
  readonly claim: Claim;
  readonly since: number;
  count: number;
  released: boolean;
  cleaned: boolean;
  /** To write the beat file: a late write must not land on a newer one. */
  readonly turn: Slots;
}

/** A lease as it was read. */
interface Seen {
  readonly lease: Lease;
  readonly claim: Claim;
  readonly beat: Buffer | undefined;
}

/**
 * Leases in a folder that all nodes share. For each package there is
 *
 * - `claim.TOKEN`, made by link(2): of all nodes that want a token one makes it, whatever the file system. It says who
 *   did. It is never rewritten; others append a mark to it when they contest it. The lease is the highest claim's.
 * - `beat.TOKEN.ID`, which that claim's maker alone writes: a counter that grows with each renewal, or that it let go.
 *
 * Acquire: the highest claim n is released, or neither it nor its beat has changed for a lease time by our own clock.
 *   Mark claim n as contested; link claim n+1; read beat n again. Is it still what it was, the lease is ours.
 * Renew: note the time; write the beat; then look that our claim carries no mark. The grant counts from that time.
 *
 * Why two never believe at once: let the holder of n write a beat that the contender has not seen. Either that write
 * ended before the contender's second look, which finds it: the contender does not hold n+1. Or it ended after that
 * look, so after the mark was made, and the holder then finds the mark and does not believe. Beats that the contender has
 * seen were begun a lease time ago. And if nobody holds n+1 it just is there, unchanged, until a lease time after
 * it was made; by then whatever its contender left of n's belief is over: n could not renew after the mark.
 *
 * A holder that was stopped and wakes late writes its own beat file and nothing else, so it harms nobody.
 *
 * The delta leases of Chockler and Malkhi (Light-Weight Leases for Storage-Centric Coordination), which sanlock uses, need
 * plain blocks only: a contender writes its name into the block and waits for longer than any write may be under way
 * before it looks whether its name stayed. A folder has an atomic operation that blocks lack, link(2), so nothing waits
 * here: a released lease is taken in a few milliseconds, and safety does not depend on how long a write takes.
 *
 * A mark, and not just the next claim's name, tells the holder, because NFS clients cache names they did not find for
 * up to a minute, while opening a file always asks the server for its size. For the same reason a beat file exists before its claim.
 */
export class SharedLeases {
  private readonly files: SharedFiles;
  private readonly slots: Slots;
  private readonly observations: Observations;
  private readonly timing: Timing;
  private readonly node: string;
  private readonly leaseMilliseconds: number;
  private readonly held = new Map<string, Held>();
  private readonly claims = new Map<string, Claim>();

  constructor(
    files: SharedFiles,
    slots: Slots,
    observations: Observations,
    timing: Timing,
    node: string,
    leaseMilliseconds: number,
  ) {
    this.files = files;
    this.slots = slots;
    this.observations = observations;
    this.timing = timing;
    this.node = node;
    this.leaseMilliseconds = leaseMilliseconds;
  }

  /** Undefined: it was never held. */
  async look(name: string, deadline: Deadline): Promise<Lease | undefined> {
    return (await this.see(name, deadline))?.lease;
  }

  async acquire(name: string, deadline: Deadline): Promise<Grant | undefined> {
    const asked = this.timing.now();
    const last = await this.see(name, deadline);
    if (last !== undefined && !mayTake(last.lease, this.node, this.leaseMilliseconds)) return undefined;

    const claim = { token: (last?.claim.token ?? 0) + 1, holder: this.node, id: randomUUID() };
    if (last === undefined) await this.run(deadline, () => this.files.makeFolder(folderOf(name)));
    await this.run(deadline, () => this.files.add(beatPath(name, claim), held(0)));
    if (!(await this.take(name, claim, last, deadline))) return undefined;

    const until = asked + this.leaseMilliseconds - marginOf(this.leaseMilliseconds);
    const now = this.timing.now();
    if (now >= until) throw new CoordinatorLost(`${name}: it took too long to acquire the lease`);
    this.held.set(name, {
      claim,
      since: now,
      count: 0,
      released: false,
      cleaned: false,
      turn: new Slots(1),
    });
    return { package: name, token: claim.token, until };
  }

  async renew(grant: Grant, deadline: Deadline): Promise<Grant> {
    const own = this.own(grant);
    if (own === undefined || own.released)
      throw new LeaseLost(`${grant.package}: token ${grant.token} is not held here`);
    const asked = this.timing.now();
    await this.beat(grant.package, own, () => held((own.count += 1)), deadline);
    const path = claimPath(grant.package, grant.token);
    const claim = await this.run(deadline, () => this.files.read(path));
    if (own.released) throw new LeaseLost(`${grant.package}: released meanwhile`);
    if (claim?.length !== CLAIM_BYTES) {
      this.held.delete(grant.package);
      throw new LeaseLost(`${grant.package}: another node claims the lease, ours was not renewed in time`);
    }
    const until = asked + this.leaseMilliseconds - marginOf(this.leaseMilliseconds);
    if (this.timing.now() >= until) throw new CoordinatorLost(`${grant.package}: it took too long to renew the lease`);
    return { ...grant, until };
  }

  async release(grant: Grant, successor: string | undefined, deadline: Deadline): Promise<void> {
    const own = this.own(grant);
    if (own === undefined) return;
    own.released = true;
    const beat = () => encodeBeat((own.count += 1), { released: true, successor });
    try {
      await this.beat(grant.package, own, beat, deadline);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
    }
  }

  /** True if a claim that has been held for a lease time has older ones to be removed. */
  needsCleaning(grant: Grant): boolean {
    const own = this.own(grant);
    return own !== undefined && !own.cleaned && this.timing.now() - own.since >= this.leaseMilliseconds;
  }

  /**
   * Removes what lies below a claim that is held. Oldest first: whoever was stopped before it linked a claim that has been
   * made and removed since then finds that the one before it is gone too, and does not hold it.
   */
  async clean(grant: Grant, deadline: Deadline): Promise<void> {
    const own = this.own(grant);
    if (own === undefined) return;
    own.cleaned = true;
    const folder = folderOf(grant.package);
    const names = ((await this.run(deadline, () => this.files.list(folder))) ?? []).sort();
    const older = (kind: 'claim' | 'beat') => names.filter((name) => (tokenIn(name, kind) ?? Infinity) < grant.token);
    for (const name of [...older('claim'), ...older('beat')]) {
      await this.run(deadline, () => this.files.remove(`${folder}/${name}`));
    }
  }

  private async take(name: string, claim: Claim, last: Seen | undefined, deadline: Deadline): Promise<boolean> {
    if (last !== undefined) {
      const path = claimPath(name, last.claim.token);
      const mark = Buffer.from(`contested by ${this.node}\n`);
      if (!(await this.run(deadline, () => this.files.append(path, mark)))) return this.abandon(name, claim, deadline);
    }
    const path = claimPath(name, claim.token);
    const won = await this.run(deadline, () => this.files.create(path, encodeClaim(claim)));
    if (!won) return this.abandon(name, claim, deadline);
    // If we were stopped before the link, the claim may have been made, overtaken and removed meanwhile: then there is a
    // higher one, and the one below is gone too (see clean()).
    if (last === undefined) return (await this.highest(name, deadline)) === claim.token;
    const lastClaim = await this.run(deadline, () => this.files.read(claimPath(name, last.claim.token)));
    const lastBeat = await this.run(deadline, () => this.files.read(beatPath(name, last.claim)));
    return lastClaim !== undefined && identity(lastBeat) === identity(last.beat);
  }

  private async abandon(name: string, claim: Claim, deadline: Deadline): Promise<false> {
    await this.run(deadline, () => this.files.remove(beatPath(name, claim)));
    return false;
  }

  private async see(name: string, deadline: Deadline): Promise<Seen | undefined> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const token = await this.highest(name, deadline);
      if (token === 0) return undefined;
      const claim = await this.claim(name, token, deadline);
      if (claim === undefined) continue;
      const beat = await this.run(deadline, () => this.files.read(beatPath(name, claim)));
      const age = this.observations.ageOf(folderOf(name), `${token} ${identity(beat)}`);
      return { claim, beat, lease: leaseFrom(name, claim, decodeBeat(beat), age, this.leaseMilliseconds) };
    }
    throw new CoordinatorLost(`${name}: its claims change faster than they can be read`);
  }

  /** The highest claim's token; 0 if there is none. */
  private async highest(name: string, deadline: Deadline): Promise<number> {
    const names = (await this.run(deadline, () => this.files.list(folderOf(name)))) ?? [];
    return Math.max(0, ...names.map((found) => tokenIn(found, 'claim') ?? 0));
  }

  /** Undefined: it is gone, as a newer one is there. */
  private async claim(name: string, token: number, deadline: Deadline): Promise<Claim | undefined> {
    const known = this.claims.get(name);
    if (known?.token === token) return known;
    const path = claimPath(name, token);
    const content = await this.run(deadline, () => this.files.read(path));
    if (content === undefined) return undefined;
    const claim = decodeClaim(content, token);
    if (claim === undefined)
      throw new CoordinatorLost(`${path} is damaged: nobody can acquire ${name} until it is repaired`);
    this.claims.set(name, claim);
    return claim;
  }

  private own(grant: Grant): Held | undefined {
    const own = this.held.get(grant.package);
    return own?.claim.token === grant.token ? own : undefined;
  }

  private async beat(name: string, own: Held, content: () => Buffer, deadline: Deadline): Promise<void> {
    await own.turn.enter(deadline);
    const path = beatPath(name, own.claim);
    const leave = () => own.turn.leave();
    const isThere = await this.slots.run(deadline, () => this.files.overwrite(path, content()), leave);
    if (isThere) return;
    throw new LeaseLost(
      `${name}: ${path} is gone: another node has taken the lease, or somebody has emptied the coordinator's folder`,
    );
  }

  private run<T>(deadline: Deadline, operation: () => Promise<T>): Promise<T> {
    return this.slots.run(deadline, operation);
  }
}

function held(count: number): Buffer {
  return encodeBeat(count, { released: false, successor: undefined });
}

function identity(beat: Buffer | undefined): string {
  return beat?.toString('latin1') ?? '';
}
