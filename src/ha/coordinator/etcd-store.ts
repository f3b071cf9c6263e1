import type { Deadline } from './timing.ts';

/** A key, and the revision at which it was last written. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** What happens at once or not at all. */
export interface Transaction {
  /** Keys that must last have been written at a revision; 0: there must be no such key. */
  readonly when: readonly (readonly [key: string, revision: number])[];
  /** Written if all of {@link when} is so. */
  readonly put: readonly (readonly [key: string, value: string])[];
  /** Read in any case: a key, or all keys that begin so if the name ends in `/`. */
  readonly get: readonly string[];
}

export interface Committed {
  readonly succeeded: boolean;
  /** The store's, after it. What has been put is of this revision. */
  readonly revision: number;
  /** For each of `get`. */
  readonly found: readonly (readonly KeyValue[])[];
}

/**
 * The part of etcd that coordination stands on: linearizable transactions. One that rejects may have been carried out, or
 * may be later; one may be carried out twice.
 */
export interface EtcdStore {
  commit(transaction: Transaction, deadline: Deadline): Promise<Committed>;
  /** Drops what keys were before a revision. */
  compact(revision: number, deadline: Deadline): Promise<void>;
  close(): void;
}
