import type { Context } from '../context.ts';
import { check, NotApplicable } from '../expect.ts';
import type { Program } from '../programs/program.ts';
import { RQUOTA1, RQUOTA2, type rquota } from '../programs/rquota.ts';
import { type Client, callMessage, exchange, type User } from '../rpc/client.ts';
import { RpcRefused, refusalOf } from '../rpc/failures.ts';
import { ALICE, type Way } from '../target.ts';
import { encode, type TypeOf } from '../wire.ts';

export const USER_QUOTA = 0;
export const GROUP_QUOTA = 1;

/** Whose quota; the export's unless a path is given. */
export interface Question {
  readonly id: number;
  readonly type?: number;
  readonly path?: string;
}
/** Who asks, and how: ALICE by TCP from a privileged port unless said otherwise. */
export type Caller = Way & { readonly user?: User };
type Numbers = TypeOf<typeof rquota>;
export interface Quota {
  readonly status: 'Q_OK' | 'Q_NOQUOTA' | 'Q_EPERM';
  readonly rquota?: Numbers;
}
export type Asking = 'GETQUOTA' | 'GETACTIVEQUOTA';
export type Setting = 'SETQUOTA' | 'SETACTIVEQUOTA';

/** Remote quotas of one version. Version 1 knows users alone. */
export interface QuotaVersion {
  readonly program: typeof RQUOTA1 | typeof RQUOTA2;
  ask(t: Context, procedure: Asking, question: Question, caller?: Caller): Promise<Quota>;
  /** Asks for no limits at all, which harms nobody where it is allowed. */
  set(t: Context, procedure: Setting, question: Question, caller?: Caller): Promise<Quota>;
  /** The arguments of a question about a user, as bytes. */
  encoded(t: Context, procedure: Asking, question: Question): Buffer;
}

const pathOf = (t: Context, { path = t.target.options.path }: Question) => path;
const signed = (id: number) => id | 0;
/** Q_SETQUOTA of Linux, for users. */
const SET_USER_QUOTA = signed(0x8000_0800);
const NO_LIMITS = {
  ...{ rq_bhardlimit: 0, rq_bsoftlimit: 0, rq_curblocks: 0, rq_fhardlimit: 0, rq_fsoftlimit: 0, rq_curfiles: 0 },
  ...{ rq_btimeleft: 0, rq_ftimeleft: 0 },
};

const args1 = (t: Context, question: Question) => ({
  gqa_pathp: pathOf(t, question),
  gqa_uid: signed(question.id),
});
const args2 = (t: Context, question: Question) => ({
  gqa_pathp: pathOf(t, question),
  gqa_type: question.type ?? USER_QUOTA,
  gqa_id: signed(question.id),
});
const limits = (t: Context, question: Question) => ({
  ...{ sqa_qcmd: SET_USER_QUOTA, sqa_pathp: pathOf(t, question), sqa_id: signed(question.id), sqa_dqblk: NO_LIMITS },
});

/** The case's one connection, unless the caller comes by another way. */
async function as<P extends Program>(
  t: Context,
  program: P,
  { user = ALICE, ...way }: Caller = {},
): Promise<Client<P>> {
  return Object.keys(way).length === 0 ? t.on(program, user) : t.client(program, { user, ...way });
}

export const V1: QuotaVersion = {
  program: RQUOTA1,
  ask: async (t, procedure, question, caller) => (await as(t, RQUOTA1, caller))[procedure](args1(t, question)),
  set: async (t, procedure, question, caller) => (await as(t, RQUOTA1, caller))[procedure](limits(t, question)),
  encoded: (t, procedure, question) => encode(RQUOTA1.procedures[procedure].args, args1(t, question)),
};

export const V2: QuotaVersion = {
  program: RQUOTA2,
  ask: async (t, procedure, question, caller) => (await as(t, RQUOTA2, caller))[procedure](args2(t, question)),
  set: async (t, procedure, question, caller) => {
    const { type: sqa_type = USER_QUOTA } = question;
    return (await as(t, RQUOTA2, caller))[procedure]({ ...limits(t, question), sqa_type });
  },
  encoded: (t, procedure, question) => encode(RQUOTA2.procedures[procedure].args, args2(t, question)),
};

export function hasStatus({ status }: Quota, ...expected: readonly Quota['status'][]): void {
  check(expected.includes(status), expected.join(' or '), status);
}

/** The quota that somebody has. Whether there is one is for the server's administrator to say. */
export function quotaOf({ status, rquota: numbers }: Quota): Numbers {
  if (numbers !== undefined) return numbers;
  check(status === 'Q_NOQUOTA', 'Q_OK or Q_NOQUOTA', status);
  throw new NotApplicable('the export has no quotas');
}

/** Throws if somebody was told a quota, or got an answer that is none to the question. */
export async function isNotTold(what: string, asking: Promise<Quota>): Promise<void> {
  try {
    const { status } = await asking;
    check(status !== 'Q_OK', `Q_NOQUOTA or Q_EPERM for ${what}`, status);
  } catch (error) {
    if (!(error instanceof RpcRefused)) throw error;
    const came = refusalOf(error.body);
    const isFine = came === 'GARBAGE_ARGS' || came.startsWith('AUTH_ERROR');
    check(isFine, `Q_NOQUOTA, Q_EPERM or a refusal for ${what}`, came);
  }
}

/** Throws unless limits were refused: with Q_EPERM, or by not running the call, as rpc.rquotad does. */
export async function isNotSet(setting: Promise<Quota>): Promise<void> {
  try {
    hasStatus(await setting, 'Q_EPERM');
  } catch (error) {
    if (!(error instanceof RpcRefused)) throw error;
    const came = refusalOf(error.body);
    check(came.startsWith('AUTH_ERROR'), 'Q_EPERM or AUTH_ERROR', came);
  }
}

/** How the server refused a call without a credential, or the status of its answer. */
export async function askAnonymously(t: Context, version: QuotaVersion, procedure: Asking): Promise<string> {
  const { program, encoded } = version;
  const { number } = program.procedures[procedure];
  const args = encoded(t, procedure, { id: ALICE.uid });
  const call = callMessage({ prog: program.program, vers: program.version, proc: number, args });
  const { body } = await exchange(await t.tcp(program), call);
  if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') return refusalOf(body);
  return ['', 'Q_OK', 'Q_NOQUOTA', 'Q_EPERM'][body.reply.results.readUInt32BE()] ?? 'another status';
}
