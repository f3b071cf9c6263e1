import { type Case, cases, linux, must } from '../case.ts';
import { equal } from '../expect.ts';
import { ALICE, BOB, ROOT } from '../target.ts';
import { GROUP_QUOTA, isNotSet, isNotTold, type QuotaVersion, type Setting, V2 } from './tools.ts';

/** Limits are for the server's administrator. By the network there is no telling who is one. */
export function setquotaCases(version: QuotaVersion, procedure: Setting): Case[] {
  const { program, set, ask } = version;
  const ofGroup = linux('of-group', "a group's limits by who is in it: refused", async (t) => {
    await isNotSet(set(t, procedure, { id: ALICE.gid, type: GROUP_QUOTA }));
  });

  return cases({ program, procedure, clause: 'rquota.x' }, [
    must('own', 'nobody sets limits of their own: refused', { clause: 'rpc.rquotad(8)' }, async (t) => {
      await isNotSet(set(t, procedure, { id: ALICE.uid }));
    }),
    must('of-others', "nor another's: refused", { clause: 'rpc.rquotad(8)' }, async (t) => {
      await isNotSet(set(t, procedure, { id: ALICE.uid }, { user: BOB }));
    }),
    must('nothing-changed', 'the quota is as it was before', async (t) => {
      const before = await ask(t, 'GETQUOTA', { id: ALICE.uid });
      await isNotSet(set(t, procedure, { id: ALICE.uid }));
      equal('quota', (await ask(t, 'GETQUOTA', { id: ALICE.uid })).status, before.status);
    }),
    linux(
      'root-of-no-port',
      'who says to be root, by an ordinary port: refused',
      { clause: 'rpc.rquotad(8)' },
      async (t) => {
        await isNotSet(set(t, procedure, { id: ALICE.uid }, { user: ROOT, privileged: false }));
      },
    ),
    must('missing-path', 'on a path that is not there: not Q_OK', async (t) => {
      const path = '/conformance-nobody/has/this';
      await isNotTold('a missing path', set(t, procedure, { id: ALICE.uid, path }, { user: ROOT }));
    }),
    ...(version === V2 ? [ofGroup] : []),
  ]);
}
