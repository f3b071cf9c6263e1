import { type Case, cases, linux, must } from '../case.ts';
import { equal } from '../expect.ts';
import { handleOf as handleOf3, newFolder as newFolder3 } from '../nfs3/tools.ts';
import { BOB, CAROL } from '../target.ts';
import {
  acls,
  DEFAULT,
  entry,
  GROUP_OBJ,
  hasEntries,
  MASK,
  minimal,
  NFS_DFACL,
  NFS_DFACLCNT,
  OTHER,
  USER,
  USER_OBJ,
} from './acls.ts';
import { type AclVersion, aclsOf, hasStatus, newFile, newFileIn, newFolder, set } from './tools.ts';

const OF_FOLDER = minimal(7, 5, 5);
/** What is made inside is open to BOB, and to nobody else. */
const INHERITED = [entry(USER_OBJ, 7), entry(USER, 7, BOB.uid), entry(GROUP_OBJ, 5), entry(MASK, 7), entry(OTHER, 0)];

/** Default ACLs, which directories have for what is made in them. */
export function directoryCases(version: AclVersion): Case[] {
  return cases({ program: version.program, procedure: 'default ACLs', clause: 'acl(5): OBJECT CREATION' }, [
    must('kept', 'a default ACL: GETACL tells what was set, and the access ACL', async (t) => {
      const folder = await newFolder(t, version);
      await set(t, version, folder, acls(OF_FOLDER, INHERITED));
      const { access, default: inherited } = await aclsOf(t, version, folder);
      hasEntries('access ACL', access, OF_FOLDER);
      hasEntries('default ACL', inherited, INHERITED);
    }),
    linux('flagged', 'its entries are flagged', { clause: 'linux/nfsacl.h: NFS_ACL_DEFAULT' }, async (t) => {
      const folder = await newFolder(t, version);
      await set(t, version, folder, acls(OF_FOLDER, INHERITED));
      const { entries } = (await aclsOf(t, version, folder)).default;
      equal(
        'flags',
        entries.map(({ type }) => type & DEFAULT),
        INHERITED.map(() => DEFAULT),
      );
    }),
    must('counted', 'asked for its count alone: the count', async (t) => {
      const folder = await newFolder(t, version);
      await set(t, version, folder, acls(OF_FOLDER, INHERITED));
      const { access, default: inherited } = await aclsOf(t, version, folder, NFS_DFACLCNT);
      equal('default ACL', inherited, { count: INHERITED.length, entries: [] });
      equal('access entries', access.entries, []);
    }),
    must('alone', 'asked for alone: no entries of the access ACL', async (t) => {
      const folder = await newFolder(t, version);
      await set(t, version, folder, acls(OF_FOLDER, INHERITED));
      const { access, default: inherited } = await aclsOf(t, version, folder, NFS_DFACL);
      hasEntries('default ACL', inherited, INHERITED);
      equal('access entries', access.entries, []);
    }),
    must('mode-stays', "it does not change the directory's own mode", async (t) => {
      const folder = await newFolder(t, version);
      await set(t, version, folder, acls(OF_FOLDER, INHERITED));
      equal('mode', (await version.attributesOf(t, folder)).mode, 0o755);
    }),
    must('taken-away', 'an empty one takes it away', async (t) => {
      const folder = await newFolder(t, version);
      await set(t, version, folder, acls(OF_FOLDER, INHERITED));
      await set(t, version, folder, acls(OF_FOLDER, []));
      equal('default ACL', (await aclsOf(t, version, folder)).default, { count: 0, entries: [] });
    }),
    linux('on-a-file', 'of a regular file: refused', { clause: 'linux/fs/posix_acl.c' }, async (t) => {
      const file = await newFile(t, version);
      hasStatus(await version.setAcl(t, file, acls(minimal(6, 4, 0), INHERITED)), 'ACCES', 'PERM', 'INVAL', 'IO');
      equal('default ACL', (await aclsOf(t, version, file)).default, { count: 0, entries: [] });
    }),
    must(
      'inherited-by-file',
      'a file made inside has it for its access ACL, less what its mode takes away',
      async (t) => {
        await set(t, version, await newFolder(t, version), acls(OF_FOLDER, INHERITED));
        await newFileIn(t, 'folder', 'inside', 0o660);
        const file = await version.handleOf(t, 'folder', 'inside');
        const expected = [
          entry(USER_OBJ, 6),
          entry(USER, 7, BOB.uid),
          entry(GROUP_OBJ, 5),
          entry(MASK, 6),
          entry(OTHER, 0),
        ];
        hasEntries('access ACL', (await aclsOf(t, version, file)).access, expected);
      },
    ),
    must('inherited-by-directory', 'a directory made inside has it for both', async (t) => {
      await set(t, version, await newFolder(t, version), acls(OF_FOLDER, INHERITED));
      await newFolder3(t, 'inside', { dir: await handleOf3(t.nfs, await t.folder(), 'folder'), mode: 0o777 });
      const inside = await version.handleOf(t, 'folder', 'inside');
      const { access, default: inherited } = await aclsOf(t, version, inside);
      hasEntries('access ACL', access, INHERITED);
      hasEntries('default ACL', inherited, INHERITED);
    }),
    must(
      'named-user-of-new-file',
      'whom it names may use what is made inside, others not',
      { needs: ['users'] },
      async (t) => {
        await set(t, version, await newFolder(t, version), acls(OF_FOLDER, INHERITED));
        await newFileIn(t, 'folder', 'inside', 0o666);
        const file = await version.handleOf(t, 'folder', 'inside');
        equal(
          'READ and WRITE by whom it names',
          [await version.read(t, file, BOB), await version.write(t, file, BOB)],
          ['OK', 'OK'],
        );
        const stranger = { uid: CAROL.uid, gid: CAROL.gid };
        equal('READ by others', await version.read(t, file, stranger), 'ACCES');
      },
    ),
    must('mode-limits', 'a file made with mode 0600 inside is for its owner alone', { needs: ['users'] }, async (t) => {
      await set(t, version, await newFolder(t, version), acls(OF_FOLDER, INHERITED));
      await newFileIn(t, 'folder', 'inside', 0o600);
      const file = await version.handleOf(t, 'folder', 'inside');
      equal('READ', await version.read(t, file, BOB), 'ACCES');
    }),
  ]);
}
