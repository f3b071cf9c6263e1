import type { ClusterReport } from './report.ts';

/** What an administrator may tell the cluster. */
export type ClusterOrder =
  /** `node` undefined: anywhere else. */
  | { readonly do: 'move'; readonly package: string; readonly node: string | undefined }
  | { readonly do: 'drain'; readonly node: string }
  | { readonly do: 'resume'; readonly node: string }
  | { readonly do: 'maintenance'; readonly package: string; readonly on: boolean };

/** What the node daemon gives to those who ask it and tell it something: the admin socket, and the health endpoints. */
export interface ClusterPort {
  /** The cluster as the daemon knows it now, without asking anybody. */
  view(): ClusterReport;
  /**
   * Writes an order down where every node reads it; the order is known to make sense. Resolves with the id of a move order,
   * undefined for the others. Rejects with `CoordinatorLost`.
   */
  order(order: ClusterOrder): Promise<string | undefined>;
}
