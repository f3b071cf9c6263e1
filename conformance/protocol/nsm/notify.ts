import { cases, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, NotApplicable } from '../expect.ts';
import { answers, Locks, V4 } from '../nlm/locks.ts';
import { waiting } from '../nlm/waiting.ts';
import { NLM4 } from '../programs/nlm.ts';
import { NSM1 } from '../programs/nsm.ts';
import { CallbackHost } from '../rpc/callback-host.ts';
import { client, NO_AUTH } from '../rpc/client.ts';
import { isUp, ownHost, statusMonitor, stranger } from './hosts.ts';
import { Watcher } from './watcher.ts';

const BEFORE = 3;
const AFTER = 5;

/** A case about locks of a host that has a name and an address, and restarts. */
const onHost = (body: (l: Locks, t: Context) => Promise<void>) =>
  waiting(V4, async (_, l, t) => {
    const missing = await t.target.missing(NLM4);
    if (missing !== undefined) throw new NotApplicable(missing);
    await body(l, t);
  });

/** The host's NOTIFY, from its own address. */
async function restarted(t: Context, l: Locks, state: number): Promise<void> {
  await (await statusMonitor(t, l.name)).NOTIFY({ mon_name: l.name, state });
}

const NOTIFY = cases({ program: NSM1, procedure: 'NOTIFY', clause: 'XNFS SM_NOTIFY' }, [
  must('unknown-host', 'a host that nobody watches: answered, and nothing happens', async (t) => {
    await (await statusMonitor(t)).NOTIFY({ mon_name: 'nobody.example', state: AFTER });
  }),
  must('udp', 'it answers by UDP', { needs: ['udp'] }, async (t) => {
    await client(NSM1, await t.udp(NSM1), NO_AUTH).NOTIFY({ mon_name: 'nobody.example', state: AFTER });
  }),
  must(
    'watcher-told',
    'who has the host watched is told: name, state, and its private bytes',
    { alone: true },
    async (t) => {
      await Watcher.during(t, async (watcher, nsm) => {
        const priv = await watcher.watch(nsm, '127.0.0.1');
        await nsm.NOTIFY({ mon_name: '127.0.0.1', state: AFTER });
        equal('told', await watcher.told(priv), { mon_name: '127.0.0.1', state: AFTER, priv });
        await nsm.UNMON(watcher.id('127.0.0.1'));
      });
    },
  ),
  must(
    'frees-locks',
    'the locks that a host had before it restarted are free',
    { alone: true },
    onHost(async (l, t) => {
      const file = await l.file();
      await l.take(l.owner(), file, { state: BEFORE });
      await restarted(t, l, AFTER);
      await l.becomes(file, 'GRANTED');
    }),
  ),
  must(
    'frees-waiting',
    'what it waited for goes to nobody',
    { alone: true },
    onHost(async (l, t) => {
      const other = await Locks.open(t, V4);
      try {
        const file = await l.file();
        const holder = other.owner();
        await other.take(holder, file);
        await l.wait(l.owner(), file, { state: BEFORE });
        await restarted(t, l, AFTER);
        // Where one address is one host, the holder's lock went as well.
        await other.unlock(holder, file);
        await other.becomes(file, 'GRANTED');
      } finally {
        await other.release();
      }
    }),
  ),
  should(
    'new-locks-stay',
    'locks that it has taken since, with its new state, stay',
    { alone: true },
    onHost(async (l, t) => {
      const [old, young] = [await l.file('old'), await l.file('new')];
      await l.take(l.owner(), old, { state: BEFORE });
      await l.take(l.owner(), young, { state: AFTER });
      await restarted(t, l, AFTER);
      await l.becomes(old, 'GRANTED');
      await l.isTaken(young);
    }),
  ),
  should(
    'told-twice',
    'a NOTIFY that comes again with the same state frees nothing taken since',
    { alone: true },
    onHost(async (l, t) => {
      const [old, young] = [await l.file('old'), await l.file('new')];
      await l.take(l.owner(), old, { state: BEFORE });
      await restarted(t, l, AFTER);
      await l.becomes(old, 'GRANTED');
      await l.take(l.owner(), young, { state: AFTER });
      await restarted(t, l, AFTER);
      await l.isTaken(young);
    }),
  ),
  must(
    'other-hosts',
    "another host's locks stay",
    { alone: true },
    onHost(async (l, t) => {
      const other = await Locks.open(t, V4);
      const { localAddress } = await t.tcp(NLM4);
      if (localAddress === l.name) throw new NotApplicable('the suite has one address, and so is one host');
      try {
        const file = await l.file();
        const own = await l.file('own');
        await l.take(l.owner(), own, { state: BEFORE });
        await other.take(other.owner(), file);
        await restarted(t, l, AFTER);
        await l.becomes(own, 'GRANTED');
        await other.isTaken(file);
      } finally {
        await other.release();
      }
    }),
  ),
  should(
    'stranger',
    "another host cannot say so in a host's name",
    { alone: true },
    onHost(async (l, t) => {
      const { localAddress } = await t.tcp(NSM1);
      if (localAddress === l.name) throw new NotApplicable('the suite has one address, and so is one host');
      const file = await l.file();
      await l.take(l.owner(), file, { state: BEFORE });
      await (await statusMonitor(t)).NOTIFY({ mon_name: l.name, state: AFTER });
      await l.isTaken(file);
    }),
  ),
]);

const HEAR_MILLISECONDS = 30_000;
const anyone = {
  mon_name: 'nobody.example',
  my_id: { my_name: 'localhost', my_prog: 0x5fff_fff0, my_vers: 1, my_proc: 7 },
};

/** It loses everybody's locks: whoever gives a command to restart the server has allowed for that. */
const SIMU_CRASH = cases({ program: NSM1, procedure: 'SIMU_CRASH', clause: 'XNFS SM_SIMU_CRASH' }, [
  should(
    'stranger',
    "another host's changes nothing",
    { needs: ['restart'], alone: true },
    onHost(async (l, t) => {
      const asked = await stranger(t);
      const file = await l.file();
      await l.take(l.owner(), file);
      await asked.SIMU_CRASH();
      await l.isTaken(file);
    }),
  ),
  must(
    'told',
    'who has locks is told of the new state, which is odd and greater, and can reclaim them',
    { needs: ['restart'], alone: true },
    onHost(async (l, t) => {
      const nsm = await ownHost(t);
      const host = await CallbackHost.for(t);
      const { state: before } = await nsm.UNMON(anyone);
      const states: number[] = [];
      const heard = new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), HEAR_MILLISECONDS);
        const leave = host.subscribe(({ program, procedure, args }) => {
          if (program !== NSM1 || procedure !== 'NOTIFY') return;
          states.push((args as { readonly state: number }).state);
          clearTimeout(timer);
          leave();
          resolve(true);
        });
      });
      const file = await l.file();
      const owner = l.owner();
      await l.take(owner, file);
      await nsm.SIMU_CRASH();
      const { stat } = await l.lock(owner, file, { reclaim: true });
      check(await heard, 'SM_NOTIFY to come', 'none');
      const { state: after } = await nsm.UNMON(anyone);
      check(after > before, `a state number greater than ${before}`, `${after}`);
      isUp(after);
      equal('states told', states, [after]);
      check(stat === 'GRANTED', 'the reclaim to be GRANTED', stat);
      // Not before the grace period is over can other cases lock.
      answers(await l.lockAfterGrace(l.owner(), await l.file('other')), 'GRANTED');
    }),
  ),
]);

export const NOTICES = [...NOTIFY, ...SIMU_CRASH];
