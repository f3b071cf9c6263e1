import { type ClusterReport, type HistoryEntry, isHeard, type NodeReport, type PackageReport } from '../ha/report.ts';
import { moment } from './status.ts';

/** So many lines of history are shown to people. */
const HISTORY_LINES = 10;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** `steadfs cluster status`, for people. */
export function clusterText(report: ClusterReport): string {
  const { cluster, node, age, nodes, packages, history } = report;
  const heard = age === undefined ? 'not heard yet' : `heard ${time(age)} ago`;
  const warning = isHeard(report) ? [] : ['The coordinator does not answer: what follows may be old.'];
  return [
    `cluster ${cluster}, as node ${node} sees it; coordinator ${heard}`,
    ...warning,
    '',
    ...columns([['NODE', 'STATE', 'LINKS', 'LAST SEEN'], ...nodes.map(nodeRow)]),
    '',
    ...columns([['PACKAGE', 'SERVED BY', 'ADDRESSES', 'LEASE', 'STATE'], ...packages.map(packageRow)]),
    ...notes(packages),
    '',
    ...historyText(history),
    '',
  ].join('\n');
}

function nodeRow({ name, alive, age, drained, leaving, isolated, links }: NodeReport): string[] {
  const state = [alive ? 'alive' : 'not alive'];
  if (drained) state.push('drained');
  if (leaving) state.push('being stopped');
  if (isolated) state.push('isolated');
  const lines = Object.entries(links).map(([link, isUp]) => `${link} ${isUp ? 'up' : 'down'}`);
  return [name, state.join(', '), lines.join(', ') || '-', age === undefined ? 'never' : `${time(age)} ago`];
}

function packageRow(item: PackageReport): string[] {
  const { name, active, addresses, lease, maintenance, states } = item;
  const held = lease === undefined ? '-' : `${lease.holder} ${lease.state}, token ${lease.token}, ${time(lease.age)}`;
  const phases = Object.entries(states)
    .filter(([, { phase }]) => phase !== 'idle')
    .map(([node, { phase }]) => `${node} ${phase}`);
  if (maintenance) phases.push('maintenance');
  return [name, active ?? '-', addresses.join(' '), held, phases.join(', ') || '-'];
}

/** What the node decided last, and what is wrong. */
function notes(packages: readonly PackageReport[]): string[] {
  return packages.flatMap(({ name, reason, states }) => {
    const problems = Object.entries(states).flatMap(([node, { problem }]) =>
      problem === undefined ? [] : [`  ${name}: problem on ${node}: ${problem}`],
    );
    return [`  ${name}: ${reason}`, ...problems];
  });
}

function historyText(history: readonly HistoryEntry[]): string[] {
  if (history.length === 0) return ['nothing has moved yet'];
  return columns([
    ['WHEN', 'PACKAGE', 'WHAT', 'FROM', 'TO', 'TOOK', 'WHY'],
    ...history.slice(-HISTORY_LINES).map(historyRow),
  ]);
}

function historyRow({ at, package: name, kind, from, to, milliseconds, reason, done }: HistoryEntry): string[] {
  const took = done ? `${milliseconds} ms` : '-';
  return [moment(at), name, done ? kind : `${kind} given up`, from ?? '-', to ?? '-', took, reason];
}

/** Rows with their columns under each other; the last one is as long as it is. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function time(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${(milliseconds / SECOND).toFixed(1)} s`;
  return `${Math.round(milliseconds / MINUTE)} min`;
}
