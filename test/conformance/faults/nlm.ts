import type { AnyProcedure } from '../../../src/rpc/index.ts';
import { type Fault, onArguments, onResult, onRow } from './fault.ts';

const NLM4 = (procedure: string) => ({ program: 100_021, version: 4, procedure: `NLM_${procedure}` });
const NLM1 = (procedure: string) => ({ program: 100_021, version: 1, procedure: `NLM_${procedure}` });
const NSM = (procedure: string) => ({ program: 100_024, version: 1, procedure: `SM_${procedure}` });

const GRANTED = 0;
const DENIED = 1;
const BLOCKED = 3;
const STALE_FH = 7;
const FBIG = 8;
const FAILED = 9;

/** Changes the `alock` that a procedure of version 4 is given. */
const onLock = (procedure: string, change: (alock: { l_offset: bigint; l_len: bigint }) => object) =>
  onArguments(NLM4(procedure), ({ alock, ...args }) => ({ ...args, alock: { ...alock, ...change(alock) } }));
/** Changes the holder that TEST tells. */
const onHolder = (change: object) =>
  onResult(NLM4('TEST'), ({ cookie, stat }) => ({
    cookie,
    stat: stat.stat === DENIED ? { ...stat, holder: { ...stat.holder, ...change } } : stat,
  }));
const onStat = (procedure: string, from: number, to: number) =>
  onResult(NLM4(procedure), (result) => (result.stat === from ? { ...result, stat: to } : result));
const ever = (handle: AnyProcedure['handle']) => (row: AnyProcedure) => ({ ...row, handle });
const success: AnyProcedure['handle'] = ({ cookie }) => ({ cookie: Buffer.from(cookie), stat: GRANTED, sequence: 0 });

const ALL_ONES_32 = 0xffff_ffffn;

