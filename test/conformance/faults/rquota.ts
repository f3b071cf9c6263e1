import { type Fault, onResult, onRow } from './fault.ts';

const row = (version: 1 | 2, procedure: string) => ({
  program: 100_011,
  version,
  procedure: `RQUOTAPROC_${procedure}`,
});

const Q_OK = 1;
const Q_NOQUOTA = 2;
const Q_EPERM = 3;
const MADE_UP = {
  ...{ rq_bsize: 1024, rq_active: true, rq_bhardlimit: 0, rq_bsoftlimit: 0, rq_curblocks: 0 },
  ...{ rq_fhardlimit: 0, rq_fsoftlimit: 0, rq_curfiles: 0, rq_btimeleft: 0, rq_ftimeleft: 0 },
};

/** Faults of the RQUOTA program. */
export const RQUOTA_FAULTS: readonly Fault[] = [
  {
    name: 'getquota-tells-everyone',
    breaks: 'GETQUOTA answers whoever asks as if root did',
    caughtBy: ['RQUOTAv1/GETQUOTA/of-others', 'RQUOTAv1/GETQUOTA/of-root', 'RQUOTAv1/GETQUOTA/no-credential'],
    ...onRow(row(1, 'GETQUOTA'), (sound) => ({
      ...sound,
      handle: (args, call) =>
        sound.handle(args, {
          ...call,
          credential: { ...call.credential, unix: { machineName: Buffer.alloc(0), uid: 0, gid: 0, gids: [] } },
        }),
    })),
  },
  {
    name: 'getquota-first-group-alone',
    breaks: 'GETQUOTA looks at the first group of a caller only',
    caughtBy: ['RQUOTAv2/GETQUOTA/further-group'],
    ...onRow(row(2, 'GETQUOTA'), (sound) => ({
      ...sound,
      handle: (args, call) => {
        const { unix } = call.credential;
        const credential = { ...call.credential, unix: unix && { ...unix, gids: [] } };
        return sound.handle(args, { ...call, credential });
      },
    })),
  },
  {
    name: 'getquota-makes-up',
    breaks: 'GETQUOTA answers with zeros where there is no quota',
    caughtBy: [
      'RQUOTAv2/GETQUOTA/missing-path',
      'RQUOTAv2/GETQUOTA/nul-in-path',
      'RQUOTAv2/GETQUOTA/longest-path',
      'RQUOTAv2/GETQUOTA/unknown-type',
    ],
    ...onResult(row(2, 'GETQUOTA'), (res) => (res.status === Q_NOQUOTA ? { status: Q_OK, rquota: MADE_UP } : res)),
  },
  {
    name: 'getactivequota-refuses-all',
    breaks: 'GETACTIVEQUOTA answers Q_EPERM to everyone',
    caughtBy: ['RQUOTAv1/GETACTIVEQUOTA/own', 'RQUOTAv1/GETACTIVEQUOTA/by-root', 'RQUOTAv1/GETACTIVEQUOTA/udp'],
    ...onResult(row(1, 'GETACTIVEQUOTA'), () => ({ status: Q_EPERM })),
  },
  {
    name: 'setquota-does-not-refuse',
    breaks: 'SETQUOTA answers Q_NOQUOTA where it does not allow',
    caughtBy: ['RQUOTAv1/SETQUOTA/own', 'RQUOTAv1/SETQUOTA/of-others', 'RQUOTAv1/SETQUOTA/root-of-no-port'],
    ...onResult(row(1, 'SETQUOTA'), (res) => (res.status === Q_EPERM ? { status: Q_NOQUOTA } : res)),
  },
];
