import { chmodSync } from 'node:fs';
import { selectCases } from '../../conformance/protocol/cases.ts';
import { Housekeeping } from '../../conformance/protocol/housekeeping.ts';
import { type Result, runCases } from '../../conformance/protocol/runner.ts';
import { Target } from '../../conformance/protocol/target.ts';
import type { FuzzTarget } from './server.ts';

const CASES = ['NFSv3/*', 'NFSv2/LOOKUP', 'NFSv2/READ', 'NFSv2/WRITE', 'MOUNTv3/MNT'];

/** What of the conformance suite a server does not pass: after all that was done to it, a client gets right answers. */
export async function failuresAfterwards({ port, targets }: FuzzTarget): Promise<Result[]> {
  // The calls may have taken away everybody's right to write there.
  chmodSync(targets.path, 0o777);
  const target = await Target.open({ host: '127.0.0.1', path: targets.path, ports: { nfs: port } });
  const housekeeping = await Housekeeping.open(target);
  try {
    const results = await runCases(selectCases(CASES), target, housekeeping, { jobs: 4 });
    if (!results.some(({ outcome }) => outcome === 'pass')) throw new Error('no case applies');
    return results.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  } finally {
    await housekeeping.close();
  }
}
