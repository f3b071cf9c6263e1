import { procedure } from '../../../rpc/index.ts';
import { nothing } from '../../../xdr/index.ts';

/** NULL (RFC 1094 §2.2.1): does nothing, so that a client can see that someone is there. */
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
