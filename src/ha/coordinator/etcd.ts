import { randomUUID } from 'node:crypto';
import {
  type ClusterView,
  type Coordinator,
  CoordinatorLost,
  type Document,
  type Grant,
  type Lease,
  LeaseLost,
  type NodeStatus,
} from './contract.ts';
import type { Committed, EtcdStore, KeyValue, Transaction } from './etcd-store.ts';
import { fileNameOf, parseJson } from './names.ts';
import { leaseFrom, mayTake, Observations } from './observation.ts';
import { type Deadline, marginOf, patienceOf, rejectAsLost, type Timing, withDeadline } from './timing.ts';

/** Renewals and statuses fill etcd's history, so it is cut off this far back. Others who share the etcd can still read an hour of it. */
const HISTORY_MILLISECONDS = 3_600_000;

export interface EtcdOptions {
  readonly store: EtcdStore;
  readonly cluster: string;
  readonly node: string;
  readonly leaseMilliseconds: number;
  readonly timing: Timing;
}

/** A lease as it was read. */
interface Seen {
  readonly lease: Lease;
  readonly id: string;
  readonly claim: number;
  readonly beat: number;
}

interface Held {
  readonly token: number;
  count: number;
  released: boolean;
}

/**
 * Nodes agree through etcd. Below `/steadfs/CLUSTER/` are
 *
 * - `leases/PACKAGE`, the claim, written when a lease is acquired; the revision of that is the token;
 * - `beats/PACKAGE`, written with each renewal, on the condition that the claim is still of that revision;
 * - `nodes/NODE` and `documents/KEY`; a document's version is its key's revision.
 *
 * A lease is expired when its claim and beat have not changed for a lease time by our own clock, and it is taken on the
 * condition that they still have not: either that transaction or the holder's renewal comes first, and the other fails.
 *
 * etcd's own leases are not used. They last whole seconds, two at least by default, and their renewal does not go
 * through the quorum (etcd 3.4): a leader that has been voted out and does not know yet confirms it, while the new one lets
 * the lease run out. Here each renewal is a transaction that a majority has on disk. Kubernetes elects its leaders likewise.
 */
export class EtcdCoordinator implements Coordinator {
  readonly node: string;
  readonly leaseMilliseconds: number;
  private readonly store: EtcdStore;
  private readonly timing: Timing;
  private readonly prefix: string;
  private readonly observations: Observations;
  private readonly held = new Map<string, Held>();
  /** Claims whose transactions had no answer: they may have been made. */
  private readonly unanswered = new Map<string, string>();
  private history: { readonly revision: number; readonly at: number } | undefined;
  private closed = false;

  constructor({ store, cluster, node, leaseMilliseconds, timing }: EtcdOptions) {
    this.store = store;
    this.node = node;
    this.leaseMilliseconds = leaseMilliseconds;
    this.timing = timing;
    this.prefix = `/steadfs/${fileNameOf(cluster)}/`;
    this.observations = new Observations(timing.now);
  }

  snapshot(): Promise<ClusterView> {
    return this.ask('looking at the cluster', async (deadline) => {
      const get = [this.key('leases', ''), this.key('beats', ''), this.key('nodes', '')];
      const { found, revision } = await this.commit({ when: [], put: [], get }, deadline);
      this.trim(revision);
      const [claims = [], beats = [], nodes = []] = found;
      const beatOf = new Map(beats.map((beat) => [nameIn(beat), beat]));
      const leases = claims.map((claim) => this.seen(nameIn(claim), claim, beatOf.get(nameIn(claim))).lease);
      const statuses = nodes.map((status) => this.statusFrom(status));
      return {
        leases: new Map(leases.map((lease) => [lease.package, lease])),
        nodes: new Map(statuses.map((status) => [status.node, status])),
      };
    });
  }

  acquire(name: string): Promise<Grant | undefined> {
    return this.ask(`acquiring ${name}`, async (deadline) => {
      const asked = this.timing.now();
      const get = [this.key('leases', name), this.key('beats', name)];
      const last = this.seenIn(name, await this.commit({ when: [], put: [], get }, deadline));
      if (last !== undefined && last.id === this.unanswered.get(name)) return this.claimed(name, last.claim, deadline);
      if (last !== undefined && !mayTake(last.lease, this.node, this.leaseMilliseconds)) return undefined;

      const id = randomUUID();
      try {
        return await this.claim(name, id, last, asked, deadline);
      } catch (error) {
        this.unanswered.set(name, id);
        throw error;
      }
    });
  }

  renew(grant: Grant): Promise<Grant> {
    return this.ask(`renewing ${grant.package}`, (deadline) => this.renewal(grant, deadline));
  }

  release(grant: Grant, successor?: string): Promise<void> {
    return this.ask(`releasing ${grant.package}`, async (deadline) => {
      const own = this.own(grant);
      if (own === undefined) return;
      own.released = true;
      await this.beat(grant, JSON.stringify({ count: (own.count += 1), released: true, successor }), deadline);
    });
  }

  publish(status: unknown): Promise<void> {
    return this.ask('publishing', async (deadline) => {
      const put = [[this.key('nodes', this.node), JSON.stringify({ status })]] as const;
      await this.commit({ when: [], put, get: [] }, deadline);
    });
  }

  read(key: string): Promise<Document | undefined> {
    return this.ask(`reading ${key}`, async (deadline) => {
      const { found } = await this.commit({ when: [], put: [], get: [this.key('documents', key)] }, deadline);
      const document = found[0]?.[0];
      return document && { value: recordIn(document).value, version: document.revision };
    });
  }

