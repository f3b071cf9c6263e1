import { linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import { PMAP2 } from '../programs/portmap.ts';
import {
  fromElsewhere,
  fromLoopback,
  IPPROTO_TCP,
  IPPROTO_UDP,
  isDone,
  pmap,
  portmapCases,
  type Rpcbind,
  rpcbind,
  spareProgram,
  uaddrOf,
  wanted,
} from './tools.ts';

const ALONE = { alone: true } as const;
const PORT = 40_001;
const OTHER_PORT = 40_002;
const LOOPBACK_ONLY = { ...ALONE, clause: 'rpcbind(8): -i' };

/** Works with a program number that is unset afterwards, whatever happened. */
async function withProgram(t: Context, work: (prog: number) => Promise<void>): Promise<void> {
  const prog = spareProgram();
  try {
    await work(prog);
  } finally {
    const client = await pmap(t);
    for (const vers of [1, 2]) await isDone(client.UNSET({ prog, vers, prot: IPPROTO_TCP, port: 0 }));
  }
}

async function ports(t: Context, prog: number, vers = 1): Promise<[tcp: number, udp: number]> {
  const client = await pmap(t);
  const portOf = (prot: number) => client.GETPORT({ prog, vers, prot, port: 0 });
  return [await portOf(IPPROTO_TCP), await portOf(IPPROTO_UDP)];
}

async function set(t: Context, prog: number, prot = IPPROTO_TCP, port = PORT, vers = 1): Promise<boolean> {
  return isDone((await pmap(t)).SET({ prog, vers, prot, port }));
}

/** SET and UNSET of version 2. */
export const PMAP_REGISTRATIONS = [
  ...portmapCases(PMAP2, 'SET', [
    must('registers', 'a new mapping: true, and GETPORT and DUMP tell it', ALONE, async (t) => {
      fromLoopback(t);
      await withProgram(t, async (prog) => {
        equal('SET', await set(t, prog), true);
        equal('ports', await ports(t, prog), [PORT, 0]);
        const found = (await (await pmap(t)).DUMP()).filter((each) => each.prog === prog);
        equal('mappings', found, [{ prog, vers: 1, prot: IPPROTO_TCP, port: PORT }]);
      });
    }),
    must('both-protocols', 'TCP and UDP have a port each', ALONE, async (t) => {
      fromLoopback(t);
      await withProgram(t, async (prog) => {
        equal('SET', [await set(t, prog), await set(t, prog, IPPROTO_UDP, OTHER_PORT)], [true, true]);
        equal('ports', await ports(t, prog), [PORT, OTHER_PORT]);
      });
    }),
    must('taken', 'a mapping that is there with another port: false, and it stays', ALONE, async (t) => {
      fromLoopback(t);
      await withProgram(t, async (prog) => {
        await set(t, prog);
        equal('SET', await set(t, prog, IPPROTO_TCP, OTHER_PORT), false);
        equal('ports', await ports(t, prog), [PORT, 0]);
      });
    }),
    must('unknown-protocol', 'a protocol that is neither TCP nor UDP: false', ALONE, async (t) => {
      fromLoopback(t);
      await withProgram(t, async (prog) => {
        equal('SET', await set(t, prog, 99), false);
        equal('ports', await ports(t, prog), [0, 0]);
      });
    }),
    linux(
      'from-elsewhere',
      'from another host: false or refused, and nothing is registered',
      LOOPBACK_ONLY,
      async (t) => {
        fromElsewhere(t);
        await withProgram(t, async (prog) => {
          equal('SET', await set(t, prog), false);
          equal('ports', await ports(t, prog), [0, 0]);
        });
      },
    ),
  ]),
  ...portmapCases(PMAP2, 'UNSET', [
    must('takes-away', 'takes a mapping away, of both protocols whichever is named', ALONE, async (t) => {
      fromLoopback(t);
      await withProgram(t, async (prog) => {
        await set(t, prog);
        await set(t, prog, IPPROTO_UDP);
        equal('UNSET', await (await pmap(t)).UNSET({ prog, vers: 1, prot: IPPROTO_TCP, port: 1 }), true);
        equal('ports', await ports(t, prog), [0, 0]);
      });
    }),
    must('other-version-stays', 'leaves other versions alone', ALONE, async (t) => {
      fromLoopback(t);
      await withProgram(t, async (prog) => {
        await set(t, prog);
        await set(t, prog, IPPROTO_TCP, OTHER_PORT, 2);
        await (await pmap(t)).UNSET({ prog, vers: 1, prot: IPPROTO_TCP, port: 0 });
        const found = (await (await pmap(t)).DUMP()).filter((each) => each.prog === prog);
        equal('mappings', found, [{ prog, vers: 2, prot: IPPROTO_TCP, port: OTHER_PORT }]);
      });
    }),
    linux(
      'of-root-by-others',
      "by somebody without a privileged port: root's mapping stays",
      { ...ALONE, needs: ['privileged'], clause: 'rpcbind: PMAPPROC_UNSET' },
      async (t) => {
        fromLoopback(t);
        await withProgram(t, async (prog) => {
          equal('SET', await set(t, prog), true);
          const other = await pmap(t, { privileged: false });
          // rpcbind says true: there is nothing for UDP, so it counts as taken away there.
          await isDone(other.UNSET({ prog, vers: 1, prot: IPPROTO_TCP, port: 0 }));
          equal('ports', await ports(t, prog), [PORT, 0]);
        });
      },
    ),
    linux('from-elsewhere', 'from another host: false or refused', LOOPBACK_ONLY, async (t) => {
      fromElsewhere(t);
      const client = await pmap(t);
      equal('UNSET', await isDone(client.UNSET({ prog: spareProgram(), vers: 1, prot: IPPROTO_TCP, port: 0 })), false);
    }),
  ]),
];

const ADDRESS = uaddrOf('127.0.0.1', PORT);
const OTHER_ADDRESS = uaddrOf('127.0.0.1', OTHER_PORT);

async function addresses(t: Context, program: Rpcbind, prog: number): Promise<readonly string[]> {
  const list = await (await rpcbind(t, program)).DUMP();
  return list.filter(({ r_prog }) => r_prog === prog).map(({ r_netid, r_addr }) => `${r_netid} ${r_addr}`);
}

/** SET and UNSET of versions 3 and 4. */
export const rpcbindRegistrations = (program: Rpcbind) => {
  const service = (prog: number, netid: string, addr: string) => wanted(prog, 1, { netid, addr, owner: 'superuser' });
  const setAs = async (t: Context, prog: number, netid = 'tcp', addr = ADDRESS) =>
    isDone((await rpcbind(t, program)).SET(service(prog, netid, addr)));
  return [
    ...portmapCases(program, 'SET', [
      must('registers', 'a new service: true, and DUMP and GETADDR tell it', ALONE, async (t) => {
        fromLoopback(t);
        await withProgram(t, async (prog) => {
          equal('SET', await setAs(t, prog), true);
          equal('services', await addresses(t, program, prog), [`tcp ${ADDRESS}`]);
          equal('GETADDR', await (await rpcbind(t, program)).GETADDR(wanted(prog, 1, { netid: 'tcp' })), ADDRESS);
        });
      }),
      must('version-2-sees-it', 'version 2 tells it, too', ALONE, async (t) => {
        fromLoopback(t);
        await withProgram(t, async (prog) => {
          equal('SET', await setAs(t, prog, 'udp'), true);
          equal('ports', await ports(t, prog), [0, PORT]);
        });
      }),
      must('taken', 'a service that is there with another address: false, and it stays', ALONE, async (t) => {
        fromLoopback(t);
        await withProgram(t, async (prog) => {
          await setAs(t, prog);
          equal('SET', await setAs(t, prog, 'tcp', OTHER_ADDRESS), false);
          equal('services', await addresses(t, program, prog), [`tcp ${ADDRESS}`]);
        });
      }),
      linux(
        'owner-is-the-caller',
        'the owner is who calls, not whom the arguments name',
        { ...ALONE, needs: ['privileged'], clause: 'rpcbind: getowner' },
        async (t) => {
          fromLoopback(t);
          await withProgram(t, async (prog) => {
            const other = await rpcbind(t, program, { privileged: false });
            if (!(await isDone(other.SET(service(prog, 'tcp', ADDRESS))))) return;
            const list = await (await rpcbind(t, program)).DUMP();
            const owner = list.find(({ r_prog }) => r_prog === prog)?.r_owner;
            check(owner !== 'superuser', 'another owner', `${owner}`);
          });
        },
      ),
      linux(
        'from-elsewhere',
        'from another host: false or refused, and nothing is registered',
        LOOPBACK_ONLY,
        async (t) => {
          fromElsewhere(t);
          await withProgram(t, async (prog) => {
            equal('SET', await setAs(t, prog), false);
            equal('services', await addresses(t, program, prog), []);
          });
        },
      ),
    ]),
    ...portmapCases(program, 'UNSET', [
      must('one-transport', 'takes a service away from the transport named, and no other', ALONE, async (t) => {
        fromLoopback(t);
        await withProgram(t, async (prog) => {
          await setAs(t, prog);
          await setAs(t, prog, 'udp', OTHER_ADDRESS);
          equal('UNSET', await (await rpcbind(t, program)).UNSET(service(prog, 'tcp', '')), true);
          equal('services', await addresses(t, program, prog), [`udp ${OTHER_ADDRESS}`]);
        });
      }),
      must('all-transports', 'without a transport: from all', ALONE, async (t) => {
        fromLoopback(t);
        await withProgram(t, async (prog) => {
          await setAs(t, prog);
          await setAs(t, prog, 'udp', OTHER_ADDRESS);
          equal('UNSET', await (await rpcbind(t, program)).UNSET(service(prog, '', '')), true);
          equal('services', await addresses(t, program, prog), []);
        });
      }),
      linux('from-elsewhere', 'from another host: false or refused', LOOPBACK_ONLY, async (t) => {
        fromElsewhere(t);
        equal('UNSET', await isDone((await rpcbind(t, program)).UNSET(service(spareProgram(), '', ''))), false);
      }),
    ]),
  ];
};
