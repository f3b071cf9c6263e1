import { procedure } from '../../../rpc/index.ts';
import { nothing } from '../../../xdr/index.ts';

/** WRITECACHE (RFC 1094 §2.2.8): for a later version of the protocol that was another one. */
export function writecache() {
  return procedure({
    number: 7,
    name: 'WRITECACHE',
    args: nothing,
    res: nothing,
    idempotent: true,
    handle: () => undefined,
  });
}
