import { MOUNT1, MOUNT2, MOUNT3 } from '../programs/mount.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { ACL2, ACL3 } from '../programs/nfsacl.ts';
import { NLM1, NLM3, NLM4 } from '../programs/nlm.ts';
import { NSM1 } from '../programs/nsm.ts';
import { PMAP2, RPCB3, RPCB4 } from '../programs/portmap.ts';
import type { Program } from '../programs/program.ts';
import { RQUOTA1, RQUOTA2 } from '../programs/rquota.ts';

/** Every version of every program that the suite knows. */
export const PROGRAMS: readonly Program[] = [
  ...[PMAP2, RPCB3, RPCB4],
  ...[NFS2, NFS3],
  ...[ACL2, ACL3],
  ...[MOUNT1, MOUNT2, MOUNT3],
  ...[NLM1, NLM3, NLM4],
  NSM1,
  ...[RQUOTA1, RQUOTA2],
];

/** One version of each program. */
export const EACH_PROGRAM: readonly Program[] = [PMAP2, NFS3, ACL3, MOUNT3, NLM4, NSM1, RQUOTA1];
