import { cases, linux, must } from '../case.ts';
import { check, NotApplicable } from '../expect.ts';
import { MOUNT2 } from '../programs/mount.ts';
import { callMessage } from '../rpc/client.ts';
import { RpcRefused, refusalOf } from '../rpc/failures.ts';
import { reactionTo, words } from '../rpc-layer/tools.ts';

const PATHCONF_NUMBER = 7;
const LINK_MAX = 0;
const NAME_MAX = 3;
const CLAUSE = 'mount.x of SunOS and Linux';

/** PATHCONF, which version 2 adds to version 1. Servers may leave it out. */
export const PATHCONF = cases({ program: MOUNT2, procedure: 'PATHCONF', clause: CLAUSE }, [
  linux('limits', "the export's limits: a name may have 8 characters, and a file one link, at least", async (t) => {
    const mount = await t.client(MOUNT2);
    const res = await mount.PATHCONF(t.target.options.path).catch((error) => {
      if (error instanceof RpcRefused && refusalOf(error.body) === 'PROC_UNAVAIL') {
        throw new NotApplicable('the server leaves PATHCONF out (PROC_UNAVAIL)');
      }
      throw error;
    });
    const isKnown = (bit: number) => (res.pc_mask.low & (1 << bit)) === 0;
    if (isKnown(LINK_MAX)) check(res.pc_link_max >= 1, 'one link', `${res.pc_link_max}`);
    if (isKnown(NAME_MAX)) check(res.pc_name_max >= 8, '8 characters', `${res.pc_name_max}`);
  }),
  must('refused-or-run', 'without arguments: GARBAGE_ARGS or PROC_UNAVAIL', { clause: 'RFC 5531 §9' }, async (t) => {
    const call = { prog: 100_005, vers: 2, proc: PATHCONF_NUMBER };
    for (const args of [Buffer.alloc(0), words(0xffff_ffff)]) {
      const reaction = await reactionTo(await t.tcp(MOUNT2), callMessage({ ...call, args }));
      check(['GARBAGE_ARGS', 'PROC_UNAVAIL'].includes(reaction), 'GARBAGE_ARGS or PROC_UNAVAIL', reaction);
    }
  }),
]);
