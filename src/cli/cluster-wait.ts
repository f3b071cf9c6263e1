import type { ClusterReport } from '../ha/report.ts';

/** What an order has come to, with lines for people; undefined: it is under way. */
export type Outcome = { readonly isDone: boolean; readonly lines: readonly string[] } | undefined;

/** A move: its end is in the history. Only the last order for a package counts. */
export function moveOutcome(before: ClusterReport, report: ClusterReport, name: string, id: string): Outcome {
  const entry = report.history.find(({ order }) => order === id);
  const pending = moveOf(report, name);
  if (entry === undefined) {
    // A node may show for a moment what was ordered before.
    const isAnother = pending !== undefined && pending.id !== id && pending.id !== moveOf(before, name)?.id;
    if (!isAnother) return undefined;
    return { isDone: false, lines: [`${name} has been ordered to ${pending.node ?? 'another node'} meanwhile`] };
  }
  const { to, milliseconds, reason, done } = entry;
  return { isDone: done, lines: [done ? `${to} serves ${name} after ${milliseconds} ms` : reason] };
}

function moveOf({ packages }: ClusterReport, name: string) {
  return packages.find((item) => item.name === name)?.move;
}

/** A drain: all that was on the node is served elsewhere, but for what is in maintenance. */
export function drainOutcome(before: ClusterReport, report: ClusterReport, node: string): Outcome {
  const moving = before.packages.filter((item) => isOn(item, node)).map(({ name }) => name);
  const concerned = report.packages.filter((item) => moving.includes(item.name) || isOn(item, node));
  const kept = concerned.filter((item) => item.maintenance && isOn(item, node));
  const moved = concerned.filter(({ active }) => active !== undefined && active !== node);
  const isDrained = report.nodes.find(({ name }) => name === node)?.drained === true;
  if (!isDrained || kept.length + moved.length < concerned.length) return undefined;
  const lines = [
    ...moved.map(({ name, active }) => `${active} serves ${name}`),
    ...kept.map(({ name }) => `${name} stays on ${node}: it is in maintenance`),
  ];
  return { isDone: kept.length === 0, lines: [...lines, `${node} is drained`] };
}

export function resumeOutcome({ nodes }: ClusterReport, node: string): Outcome {
  const isDrained = nodes.find(({ name }) => name === node)?.drained === true;
  return isDrained ? undefined : { isDone: true, lines: [`${node} may get packages again; none is moved for that`] };
}

export function maintenanceOutcome({ packages }: ClusterReport, name: string, on: boolean): Outcome {
  if (packages.find((item) => item.name === name)?.maintenance !== on) return undefined;
  return { isDone: true, lines: [`${name} is ${on ? 'in maintenance' : 'no longer in maintenance'}`] };
}

/** What the nodes say about the packages that an order is about, when it was waited for in vain. */
export function unfinished(
  report: ClusterReport,
  concerns: (item: ClusterReport['packages'][number]) => boolean,
): string[] {
  return report.packages.filter(concerns).map(({ name, reason }) => `${name}: ${reason}`);
}

export function isOn({ active, lease }: ClusterReport['packages'][number], node: string): boolean {
  return active === node || (lease?.state === 'held' && lease.holder === node);
}
