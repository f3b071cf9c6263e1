import type { Logger } from '../common/log.ts';
import type { Exports } from '../exports/contract.ts';
import { type AnyProcedure, type ProgramVersion, procedure } from '../rpc/index.ts';
import type { MountTable } from '../state/index.ts';
import { nothing } from '../xdr/index.ts';
import { dump } from './dump.ts';
import { exportList } from './export.ts';
import type { MountService } from './service.ts';
import { MOUNTPROG } from './types.ts';
import { umnt } from './umnt.ts';
import { umntall } from './umntall.ts';
import { mnt as mntV1 } from './v1/mnt.ts';
import { mnt as mntV3 } from './v3/mnt.ts';

/**
 * MOUNT versions 1 (RFC 1094 appendix A), 2 and 3 (RFC 1813 appendix I). Version 2 is version 1 with PATHCONF, which
 * no RFC describes and no client that we know calls; it is not served.
 */
export function mountPrograms(exports: Exports, mounts: MountTable, log: Logger): ProgramVersion[] {
  const service: MountService = { exports, mounts, log };
  const version = (number: number, procedures: AnyProcedure[]): ProgramVersion => ({
    program: MOUNTPROG,
    version: number,
    name: 'mountd',
    procedures,
  });
  const old = [
    nullRow('MOUNTPROC_NULL'),
    mntV1(service),
    dump(service, 'MOUNTPROC_DUMP'),
    umnt(service, 'MOUNTPROC_UMNT'),
    umntall(service, 'MOUNTPROC_UMNTALL'),
    exportList(service, 5, 'MOUNTPROC_EXPORT'),
    exportList(service, 6, 'MOUNTPROC_EXPORTALL'),
  ];
  return [
    version(1, old),
    version(2, old),
    version(3, [
      nullRow('MOUNTPROC3_NULL'),
      mntV3(service),
      dump(service, 'MOUNTPROC3_DUMP'),
      umnt(service, 'MOUNTPROC3_UMNT'),
      umntall(service, 'MOUNTPROC3_UMNTALL'),
      exportList(service, 5, 'MOUNTPROC3_EXPORT'),
    ]),
  ];
}

const nullRow = (name: string) =>
  procedure({ number: 0, name, args: nothing, res: nothing, idempotent: true, handle: () => undefined });
