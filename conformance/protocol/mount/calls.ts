import { linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import type { call_msg } from '../programs/rpc.ts';
import { authSys, callMessage } from '../rpc/client.ts';
import { RpcRefused } from '../rpc/failures.ts';
import { answerTo, reactionTo, words } from '../rpc-layer/tools.ts';
import { ALICE, ROOT } from '../target.ts';
import { isNotMounted, mnt, mountCases, type Version } from './tools.ts';

const MNT = 1;
const UMNT = 3;
const TOO_LONG = 1100;

const to = ({ program: { program: prog, version: vers } }: Version, call: Partial<call_msg>) => ({
  ...{ prog, vers, cred: authSys(ROOT) },
  ...call,
});

/** GETATTR of the root from an ordinary port: whether it is answered with attributes. */
async function isServedFromOrdinaryPort(t: Context): Promise<boolean> {
  try {
    const nfs = await t.client(NFS3, { privileged: false, user: ALICE });
    return (await nfs.GETATTR({ object: t.root })).status === 'NFS3_OK';
  } catch (error) {
    if (error instanceof RpcRefused) return false;
    throw error;
  }
}

/** Calls as such: arguments, ports, and what a path's length does. */
export const callCases = (version: Version) => [
  ...mountCases(version, 'calls', '1', [
    must('mnt-is-there', 'a server that has this version has its MNT', async (t) => {
      const { path } = t.target.options;
      const args = words(path.length, path, Buffer.alloc(-path.length & 3));
      equal('the answer', await answerTo(await t.tcp(version.program), to(version, { proc: MNT, args })), 'SUCCESS');
    }),
    must('garbage', 'MNT and UMNT without a whole path: GARBAGE_ARGS', { clause: 'RFC 5531 §9' }, async (t) => {
      // So that it is not applicable where there is no MNT.
      await mnt(t, version, t.target.options.path);
      for (const proc of [MNT, UMNT]) {
        for (const args of [Buffer.alloc(0), words(4), words(100, '/tmp'), words(0xffff_ffff, '/tmp')]) {
          const tcp = await t.tcp(version.program);
          equal('the answer', await answerTo(tcp, to(version, { proc, args })), 'GARBAGE_ARGS');
          equal('the next call', await answerTo(tcp, to(version, {})), 'SUCCESS');
        }
      }
    }),
    must(
      'garbage-udp',
      'MNT without a path, by UDP: GARBAGE_ARGS',
      { needs: ['udp'], clause: 'RFC 5531 §9' },
      async (t) => {
        await mnt(t, version, t.target.options.path);
        equal('the answer', await answerTo(await t.udp(version.program), to(version, { proc: MNT })), 'GARBAGE_ARGS');
      },
    ),
    must(
      'path-too-long',
      'a path of more than MNTPATHLEN bytes is not mounted',
      { clause: 'RFC 1813 §5.1.3' },
      async (t) => {
        const path = `${t.target.options.path}${'/'.repeat(TOO_LONG)}`;
        const args = words(path.length, path, Buffer.alloc(-path.length & 3));
        const reaction = await reactionTo(await t.tcp(version.program), callMessage(to(version, { proc: MNT, args })));
        if (reaction === 'SUCCESS') await isNotMounted(t, version, path);
        equal('NULL', await answerTo(await t.tcp(version.program), to(version, {})), 'SUCCESS');
      },
    ),
    linux(
      'ports-agree',
      'an export that may not be mounted from an ordinary port is not served to one either',
      { needs: ['privileged'], clause: 'exports(5): secure' },
      async (t) => {
        const { status } = await mnt(t, version, t.target.options.path, { privileged: false }).catch((error) => {
          if (error instanceof RpcRefused) return { status: 'refused' };
          throw error;
        });
        if (status === 'MNT3_OK') return;
        check(!(await isServedFromOrdinaryPort(t)), 'NFS to be refused, too', `NFS3_OK, where MNT gave ${status}`);
      },
    ),
  ]),
];
