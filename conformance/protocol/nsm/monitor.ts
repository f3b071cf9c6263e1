import { cases, must, should } from '../case.ts';
import { check, equal } from '../expect.ts';
import { NSM1 } from '../programs/nsm.ts';
import { callMessage, client, exchange, NO_AUTH } from '../rpc/client.ts';
import { RpcRefused, refusalOf } from '../rpc/failures.ts';
import { isUp, ownHost, statusMonitor, stranger } from './hosts.ts';
import { Watcher } from './watcher.ts';

const HOST = '192.0.2.1';
const LAST = 6;
const NAME_BYTES = 1024;
/** A program that nobody has; it is never called here. */
const my_id = { my_name: 'localhost', my_prog: 0x5fff_fff0, my_vers: 1, my_proc: 7 };
const priv = Buffer.alloc(16, 'p');

const NULLS = cases({ program: NSM1, procedure: 'NULL', clause: 'XNFS SM_NULL' }, [
  must('tcp', 'it answers by TCP, and without credentials', async (t) => {
    await client(NSM1, await t.tcp(NSM1), NO_AUTH).NULL();
  }),
  must('udp', 'it answers by UDP', { needs: ['udp'] }, async (t) => {
    await client(NSM1, await t.udp(NSM1), NO_AUTH).NULL();
  }),
]);

const NUMBERS = cases({ program: NSM1, procedure: 'numbers', clause: 'RFC 5531 §9' }, [
  must('unused', 'a number behind the last one: PROC_UNAVAIL', async (t) => {
    const call = callMessage({ prog: NSM1.program, vers: NSM1.version, proc: LAST + 1 });
    const { body } = await exchange(await t.tcp(NSM1), call);
    check(refusalOf(body) === 'PROC_UNAVAIL', 'PROC_UNAVAIL', refusalOf(body));
  }),
  must('version', 'another version: PROG_MISMATCH, and 1 is the only one', async (t) => {
    const { body } = await exchange(await t.tcp(NSM1), callMessage({ prog: NSM1.program, vers: 2 }));
    check(refusalOf(body) === 'PROG_MISMATCH 1..1', 'PROG_MISMATCH 1..1', refusalOf(body));
  }),
]);

const STAT = cases({ program: NSM1, procedure: 'STAT', clause: 'XNFS SM_STAT' }, [
  must('answers', 'STAT_SUCC or STAT_FAIL, both are allowed', async (t) => {
    await (await statusMonitor(t)).STAT({ mon_name: HOST });
  }),
  should('state-odd', 'with STAT_SUCC, the state of a host that is up: an odd number', async (t) => {
    const { res_stat, state } = await (await statusMonitor(t)).STAT({ mon_name: HOST });
    if (res_stat === 'STAT_SUCC') isUp(state);
  }),
  must('udp', 'by UDP, the same answer', { needs: ['udp'] }, async (t) => {
    const byTcp = await (await statusMonitor(t)).STAT({ mon_name: HOST });
    const byUdp = await client(NSM1, await t.udp(NSM1), NO_AUTH).STAT({ mon_name: HOST });
    equal('answer', byUdp, byTcp);
  }),
  must('name-too-long', 'a name of 1025 bytes: GARBAGE_ARGS', { clause: 'XNFS SM_MAXSTRLEN' }, async (t) => {
    const nsm = await statusMonitor(t);
    const refusal = await nsm.STAT({ mon_name: 'n'.repeat(NAME_BYTES + 1) }).then(
      ({ res_stat }) => res_stat,
      (error: unknown) => {
        if (error instanceof RpcRefused) return refusalOf(error.body);
        throw error;
      },
    );
    check(refusal === 'GARBAGE_ARGS', 'GARBAGE_ARGS', refusal);
  }),
]);

