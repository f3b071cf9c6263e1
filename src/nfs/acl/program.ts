import type { Exports } from '../../exports/contract.ts';
import type { ProgramVersion } from '../../rpc/index.ts';
import { nullProcedure } from './null.ts';
import { access } from './v2/access.ts';
import { getacl as getacl2 } from './v2/getacl.ts';
import { getattr } from './v2/getattr.ts';
import { setacl as setacl2 } from './v2/setacl.ts';
import { getacl as getacl3 } from './v3/getacl.ts';
import { setacl as setacl3 } from './v3/setacl.ts';

const NFS_ACL_PROGRAM = 100227;

/** NFSACL, versions 2 and 3: POSIX ACLs beside NFS of the same version, on its handles. */
export function aclPrograms(exports: Exports): ProgramVersion[] {
  const common = { program: NFS_ACL_PROGRAM, name: 'nfs_acl' };
  return [
    {
      ...common,
      version: 2,
      procedures: [nullProcedure(), getacl2(exports), setacl2(exports), getattr(exports), access(exports)],
    },
    { ...common, version: 3, procedures: [nullProcedure(), getacl3(exports), setacl3(exports)] },
  ];
}
