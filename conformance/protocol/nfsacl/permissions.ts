import { type Case, cases, must } from '../case.ts';
import { equal, ok } from '../expect.ts';
import { handleOf as handleOf3 } from '../nfs3/tools.ts';
import { ALICE, BOB, CAROL } from '../target.ts';
import { acls, entry, GROUP, hasEntries, minimal, USER, withNamed } from './acls.ts';
import { type AclVersion, aclsOf, newFile, set, setMode } from './tools.ts';

/** A group that nobody of the suite has for an own one. */
const TEAM = 20_777;
/** READ and WRITE. */
const READ_ONLY = ['OK', 'ACCES'];
const BOTH = ['OK', 'OK'];
const NEITHER = ['ACCES', 'ACCES'];

/** That ACLs are not only kept, but decide. */
export function permissionCases(version: AclVersion): Case[] {
  const about = { program: version.program, procedure: 'permissions', clause: 'acl(5): ACCESS CHECK ALGORITHM' };
  const tried = async (...[t, file, user]: Parameters<AclVersion['read']>) => [
    await version.read(t, file, user),
    await version.write(t, file, user),
  ];

  return cases(about, [
    must('named-user', 'a named user has what the entry gives, others have not', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      equal('READ and WRITE before', await tried(t, file, BOB), NEITHER);
      await set(t, version, file, acls(withNamed([entry(USER, 6, BOB.uid)])));
      equal('READ and WRITE', await tried(t, file, BOB), BOTH);
      equal('READ and WRITE by another', await tried(t, file, { uid: CAROL.uid, gid: CAROL.gid }), NEITHER);
    }),
    must('read-alone', 'a named user with r-- may read, and not write', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      await set(t, version, file, acls(withNamed([entry(USER, 4, BOB.uid)])));
      equal('READ and WRITE', await tried(t, file, BOB), READ_ONLY);
    }),
    must('mask', 'the mask takes away from named users', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      await set(t, version, file, acls(withNamed([entry(USER, 6, BOB.uid)], 4)));
      equal('READ and WRITE', await tried(t, file, BOB), READ_ONLY);
    }),
    must('shut-out', 'a named user with --- may not what others may', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      const entries = [entry(USER, 0, BOB.uid), ...minimal(6, 6, 6)].sort((a, b) => a.type - b.type);
      await set(t, version, file, acls(entries));
      equal('READ and WRITE', await tried(t, file, BOB), NEITHER);
      equal('READ and WRITE by another', await tried(t, file, { uid: CAROL.uid, gid: CAROL.gid }), BOTH);
    }),
    must('named-group', 'members of a named group have what the entry gives', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      await set(t, version, file, acls(withNamed([entry(GROUP, 4, TEAM)])));
      equal('READ and WRITE', await tried(t, file, { uid: BOB.uid, gid: TEAM }), READ_ONLY);
      equal('READ and WRITE by who is no member', await tried(t, file, BOB), NEITHER);
    }),
    must('further-group', 'also who is in the named group by a further group', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      await set(t, version, file, acls(withNamed([entry(GROUP, 4, TEAM)])));
      equal('READ and WRITE', await tried(t, file, { ...BOB, gids: [TEAM] }), READ_ONLY);
    }),
    must('owner-not-masked', 'the mask takes nothing away from the owner', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      await set(t, version, file, acls(withNamed([entry(USER, 6, BOB.uid)], 0)));
      equal('READ and WRITE by the owner', await tried(t, file, ALICE), BOTH);
      equal('READ and WRITE by the named user', await tried(t, file, BOB), NEITHER);
    }),
    must('chmod-sets-mask', "chmod's group bits are the mask", { needs: ['users'], clause: 'acl(5)' }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      await set(t, version, file, acls(withNamed([entry(USER, 6, BOB.uid)])));
      await setMode(t, await handleOf3(t.nfs, await t.folder(), 'file'), 0o640);
      equal('READ and WRITE', await tried(t, file, BOB), READ_ONLY);
      hasEntries('access ACL', (await aclsOf(t, version, file)).access, withNamed([entry(USER, 6, BOB.uid)], 4));
    }),
    must('taken-away', 'when the ACL is taken away, so are the permissions', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      await set(t, version, file, acls(withNamed([entry(USER, 6, BOB.uid)])));
      equal('READ and WRITE before', await tried(t, file, BOB), BOTH);
      await set(t, version, file, acls(minimal(6, 0, 0)));
      equal('READ and WRITE', await tried(t, file, BOB), NEITHER);
    }),
    must('renamed', 'a file takes its ACL along when it is renamed', async (t) => {
      const file = await newFile(t, version);
      await set(t, version, file, acls(withNamed([entry(USER, 4, BOB.uid)])));
      const dir = await t.folder();
      ok(await t.nfs.RENAME({ from: { dir, name: 'file' }, to: { dir, name: 'renamed' } }));
      const { access } = await aclsOf(t, version, await version.handleOf(t, 'renamed'));
      hasEntries('access ACL', access, withNamed([entry(USER, 4, BOB.uid)]));
    }),
  ]);
}