const MON = cases({ program: NSM1, procedure: 'MON', clause: 'XNFS SM_MON' }, [
  must('state', 'MON, UNMON and UNMON_ALL tell one and the same state, an odd number', { alone: true }, async (t) => {
    const nsm = await ownHost(t);
    const { res_stat, state } = await nsm.MON({ mon_id: { mon_name: HOST, my_id }, priv });
    const { state: after } = await nsm.UNMON({ mon_name: HOST, my_id });
    isUp(after);
    // With STAT_FAIL the state means nothing.
    if (res_stat === 'STAT_SUCC') equal('state of MON', state, after);
    equal('state of UNMON_ALL', (await nsm.UNMON_ALL(my_id)).state, after);
  }),
  must('again', 'a host that is watched already: the same answer', { alone: true }, async (t) => {
    const nsm = await ownHost(t);
    const first = await nsm.MON({ mon_id: { mon_name: HOST, my_id }, priv });
    equal('answer', await nsm.MON({ mon_id: { mon_name: HOST, my_id }, priv }), first);
    await nsm.UNMON({ mon_name: HOST, my_id });
  }),
  must('longest-name', 'a name of 1024 bytes is taken or refused, and the next call is answered', async (t) => {
    const nsm = await ownHost(t);
    const mon_name = 'n'.repeat(NAME_BYTES);
    await nsm.MON({ mon_id: { mon_name, my_id }, priv });
    await nsm.UNMON({ mon_name, my_id });
    await nsm.NULL();
  }),
  should('stranger', 'asked for by another host: STAT_FAIL', async (t) => {
    const nsm = await stranger(t);
    const { res_stat } = await nsm.MON({ mon_id: { mon_name: HOST, my_id }, priv });
    await nsm.UNMON({ mon_name: HOST, my_id });
    check(res_stat === 'STAT_FAIL', 'STAT_FAIL', res_stat);
  }),
]);

const UNMON = cases({ program: NSM1, procedure: 'UNMON', clause: 'XNFS SM_UNMON' }, [
  must('unknown', 'a host that is not watched: answered with the state', async (t) => {
    const nsm = await ownHost(t);
    const { state } = await nsm.UNMON({ mon_name: 'nobody.example', my_id });
    equal('state', (await nsm.UNMON({ mon_name: 'nobody.example', my_id })).state, state);
  }),
  must(
    'told-no-more',
    'what happens to the host is not told any more; to another one it is',
    { alone: true },
    async (t) => {
      await Watcher.during(t, async (watcher, nsm) => {
        const [dropped, kept] = [await watcher.watch(nsm, '127.0.0.1'), await watcher.watch(nsm, '127.0.0.2')];
        await nsm.UNMON(watcher.id('127.0.0.1'));
        await nsm.NOTIFY({ mon_name: '127.0.0.1', state: 5 });
        await (await statusMonitor(t, '127.0.0.2')).NOTIFY({ mon_name: '127.0.0.2', state: 5 });
        await watcher.told(kept);
        await nsm.UNMON(watcher.id('127.0.0.2'));
        check(!watcher.knows(dropped), 'nothing to be told', 'a call');
      });
    },
  ),
  should('stranger', "another host's UNMON changes nothing", { alone: true }, async (t) => {
    await Watcher.during(t, async (watcher, nsm) => {
      const watched = await watcher.watch(nsm, '127.0.0.1');
      await (await stranger(t)).UNMON(watcher.id('127.0.0.1'));
      await nsm.NOTIFY({ mon_name: '127.0.0.1', state: 7 });
      await watcher.told(watched);
      await nsm.UNMON(watcher.id('127.0.0.1'));
    });
  }),
]);

const UNMON_ALL = cases({ program: NSM1, procedure: 'UNMON_ALL', clause: 'XNFS SM_UNMON_ALL' }, [
  must('unknown', 'a program that has nothing watched: answered with the state', async (t) => {
    const nsm = await ownHost(t);
    const { state } = await nsm.UNMON_ALL(my_id);
    equal('state', (await nsm.UNMON_ALL(my_id)).state, state);
  }),
  must(
    'told-no-more',
    "of this program's hosts nothing is told any more, of another's it is",
    { alone: true },
    async (t) => {
      await Watcher.during(t, async (dropped) => {
        await Watcher.during(t, async (kept, nsm) => {
          const [none, some] = [await dropped.watch(nsm, '127.0.0.1'), await kept.watch(nsm, '127.0.0.1')];
          await nsm.UNMON_ALL(dropped.id('').my_id);
          await nsm.NOTIFY({ mon_name: '127.0.0.1', state: 9 });
          await kept.told(some);
          await nsm.UNMON(kept.id('127.0.0.1'));
          check(!dropped.knows(none), 'nothing to be told', 'a call');
        });
      });
    },
  ),
]);

export const MONITORING = [...NULLS, ...NUMBERS, ...STAT, ...MON, ...UNMON, ...UNMON_ALL];
