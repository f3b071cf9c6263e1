import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';

/** NULL: does nothing. Clients ask it to find out whether there is anyone who knows of ACLs. */
export function nullProcedure() {
  return procedure({
    number: 0,
    name: 'ACLPROC_NULL',
    args: nothing,
    res: nothing,
    idempotent: true,
    handle: () => undefined,
  });
}
