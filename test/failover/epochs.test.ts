import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Drill } from './drill.ts';

const skip = labMissing('perl', 'tcpdump') ?? false;
const ALL = Number.MAX_SAFE_INTEGER;

/** A call that was answered, as the log at level trace has it. */
interface Answered {
  readonly token: number;
  readonly time: number;
}

test('replies by epoch: none under a token once a call has ended under the next one', { skip }, (t) =>
  withLab(async (lab) => {
    const drill = await Drill.open(lab, { logLevel: 'trace' });
    for (const mishap of ['planned move', 'node loss', 'server stopped', 'node stopped'] as const) {
      await drill.meet(mishap);
      await sleep(1000);
    }
    const answered = drill.cluster.logs(ALL).split('\n').flatMap(answeredIn);
    await drill.close();
    const tokens = [...new Set(answered.map(({ token }) => token))];
    const reigns = tokens.map((token) => [token, answered.filter((each) => each.token === token)] as const);
    reigns.sort(([one], [other]) => one - other);
    assert.equal(reigns.length, 4, 'three moves; a server that hangs is started again under the token of its node');
    for (const [at, [token, replies]] of reigns.entries()) {
      t.diagnostic(`token ${token}: ${replies.length} replies`);
      const next = reigns[at + 1]?.[1] ?? [];
      const last = replies.reduce((latest, { time }) => Math.max(latest, time), 0);
      const first = next.reduce((earliest, { time }) => Math.min(earliest, time), Infinity);
      assert.ok(last <= first, `a reply under token ${token} at ${last}, and one of the next at ${first}`);
    }
  }),
);

function answeredIn(line: string): Answered[] {
  if (!line.startsWith('{')) return [];
  const { token, time, xid } = JSON.parse(line) as Partial<Answered> & { xid?: number };
  return token === undefined || time === undefined || xid === undefined ? [] : [{ token, time }];
}
