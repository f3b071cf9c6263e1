import { type Case, cases, must, should } from '../case.ts';
import { check, equal } from '../expect.ts';
import { GARBAGE_HANDLE } from '../nfs3/tools.ts';
import { answers, type Dialect, Locks, locking, newCookie, type Owner, type Share } from './locks.ts';

const MODES = ['fsm_DN', 'fsm_DR', 'fsm_DW', 'fsm_DRW'] as const;
const ACCESSES = ['fsa_NONE', 'fsa_R', 'fsa_W', 'fsa_RW'] as const;
const ALL: readonly Share[] = MODES.flatMap((mode) => ACCESSES.map((access) => ({ mode, access })));

/** Reads and denies nothing. */
const READER: Share = { mode: 'fsm_DN', access: 'fsa_R' };
const WRITER: Share = { mode: 'fsm_DN', access: 'fsa_W' };
/** Reads and denies writing. */
const NO_WRITERS: Share = { mode: 'fsm_DW', access: 'fsa_R' };

function conflict(a: Share, b: Share): boolean {
  const [aDenies, bDenies] = [MODES.indexOf(a.mode), MODES.indexOf(b.mode)];
  const [aDoes, bDoes] = [ACCESSES.indexOf(a.access), ACCESSES.indexOf(b.access)];
  return (aDenies & bDoes) !== 0 || (bDenies & aDoes) !== 0;
}

/** Sharing as DOS has it. */
export function shareCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (l: Locks) => Promise<void>) => locking(dialect, body);
  const share = (l: Locks, owner: Owner, file: Buffer, wanted: Share) => l.share('SHARE', owner, file, wanted);
  return [
    ...cases({ program, procedure: 'SHARE', clause: 'XNFS NLM_SHARE' }, [
      must(
        'compatible',
        'two readers who deny nothing: granted',
        on(async (l) => {
          const file = await l.file();
          answers(await share(l, l.owner(), file, READER), 'GRANTED');
          answers(await share(l, l.owner(), file, READER), 'GRANTED');
        }),
      ),
      must(
        'denied-access',
        'to write where somebody denies it: denied',
        on(async (l) => {
          const file = await l.file();
          answers(await share(l, l.owner(), file, NO_WRITERS), 'GRANTED');
          answers(await share(l, l.owner(), file, WRITER), 'DENIED');
          answers(await share(l, l.owner(), file, READER), 'GRANTED');
        }),
      ),
      must(
        'denied-mode',
        'to deny what somebody does: denied',
        on(async (l) => {
          const file = await l.file();
          answers(await share(l, l.owner(), file, WRITER), 'GRANTED');
          answers(await share(l, l.owner(), file, NO_WRITERS), 'DENIED');
        }),
      ),
      must(
        'all-pairs',
        'every mode and access beside every other one',
        on(async (l) => {
          const file = await l.file();
          const [first, second] = [l.owner(), l.owner()];
          for (const one of ALL) {
            answers(await share(l, first, file, one), 'GRANTED');
            for (const two of ALL) {
              const { stat } = await share(l, second, file, two);
              const wanted = conflict(one, two) ? 'DENIED' : 'GRANTED';
              const pair = `${two.mode} ${two.access} beside ${one.mode} ${one.access}`;
              check(stat === wanted, `${wanted} for ${pair}`, stat);
              if (stat === 'GRANTED') answers(await l.share('UNSHARE', second, file, two), 'GRANTED');
            }
            answers(await l.share('UNSHARE', first, file, one), 'GRANTED');
          }
        }),
      ),
      should(
        'sent-twice',
        'the same owner again: granted, and one UNSHARE releases it',
        on(async (l) => {
          const file = await l.file();
          const owner = l.owner();
          answers(await share(l, owner, file, NO_WRITERS), 'GRANTED');
          answers(await share(l, owner, file, NO_WRITERS), 'GRANTED');
          answers(await l.share('UNSHARE', owner, file, NO_WRITERS), 'GRANTED');
          answers(await share(l, l.owner(), file, WRITER), 'GRANTED');
        }),
      ),
      must(
        'other-file',
        "another file's shares are not in the way",
        on(async (l) => {
          answers(await share(l, l.owner(), await l.file('one'), NO_WRITERS), 'GRANTED');
          answers(await share(l, l.owner(), await l.file('two'), WRITER), 'GRANTED');
        }),
      ),
      must(
        'other-caller-name',
        'the same oh on another host is another owner',
        on(async (l) => {
          const other = await Locks.open(l.t, dialect);
          try {
            const file = await l.file();
            const owner = l.owner();
            answers(await share(l, owner, file, NO_WRITERS), 'GRANTED');
            answers(await share(other, { ...owner, caller_name: other.name }, file, WRITER), 'DENIED');
          } finally {
            await other.release();
          }
        }),
      ),
      must(
        'garbage-handle',
        'a handle of no server: a failure',
        on(async (l) => {
          const { stat } = await share(l, l.owner(), GARBAGE_HANDLE, READER);
          check(stat !== 'GRANTED', 'a failure', stat);
        }),
      ),
      must(
        'cookie',
        'the cookie comes back',
        on(async (l) => {
          const file = await l.file();
          for (const length of [1, 8, 32]) {
            const cookie = newCookie(length);
            equal('cookie', (await l.share('SHARE', l.owner(), file, READER, cookie)).cookie, cookie);
            equal('cookie', (await l.share('UNSHARE', l.owner(), file, READER, cookie)).cookie, cookie);
          }
        }),
      ),
    ]),
    ...cases({ program, procedure: 'UNSHARE', clause: 'XNFS NLM_UNSHARE' }, [
      must(
        'frees',
        'what was denied is allowed again',
        on(async (l) => {
          const file = await l.file();
          const owner = l.owner();
          answers(await share(l, owner, file, NO_WRITERS), 'GRANTED');
          answers(await l.share('UNSHARE', owner, file, NO_WRITERS), 'GRANTED');
          answers(await share(l, l.owner(), file, WRITER), 'GRANTED');
        }),
      ),
      must(
        'not-shared',
        'what is not shared, and once more: granted',
        on(async (l) => {
          const file = await l.file();
          const owner = l.owner();
          answers(await l.share('UNSHARE', owner, file, READER), 'GRANTED');
          answers(await l.share('UNSHARE', owner, file, READER), 'GRANTED');
        }),
      ),
      must(
        'somebody-elses',
        "another process's share stays",
        on(async (l) => {
          const file = await l.file();
          answers(await share(l, l.owner(), file, NO_WRITERS), 'GRANTED');
          await l.share('UNSHARE', l.owner(), file, NO_WRITERS);
          answers(await share(l, l.owner(), file, WRITER), 'DENIED');
        }),
      ),
    ]),
  ];
}
