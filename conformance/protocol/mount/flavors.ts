import { linux, must } from '../case.ts';
import { check, equal } from '../expect.ts';
import type { Version } from './tools.ts';
import { mnt, mountCases } from './tools.ts';

const AUTH_NONE = 0;
const AUTH_SYS = 1;

/** Version 3 tells which flavors the export takes (RFC 1813 §5.2.1). */
export const flavorCases = (version: Version) =>
  mountCases(version, 'MNT', '1', [
    linux('flavors-told', 'AUTH_SYS is among the flavors, where it works', { clause: 'RFC 2623 §2.7' }, async (t) => {
      const { flavors } = await mnt(t, version, t.target.options.path);
      const { status } = await t.nfs.GETATTR({ object: t.root });
      equal('GETATTR with AUTH_SYS', status, 'NFS3_OK');
      check(flavors.includes(AUTH_SYS), 'AUTH_SYS', flavors.join(', ') || 'no flavor');
    }),
    must('flavors-once', 'no flavor is told twice', async (t) => {
      const { flavors } = await mnt(t, version, t.target.options.path);
      equal('flavors', [...flavors], [...new Set(flavors)]);
    }),
    linux(
      'flavors-best-first',
      'AUTH_NONE does not come before AUTH_SYS: a client takes the first that it knows',
      { clause: 'RFC 2623 §2.7' },
      async (t) => {
        const { flavors } = await mnt(t, version, t.target.options.path);
        const [none, sys] = [flavors.indexOf(AUTH_NONE), flavors.indexOf(AUTH_SYS)];
        check(none < 0 || sys < none, 'AUTH_SYS first', flavors.join(', '));
      },
    ),
  ]);
