import { procedure } from '../../../rpc/index.ts';
import { nothing } from '../../../xdr/index.ts';

/** ROOT (RFC 1094 §2.2.4): obsolete; the root's handle is MOUNT's to give. */
export function root() {
  return procedure({
    number: 3,
    name: 'ROOT',
    args: nothing,
    res: nothing,
    idempotent: true,
    handle: () => undefined,
  });
}
