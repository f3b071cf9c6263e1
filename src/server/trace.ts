import type { Logger, LogLevel } from '../common/log.ts';
import type { CallObserver } from '../rpc/index.ts';
import type { Metrics } from './metrics.ts';

const DENIED = -1;
const SILENT = -2;
const ACCEPT_STATS = ['SUCCESS', 'PROG_UNAVAIL', 'PROG_MISMATCH', 'PROC_UNAVAIL', 'GARBAGE_ARGS', 'SYSTEM_ERR'];

export function statusName(status: number): string {
  if (status === DENIED) return 'DENIED';
  if (status === SILENT) return 'SILENT';
  return ACCEPT_STATS[status] ?? String(status);
}

/**
 * Who wants to know of every call: the log at level trace, the metrics. Undefined if nobody does: then it costs nothing.
 * @param details of this server, for each line.
 */
export function traceCalls(
  log: Logger,
  level: LogLevel,
  metrics: Metrics | undefined,
  details: object = {},
): CallObserver | undefined {
  if (level !== 'trace') return metrics;
  return {
    ended: (call, row, status, milliseconds) => {
      metrics?.ended(call, row, status, milliseconds);
      const { xid, program, version, peer } = call;
      log.trace(
        {
          ...{ xid, program, version, client: peer.address, transport: peer.transport, uid: call.credential.unix?.uid },
          ...details,
        },
        `${peer.address} ${row.name} ${statusName(status)} ${milliseconds.toFixed(3)} ms`,
      );
    },
  };
}
