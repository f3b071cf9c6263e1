import type { Exports } from '../exports/contract.ts';
import { type AnyProcedure, type ProgramVersion, procedure } from '../rpc/index.ts';
import { QuotaKind } from '../vfs/index.ts';
import { nothing } from '../xdr/index.ts';
import { getQuota, type QuotaService, setQuota } from './service.ts';
import { ext_getquota_args, ext_setquota_args, getquota_args, getquota_rslt, setquota_args } from './types.ts';

const RQUOTAPROG = 100011;

/** Remote quotas (`rquota.x`, which no RFC has): version 1 for users, version 2 for users and groups. */
export function rquotaPrograms(
  exports: Exports,
  { maySet = false, now = Date.now }: { readonly maySet?: boolean; readonly now?: () => number } = {},
): ProgramVersion[] {
  const service: QuotaService = { exports, now, maySet };
  const version = (number: number, procedures: AnyProcedure[]): ProgramVersion => ({
    program: RQUOTAPROG,
    version: number,
    name: 'rquotad',
    procedures: [nullProcedure(), ...procedures],
  });
  return [
    version(1, [
      getUserQuota(service, 1, 'RQUOTAPROC_GETQUOTA'),
      getUserQuota(service, 2, 'RQUOTAPROC_GETACTIVEQUOTA'),
      setUserQuota(service, 3, 'RQUOTAPROC_SETQUOTA'),
      setUserQuota(service, 4, 'RQUOTAPROC_SETACTIVEQUOTA'),
    ]),
    version(2, [
      getAnyQuota(service, 1, 'RQUOTAPROC_GETQUOTA'),
      getAnyQuota(service, 2, 'RQUOTAPROC_GETACTIVEQUOTA'),
      setAnyQuota(service, 3, 'RQUOTAPROC_SETQUOTA'),
      setAnyQuota(service, 4, 'RQUOTAPROC_SETACTIVEQUOTA'),
    ]),
  ];
}

const nullProcedure = () =>
  procedure({
    number: 0,
    name: 'RQUOTAPROC_NULL',
    args: nothing,
    res: nothing,
    idempotent: true,
    handle: () => undefined,
  });

const getUserQuota = (service: QuotaService, number: number, name: string) =>
  procedure({
    number,
    name,
    args: getquota_args,
    res: getquota_rslt,
    idempotent: true,
    handle: ({ gqa_pathp, gqa_uid }, call) =>
      getQuota(service, { path: gqa_pathp, kind: QuotaKind.USER, id: gqa_uid }, call),
  });

const getAnyQuota = (service: QuotaService, number: number, name: string) =>
  procedure({
    number,
    name,
    args: ext_getquota_args,
    res: getquota_rslt,
    idempotent: true,
    handle: ({ gqa_pathp, gqa_type, gqa_id }, call) =>
      getQuota(service, { path: gqa_pathp, kind: gqa_type, id: gqa_id }, call),
  });

const setUserQuota = (service: QuotaService, number: number, name: string) =>
  procedure({
    number,
    name,
    args: setquota_args,
    res: getquota_rslt,
    idempotent: true,
    handle: ({ sqa_pathp, sqa_id, sqa_dqblk }, call) =>
      setQuota(service, { path: sqa_pathp, kind: QuotaKind.USER, id: sqa_id, limits: sqa_dqblk }, call),
  });

const setAnyQuota = (service: QuotaService, number: number, name: string) =>
  procedure({
    number,
    name,
    args: ext_setquota_args,
    res: getquota_rslt,
    idempotent: true,
    handle: ({ sqa_pathp, sqa_type, sqa_id, sqa_dqblk }, call) =>
      setQuota(service, { path: sqa_pathp, kind: sqa_type, id: sqa_id, limits: sqa_dqblk }, call),
  });