/** Faults of the lock manager. */
export const NLM_FAULTS: readonly Fault[] = [
  {
    name: 'nlm-test-never-denies',
    breaks: 'TEST finds every lock free',
    caughtBy: ['NLMv4/TEST/holder-exclusive', 'NLMv4/TEST/borders'],
    ...onResult(NLM4('TEST'), ({ cookie }) => ({ cookie, stat: { stat: GRANTED } })),
  },
  {
    name: 'nlm-versions-apart',
    breaks: 'TEST of version 1 does not see the locks of version 4',
    caughtBy: ['NLMv1/versions/shut-out-by-version-4'],
    ...onResult(NLM1('TEST'), ({ cookie }) => ({ cookie, stat: { stat: GRANTED } })),
  },
  {
    name: 'nlm-holder-to-the-end',
    breaks: 'TEST tells every holder as one to the end of the file',
    caughtBy: ['NLMv4/TEST/holder-exclusive', 'NLMv4/ranges/exactly-4gib'],
    ...onHolder({ l_len: 0n }),
  },
  {
    name: 'nlm-holder-without-svid',
    breaks: 'TEST does not tell the process of a holder',
    caughtBy: ['NLMv4/TEST/holder-svid', 'NLMv4/UNLOCK/somebody-elses'],
    ...onHolder({ svid: 0 }),
  },
  {
    name: 'nlm-holder-always-exclusive',
    breaks: 'TEST tells shared holders as exclusive ones',
    caughtBy: ['NLMv4/TEST/holder-shared', 'NLMv4/LOCK/upgrade-denied'],
    ...onHolder({ exclusive: true }),
  },
  {
    name: 'nlm-cookie-cut',
    breaks: 'LOCK cuts the cookie at 8 bytes',
    caughtBy: ['NLMv4/LOCK/cookie', 'NLMv4/LOCK/cookie-longest'],
    ...onResult(NLM4('LOCK'), ({ cookie, ...rest }) => ({ ...rest, cookie: cookie.subarray(0, 8) })),
  },
  {
    name: 'nlm-no-sharing',
    breaks: 'LOCK takes every lock as an exclusive one',
    caughtBy: ['NLMv4/LOCK/shared', 'NLMv4/LOCK/downgrade'],
    ...onArguments(NLM4('LOCK'), (args) => ({ ...args, exclusive: true })),
  },
  {
    name: 'nlm-all-share',
    breaks: 'LOCK takes every lock as a shared one',
    caughtBy: ['NLMv4/LOCK/exclusive', 'NLMv4/LOCK/upgrade', 'NLMv4/ranges/upgrade-the-middle'],
    ...onArguments(NLM4('LOCK'), (args) => ({ ...args, exclusive: false })),
  },
  {
    name: 'nlm-owner-is-host',
    breaks: 'all processes of a host are one owner for LOCK',
    caughtBy: ['NLMv4/LOCK/other-svid', 'NLMv4/LOCK/exclusive'],
    ...onLock('LOCK', () => ({ svid: 0, oh: Buffer.alloc(0) })),
  },
  {
    name: 'nlm-owner-without-host',
    breaks: 'LOCK does not tell hosts apart',
    caughtBy: ['NLMv4/LOCK/other-caller-name'],
    ...onLock('LOCK', () => ({ caller_name: Buffer.from('anybody') })),
  },
  {
    name: 'nlm-offset-32-bits',
    breaks: 'LOCK loses the upper half of the offset',
    caughtBy: ['NLMv4/ranges/beyond-4gib'],
    ...onLock('LOCK', ({ l_offset }) => ({ l_offset: l_offset & ALL_ONES_32 })),
  },
  {
    name: 'nlm-length-32-bits',
    breaks: 'LOCK loses the upper half of the length',
    caughtBy: ['NLMv4/ranges/longer-than-4gib', 'NLMv4/ranges/exactly-4gib'],
    ...onLock('LOCK', ({ l_len }) => ({ l_len: l_len & ALL_ONES_32 })),
  },
  {
    name: 'nlm-zero-is-one-byte',
    breaks: 'LOCK takes length 0 for one byte',
    caughtBy: ['NLMv4/ranges/zero-to-the-end', 'NLMv4/TEST/holder-to-the-end'],
    ...onLock('LOCK', ({ l_len }) => ({ l_len: l_len === 0n ? 1n : l_len })),
  },
  {
    name: 'nlm-one-byte-more',
    breaks: 'LOCK takes the byte behind the range as well',
    caughtBy: ['NLMv4/TEST/borders', 'NLMv4/TEST/holder-shared'],
    ...onLock('LOCK', ({ l_len }) => ({ l_len: l_len === 0n ? 0n : l_len + 1n })),
  },
  {
    name: 'nlm-overflow-granted',
    breaks: 'LOCK says that it has granted a range beyond 2^64',
    caughtBy: ['NLMv4/ranges/overflow'],
    ...onStat('LOCK', FBIG, GRANTED),
  },
  {
    name: 'nlm-stale-as-failed',
    breaks: 'LOCK answers NLM4_FAILED for a removed file',
    caughtBy: ['NLMv4/LOCK/stale'],
    ...onStat('LOCK', STALE_FH, FAILED),
  },
  {
    name: 'nlm-blocked-as-denied',
    breaks: 'LOCK denies what it lets wait',
    caughtBy: ['NLMv4/LOCK/blocked', 'NLMv4/CANCEL/waiting'],
    ...onStat('LOCK', BLOCKED, DENIED),
  },
  {
    name: 'nlm-late-copy-runs',
    breaks: 'LOCK is not in the duplicate request cache',
    caughtBy: ['NLMv4/LOCK/late-copy'],
    ...onRow(NLM4('LOCK'), (row) => ({ ...row, idempotent: true })),
  },
  {
    name: 'nlm-unlock-everything',
    breaks: 'UNLOCK releases the whole file',
    caughtBy: ['NLMv4/ranges/split', 'NLMv4/ranges/cut-the-ends'],
    ...onLock('UNLOCK', () => ({ l_offset: 0n, l_len: 0n })),
  },
  {
    name: 'nlm-unlock-nothing',
    breaks: 'UNLOCK says that it has released, and has not',
    caughtBy: ['NLMv4/UNLOCK/frees', 'NLMv4/LOCK/same-again'],
    ...onRow(NLM4('UNLOCK'), ever(success)),
  },
  {
    name: 'nlm-unlock-denied',
    breaks: 'UNLOCK denies what is not locked',
    caughtBy: ['NLMv4/UNLOCK/not-locked', 'NLMv4/UNLOCK/sent-twice'],
    ...onResult(NLM4('UNLOCK'), (result) => ({ ...result, stat: DENIED })),
  },
  {
    name: 'nlm-cancel-nothing',
    breaks: 'CANCEL says that it has taken a request back, and has not',
    caughtBy: ['NLMv4/CANCEL/waiting'],
    ...onRow(NLM4('CANCEL'), ever(success)),
  },
  {
    name: 'nlm-lock-message-lost',
    breaks: 'LOCK_MSG does nothing',
    caughtBy: ['NLMv4/LOCK_MSG/takes'],
    ...onRow(
      NLM4('LOCK_MSG'),
      ever(() => undefined),
    ),
  },
  {
    name: 'nlm-grants-not-told',
    breaks: 'whoever waits is never told',
    caughtBy: ['NLMv4/GRANTED/told'],
    needsCallbacks: true,
    ...onRow(NLM4('LOCK'), (row) => ({
      ...row,
      handle: async (args, call) => {
        const result = await row.handle({ ...args, block: false }, call);
        return args.block && result.stat === DENIED ? { ...result, stat: BLOCKED } : result;
      },
    })),
  },
  {
    name: 'nlm-refused-grants-kept',
    breaks: 'GRANTED_RES is not read',
    caughtBy: ['NLMv4/GRANTED_RES/refused'],
    needsCallbacks: true,
    ...onRow(
      NLM4('GRANTED_RES'),
      ever(() => undefined),
    ),
  },
  {
    name: 'nlm-share-denies-nothing',
    breaks: 'SHARE does not look at what is denied',
    caughtBy: ['NLMv4/SHARE/denied-access', 'NLMv4/SHARE/denied-mode', 'NLMv4/SHARE/all-pairs'],
    ...onArguments(NLM4('SHARE'), ({ share, ...args }) => ({ ...args, share: { ...share, mode: 0 } })),
  },
  {
    name: 'nlm-unshare-nothing',
    breaks: 'UNSHARE says that it has released, and has not',
    caughtBy: ['NLMv4/UNSHARE/frees', 'NLMv4/SHARE/sent-twice'],
    ...onRow(NLM4('UNSHARE'), ever(success)),
  },
  {
    name: 'nlm-unmonitored-share',
    breaks: 'NM_LOCK takes every lock as a shared one',
    caughtBy: ['NLMv4/NM_LOCK/exclusive'],
    ...onArguments(NLM4('NM_LOCK'), (args) => ({ ...args, exclusive: false })),
  },
  {
    name: 'nlm-free-all-nothing',
    breaks: 'FREE_ALL frees nothing',
    caughtBy: ['NLMv4/FREE_ALL/frees-locks', 'NLMv4/FREE_ALL/frees-shares'],
    ...onRow(
      NLM4('FREE_ALL'),
      ever(() => undefined),
    ),
  },
];

/** Faults of the status monitor. */
export const NSM_FAULTS: readonly Fault[] = [
  {
    name: 'nsm-state-even',
    breaks: 'STAT tells the state of a host that is down',
    caughtBy: ['NSMv1/STAT/state-odd'],
    ...onResult(NSM('STAT'), ({ state, ...result }) => ({ ...result, state: state + 1 })),
  },
  {
    name: 'nsm-two-states',
    breaks: 'MON tells another state than UNMON',
    caughtBy: ['NSMv1/MON/state'],
    ...onResult(NSM('MON'), ({ state, ...result }) => ({ ...result, state: state + 2 })),
  },
  {
    name: 'nsm-notify-ignored',
    breaks: 'NOTIFY frees nothing',
    caughtBy: ['NSMv1/NOTIFY/frees-locks', 'NSMv1/NOTIFY/frees-waiting'],
    needsCallbacks: true,
    ...onRow(
      NSM('NOTIFY'),
      ever(() => undefined),
    ),
  },
];
