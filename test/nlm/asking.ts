import type { TestContext } from 'node:test';
import { callRow } from '../rpc/row.ts';
import { Subject } from './fakes.ts';

export const ONE = { name: 'one', address: '192.0.2.9' };
export const COOKIE = Buffer.from('cook');

export interface Ask {
  readonly who?: string;
  readonly svid?: number;
  readonly file?: string;
  readonly start?: bigint;
  readonly length?: bigint;
  readonly exclusive?: boolean;
  readonly block?: boolean;
  readonly reclaim?: boolean;
  readonly state?: number;
  readonly version?: number;
  readonly address?: string;
}

export function ask(subject: Subject, name: string, options: Ask = {}): Promise<unknown> {
  const { who = 'one', svid = 1, file = 'open', start = 0n, length = 0n, version = 4, address = '192.0.2.9' } = options;
  const { exclusive = true, block = false, reclaim = false, state = 3 } = options;
  const alock = {
    caller_name: Buffer.from(who),
    ...{ fh: Buffer.from(file), oh: Buffer.from(`${svid}@${who}`), svid, l_offset: start, l_len: length },
  };
  const args = { cookie: COOKIE, exclusive, block, reclaim, state, alock };
  return callRow(subject.programs, version, name, args, { address });
}

export const callerIn = (args: unknown) => (args as { alock: { caller_name: Buffer } }).alock.caller_name.toString();
export const answered = (stat: number) => ({ cookie: COOKIE, stat });

export function subjectOf(t: TestContext, ...options: ConstructorParameters<typeof Subject>): Subject {
  const subject = new Subject(...options);
  t.after(() => subject.manager.close());
  return subject;
}