  write(key: string, value: unknown, expected: number): Promise<boolean> {
    return this.ask(`writing ${key}`, async (deadline) => {
      const path = this.key('documents', key);
      const text = JSON.stringify({ id: randomUUID(), value });
      const answer = await this.commit({ when: [[path, expected]], put: [[path, text]], get: [path] }, deadline);
      // See acquire().
      return answer.found[0]?.[0]?.value === text;
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.store.close();
  }

  private async claim(
    name: string,
    id: string,
    last: Seen | undefined,
    asked: number,
    deadline: Deadline,
  ): Promise<Grant | undefined> {
    const [claim, beat] = [this.key('leases', name), this.key('beats', name)];
    const answer = await this.commit(
      {
        when: [
          [claim, last?.claim ?? 0],
          [beat, last?.beat ?? 0],
        ],
        put: [
          [claim, JSON.stringify({ holder: this.node, id })],
          [beat, held(0)],
        ],
        get: [claim, beat],
      },
      deadline,
    );
    const now = this.seenIn(name, answer);
    // Also ours if the transaction was sent twice, and the second time found what the first had done.
    return now?.id === id ? this.begin(name, now.claim, asked) : undefined;
  }

  /** A claim of ours that we were not told of may have been there for a while: it is as good as a renewal makes it. */
  private async claimed(name: string, token: number, deadline: Deadline): Promise<Grant | undefined> {
    const asked = this.timing.now();
    const isHeld = await this.beat({ package: name, token }, held(0), deadline);
    const grant = isHeld ? this.begin(name, token, asked) : undefined;
    this.unanswered.delete(name);
    return grant;
  }

  private begin(name: string, token: number, asked: number): Grant {
    const grant = this.grant(name, token, asked);
    this.held.set(name, { token, count: 0, released: false });
    return grant;
  }

  private async renewal(grant: Grant, deadline: Deadline): Promise<Grant> {
    const own = this.own(grant);
    if (own === undefined || own.released)
      throw new LeaseLost(`${grant.package}: token ${grant.token} is not held here`);
    const asked = this.timing.now();
    const isHeld = await this.beat(grant, held((own.count += 1)), deadline);
    if (!isHeld) this.held.delete(grant.package);
    if (!isHeld || own.released) throw new LeaseLost(`${grant.package}: token ${grant.token} is not held any more`);
    return this.grant(grant.package, grant.token, asked);
  }

  /** False: the claim is somebody else's by now. */
  private async beat(
    { package: name, token }: Pick<Grant, 'package' | 'token'>,
    text: string,
    deadline: Deadline,
  ): Promise<boolean> {
    const when = [[this.key('leases', name), token]] as const;
    const put = [[this.key('beats', name), text]] as const;
    return (await this.commit({ when, put, get: [] }, deadline)).succeeded;
  }

  private grant(name: string, token: number, asked: number): Grant {
    const until = asked + this.leaseMilliseconds - marginOf(this.leaseMilliseconds);
    if (this.timing.now() >= until) throw new CoordinatorLost(`${name}: etcd's answer came too late`);
    return { package: name, token, until };
  }

  private own(grant: Grant): Held | undefined {
    const own = this.held.get(grant.package);
    return own?.token === grant.token ? own : undefined;
  }

  private seenIn(name: string, { found }: Committed): Seen | undefined {
    const [claim, beat] = found.map(([first]) => first);
    return claim && this.seen(name, claim, beat);
  }

  private seen(name: string, claim: KeyValue, beat: KeyValue | undefined): Seen {
    const { holder, id } = recordIn(claim);
    const { released, successor } = beat === undefined ? {} : recordIn(beat);
    const age = this.observations.ageOf(claim.key, `${claim.revision} ${beat?.revision}`);
    const last = {
      released: released === true,
      successor: typeof successor === 'string' ? successor : undefined,
    };
    const owner = { holder: String(holder), token: claim.revision };
    const lease = leaseFrom(name, owner, last, age, this.leaseMilliseconds);
    return { lease, id: String(id), claim: claim.revision, beat: beat?.revision ?? 0 };
  }

  private statusFrom(found: KeyValue): NodeStatus {
    const age = this.observations.ageOf(found.key, String(found.revision));
    return { node: nameIn(found), status: recordIn(found).status, age, alive: age < this.leaseMilliseconds };
  }

  /** With passwords in use only root may do it: without that right, etcd's own `--auto-compaction-retention` has to. */
  private trim(revision: number): void {
    const now = this.timing.now();
    this.history ??= { revision, at: now };
    if (now - this.history.at < HISTORY_MILLISECONDS) return;
    const old = this.history.revision;
    this.history = { revision, at: now };
    this.ask('compacting', (deadline) => this.store.compact(old, deadline)).catch(() => {});
  }

  private commit(transaction: Transaction, deadline: Deadline): Promise<Committed> {
    return deadline.race(this.store.commit(transaction, deadline));
  }

  private async ask<T>(what: string, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    if (this.closed) throw new CoordinatorLost(`${what}: the coordinator is closed`);
    return withDeadline(this.timing, patienceOf(this.leaseMilliseconds), what, work).catch(rejectAsLost);
  }

  private key(kind: 'leases' | 'beats' | 'nodes' | 'documents', name: string): string {
    return `${this.prefix}${kind}/${name === '' ? '' : fileNameOf(name)}`;
  }
}

function held(count: number): string {
  return JSON.stringify({ count, released: false });
}

function nameIn({ key }: KeyValue): string {
  return decodeURIComponent(key.slice(key.lastIndexOf('/') + 1));
}

function recordIn({ key, value }: KeyValue): Record<string, unknown> {
  const record = parseJson(value);
  if (record === undefined) throw new CoordinatorLost(`etcd: ${key} is damaged`);
  return record;
}
