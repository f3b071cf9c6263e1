import type { Fault } from './fault.ts';
import { MOUNT_FAULTS } from './mount.ts';
import { NFS2_FAULTS } from './nfs2.ts';
import { NFS3_FAULTS } from './nfs3.ts';
import { NFSACL_FAULTS } from './nfsacl.ts';
import { NLM_FAULTS, NSM_FAULTS } from './nlm.ts';
import { PORTMAP_FAULTS } from './portmap.ts';
import { RPC_FAULTS } from './rpc.ts';
import { RQUOTA_FAULTS } from './rquota.ts';

export type { Fault } from './fault.ts';

/** Every planted fault. */
export const FAULTS: readonly Fault[] = [
  ...RPC_FAULTS,
  ...PORTMAP_FAULTS,
  ...MOUNT_FAULTS,
  ...NFS3_FAULTS,
  ...NFS2_FAULTS,
  ...NFSACL_FAULTS,
  ...RQUOTA_FAULTS,
  ...NLM_FAULTS,
  ...NSM_FAULTS,
];
