import { z } from 'zod';
import type { ClusterOrder, ClusterPort } from './cluster-port.ts';
import { CoordinatorLost } from './coordinator/contract.ts';
import type { ClusterReport } from './report.ts';

const orderSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('move'), package: z.string(), node: z.string().optional() }),
  z.strictObject({ do: z.literal('drain'), node: z.string() }),
  z.strictObject({ do: z.literal('resume'), node: z.string() }),
  z.strictObject({ do: z.literal('maintenance'), package: z.string(), on: z.boolean() }),
]);

/** What an order gets. */
export type OrderAnswer =
  /** `id` names a move in the history. */
  | { readonly result: 'taken'; readonly id: string | undefined }
  /** All is as ordered already. */
  | { readonly result: 'done'; readonly reason: string }
  /** It makes no sense. */
  | { readonly result: 'refused'; readonly reason: string }
  /** The coordinator does not answer. */
  | { readonly result: 'unreachable'; readonly reason: string };

/** The questions that the node daemon's admin socket answers. */
export function clusterHandlers(port: ClusterPort): Record<string, (body: unknown) => unknown> {
  return {
    'GET /cluster': () => port.view(),
    'POST /cluster/order': (body) => giveOrder(port, body),
  };
}

async function giveOrder(port: ClusterPort, body: unknown): Promise<OrderAnswer> {
  const parsed = orderSchema.safeParse(body);
  if (!parsed.success) return refuse('this node does not know that order; is it of another version?');
  const { data } = parsed;
  const order: ClusterOrder = data.do === 'move' ? { ...data, node: data.node } : data;
  const answer = judge(port.view(), order);
  if (answer !== undefined) return answer;
  try {
    return { result: 'taken', id: await port.order(order) };
  } catch (error) {
    if (!(error instanceof CoordinatorLost)) throw error;
    return { result: 'unreachable', reason: `the coordinator does not answer: ${error.message}` };
  }
}

/** What an order gets without being given: it cannot be met, or is met already. */
function judge(report: ClusterReport, order: ClusterOrder): OrderAnswer | undefined {
  const nodes = report.nodes.map(({ name }) => name);
  const node = 'node' in order ? order.node : undefined;
  if (node !== undefined && !nodes.includes(node))
    return refuse(`there is no node "${node}"; the nodes are ${nodes.join(', ')}`);
  if (!('package' in order)) return undefined;
  const item = report.packages.find(({ name }) => name === order.package);
  if (item === undefined) {
    const names = report.packages.map(({ name }) => name);
    return refuse(`there is no package "${order.package}"; the packages are ${names.join(', ')}`);
  }
  if (order.do === 'maintenance') return undefined;
  if (node === undefined) return undefined;
  if (item.active === node) return { result: 'done', reason: `${node} serves ${item.name} already` };
  const target = report.nodes.find(({ name }) => name === node);
  if (!item.nodes.includes(node))
    return refuse(`${node} is not among the nodes of ${item.name}: ${item.nodes.join(', ')}`);
  if (target?.alive !== true) return refuse(`${node} is not alive`);
  if (target.leaving) return refuse(`${node} is being stopped`);
  if (target.drained) return refuse(`${node} is drained; "steadfs cluster resume ${node}" ends that`);
  return target.isolated ? refuse(`${node} has no link on the service network`) : undefined;
}

function refuse(reason: string): OrderAnswer {
  return { result: 'refused', reason };
}
