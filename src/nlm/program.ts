import { type AnyProcedure, type Call, NO_REPLY, type ProgramVersion, procedure } from '../rpc/index.ts';
import { nothing, type Xdr } from '../xdr/index.ts';
import { cancel } from './procedures/cancel.ts';
import { freeAll } from './procedures/free-all.ts';
import { lock } from './procedures/lock.ts';
import { nullRow } from './procedures/null.ts';
import { share, unshare } from './procedures/share.ts';
import { test } from './procedures/test.ts';
import { unlock } from './procedures/unlock.ts';
import type { LockService } from './service.ts';
import { Turns } from './turns.ts';
import { LCK_DENIED, NLM_PROG, NLM_VERSX, NLM4_VERS, narrowTypes, type nlm4_stats, res, wideTypes } from './types.ts';

/** From a procedure's number to that of its message, and of the message that answers it. */
const TO_MSG = 5;
const TO_RES = 10;

type Run<Args, Res> = (args: Args, call: Call) => Promise<Res | typeof NO_REPLY>;

/** The lock manager: versions 1 and 3 (offsets of 32 bits, for NFSv2) and 4 (of 64, for NFSv3). */
export function nlmPrograms(shared: Omit<LockService, 'version' | 'types' | 'turns'>): ProgramVersion[] {
  const turns = new Turns();
  return [1, NLM_VERSX, NLM4_VERS].map((version) => {
    const types = version === NLM4_VERS ? wideTypes : narrowTypes;
    return { program: NLM_PROG, version, name: 'nlockmgr', procedures: rowsOf({ ...shared, turns, version, types }) };
  });
}

function rowsOf(service: LockService): AnyProcedure[] {
  const { testargs, testres, lockargs, cancargs, unlockargs } = service.types;
  const rows: AnyProcedure[] = [
    nullRow(),
    ...both(service, 1, 'TEST', testargs, testres, () => (args, call) => test(service, args, call)),
    ...both(
      service,
      2,
      'LOCK',
      lockargs,
      res,
      (byMessage) => (args, call) => lock(service, args, call, { byMessage, monitored: true }),
    ),
    ...both(service, 3, 'CANCEL', cancargs, res, () => (args, call) => cancel(service, args, call)),
    ...both(service, 4, 'UNLOCK', unlockargs, res, () => (args, call) => unlock(service, args, call)),
    // We wait for nobody's lock.
    ...both(service, 5, 'GRANTED', testargs, res, () => async ({ cookie }) => ({
      cookie: Buffer.from(cookie),
      stat: LCK_DENIED as nlm4_stats,
    })),
    unasked(11, 'NLM_TEST_RES', testres),
    unasked(12, 'NLM_LOCK_RES', res),
    unasked(13, 'NLM_CANCEL_RES', res),
    unasked(14, 'NLM_UNLOCK_RES', res),
    procedure({
      number: 15,
      name: 'NLM_GRANTED_RES',
      args: res,
      res: nothing,
      idempotent: true,
      handle: ({ cookie, stat }, { peer }) => service.callbacks.answered(peer.address, cookie, stat),
    }),
  ];
  if (service.version === 1) return rows;
  return [
    ...rows,
    share(service),
    unshare(service),
    procedure({
      number: 22,
      name: 'NLM_NM_LOCK',
      args: lockargs,
      res,
      idempotent: false,
      handle: (args, call) => lock(service, args, call, { byMessage: false, monitored: false }),
    }),
    freeAll(service),
  ];
}

/**
 * A procedure in its two forms: called, and by message, which is answered by another message. None is idempotent: a late
 * copy of a LOCK would take what has been unlocked since.
 *
 * Yet none is in the reply journal, because after a crash the locks tell: they are on disk before any answer. A LOCK that
 * comes again finds its own lock, or its own place among those who wait, and gets the same answer; an UNLOCK finds nothing
 * and is granted; SHARE, UNSHARE and FREE_ALL likewise; TEST changes nothing. Only a CANCEL that had been carried out is
 * denied the second time, which Linux's client takes as it takes a grant: nothing waits any more.
 */
function both<Args extends { readonly cookie: Buffer }, Res>(
  { callbacks, version }: LockService,
  number: number,
  name: string,
  args: Xdr<Args>,
  type: Xdr<Res>,
  runner: (byMessage: boolean) => Run<Args, Res>,
): AnyProcedure[] {
  const [called, told] = [runner(false), runner(true)];
  return [
    procedure({ number, name: `NLM_${name}`, args, res: type, idempotent: false, handle: called }),
    procedure({
      number: number + TO_MSG,
      name: `NLM_${name}_MSG`,
      args,
      res: nothing,
      idempotent: false,
      handle: async (message, call) => {
        const { address, localAddress, transport } = call.peer;
        const result = await told(message, call);
        if (result === NO_REPLY) return NO_REPLY;
        void callbacks.respond({ address, localAddress, version, transport }, number + TO_RES, type, result);
        return undefined;
      },
    }),
  ];
}

/** The answer to a message that we never send. */
function unasked<Res>(number: number, name: string, args: Xdr<Res>): AnyProcedure {
  return procedure({ number, name, args, res: nothing, idempotent: true, handle: () => undefined });
}
