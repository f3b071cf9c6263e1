import { z } from 'zod';
import type { ClusterOrder } from '../cluster-port.ts';
import type { Coordinator } from '../coordinator/contract.ts';
import type { MoveOrder, NodeOrders, PackageOrders, PublishedStatus } from '../decide/snapshot.ts';
import type { HistoryEntry } from '../report.ts';

/** Keys of the documents that the nodes share. */
export const ORDERS = 'orders';
export const HISTORY = 'history';
/** So many lines of history are kept, of all packages; and each package's last one that settles an order, however old. */
export const HISTORY_LENGTH = 200;
/** Somebody else may write at the same time so often. */
const ATTEMPTS = 20;

const moveOrder = z.object({
  id: z.string(),
  node: z.string().optional(),
  from: z.string().optional(),
  at: z.number(),
});
const ordersSchema = z.object({
  nodes: z.record(z.string(), z.object({ drained: z.boolean() })),
  packages: z.record(z.string(), z.object({ maintenance: z.boolean(), move: moveOrder.optional() })),
});
const historySchema = z.array(
  z.object({
    at: z.number(),
    package: z.string(),
    from: z.string().optional(),
    to: z.string().optional(),
    kind: z.enum(['start', 'move', 'takeover', 'restart', 'failback']),
    reason: z.string(),
    milliseconds: z.number(),
    order: z.string().optional(),
    done: z.boolean(),
  }),
);
const statusSchema = z.object({
  format: z.literal(1),
  incarnation: z.string(),
  at: z.number(),
  isolated: z.boolean(),
  links: z.record(z.string(), z.boolean()),
  leaving: z.boolean(),
  packages: z.record(
    z.string(),
    z.object({
      phase: z.enum(['idle', 'preparing', 'ready', 'starting', 'active', 'releasing', 'failed']),
      since: z.number(),
      problem: z.string().optional(),
      barredUntil: z.number(),
      mounted: z.boolean().default(false),
    }),
  ),
});

/** What administrators ordered, and nobody took back. */
export interface Orders {
  readonly nodes: Readonly<Record<string, NodeOrders>>;
  readonly packages: Readonly<Record<string, PackageOrders>>;
}

export const NO_ORDERS: Orders = { nodes: {}, packages: {} };

/** Whatever cannot be read counts as not there: a later version may have written it. */
export function parseOrders(value: unknown): Orders {
  const parsed = ordersSchema.safeParse(value);
  if (!parsed.success) return NO_ORDERS;
  const packages = Object.entries(parsed.data.packages).map(([name, { maintenance, move }]) => {
    return [name, { maintenance, move: move && { ...move, node: move.node, from: move.from } }] as const;
  });
  return { nodes: parsed.data.nodes, packages: Object.fromEntries(packages) };
}

export function parseHistory(value: unknown): readonly HistoryEntry[] {
  const parsed = historySchema.safeParse(value);
  if (!parsed.success) return [];
  return parsed.data.map((entry) => ({ ...entry, from: entry.from, to: entry.to, order: entry.order }));
}

export function parseStatus(value: unknown): PublishedStatus | undefined {
  const parsed = statusSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const packages = Object.entries(parsed.data.packages).map(([name, state]) => {
    return [name, { ...state, problem: state.problem }] as const;
  });
  return { ...parsed.data, packages: Object.fromEntries(packages) };
}

/** The orders with one more. */
export function withOrder(orders: Orders, order: ClusterOrder, move: MoveOrder | undefined): Orders {
  switch (order.do) {
    case 'drain':
    case 'resume':
      return { ...orders, nodes: { ...orders.nodes, [order.node]: { drained: order.do === 'drain' } } };
    case 'maintenance':
    case 'move': {
      const { maintenance = false, move: before } = orders.packages[order.package] ?? {};
      const changed = order.do === 'move' ? { maintenance, move } : { maintenance: order.on, move: before };
      return { ...orders, packages: { ...orders.packages, [order.package]: changed } };
    }
  }
}

/** Changes a shared document, however many others do so at the same time. @returns what it is now. Rejects with `CoordinatorLost`. */
export async function change<T>(
  coordinator: Coordinator,
  key: string,
  parse: (value: unknown) => T,
  edit: (value: T) => T,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const document = await coordinator.read(key);
    const value = edit(parse(document?.value));
    if (await coordinator.write(key, value, document?.version ?? 0)) return value;
  }
  throw new Error(`the document "${key}" could not be changed: others kept changing it`);
}

export function addToHistory(coordinator: Coordinator, entry: HistoryEntry): Promise<readonly HistoryEntry[]> {
  return change(coordinator, HISTORY, parseHistory, (history) => shortened([...history, entry]));
}

/** An order stays written down until the next one for its package; that it is over, only its line says. */
function shortened(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const settling = new Map(history.filter(({ order }) => order !== undefined).map((entry) => [entry.package, entry]));
  const tooOld = history.length - HISTORY_LENGTH;
  return history.filter((entry, index) => index >= tooOld || settling.get(entry.package) === entry);
}
