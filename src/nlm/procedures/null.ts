import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';

/** NLM_NULL: does nothing. */
export const nullRow = () =>
  procedure({ number: 0, name: 'NLM_NULL', args: nothing, res: nothing, idempotent: true, handle: () => undefined });
