import type { Fault } from './fault.ts';
import { NFS3_FAULTS } from './nfs3.ts';

export type { Fault } from './fault.ts';

/** Every planted fault. */
export const FAULTS: readonly Fault[] = [...NFS3_FAULTS];
