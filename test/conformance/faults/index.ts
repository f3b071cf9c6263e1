import type { Fault } from './fault.ts';
import { NFS2_FAULTS } from './nfs2.ts';
import { NFS3_FAULTS } from './nfs3.ts';
import { NFSACL_FAULTS } from './nfsacl.ts';
import { RQUOTA_FAULTS } from './rquota.ts';

export type { Fault } from './fault.ts';

/** Every planted fault. */
export const FAULTS: readonly Fault[] = [...NFS3_FAULTS, ...NFS2_FAULTS, ...NFSACL_FAULTS, ...RQUOTA_FAULTS];
