import { procedure } from '../../../rpc/index.ts';
import { nothing } from '../../../xdr/index.ts';

/** NULL (RFC 1813 §3.3.0): does nothing, so that a client can see that someone is there. */
export function nullProcedure() {
  return procedure({
    number: 0,
    name: 'NULL',
    args: nothing,
    res: nothing,
    idempotent: true,
    handle: () => undefined,
  });
}
