import { type Case, cases, linux, must, should } from '../case.ts';
import { equal, present } from '../expect.ts';
import { GARBAGE_HANDLE, staleHandle as staleHandle2 } from '../nfs2/tools.ts';
import { handleOf as handleOf3, staleHandle as staleHandle3 } from '../nfs3/tools.ts';
import { ALICE, BOB } from '../target.ts';
import { GROUP_OBJ, hasEntries, minimal, NFS_ACL, NFS_ACLCNT, NFS_DFACL, NFS_DFACLCNT, USER_OBJ } from './acls.ts';
import { type AclVersion, aclsOf, hasStatus, newFile, newFolder, setMode, V3 } from './tools.ts';

/** The ACL of a file whose mode is 0640. */
const OF_0640 = minimal(6, 4, 0);

export function getaclCases(version: AclVersion): Case[] {
  const stale = version === V3 ? staleHandle3 : staleHandle2;
  return cases({ program: version.program, procedure: 'GETACL', clause: 'nfsacl_prot.x: GETACL' }, [
    linux('of-mode', 'a file without an ACL: that of its mode', { clause: 'linux/fs/nfsd/nfs3acl.c' }, async (t) => {
      const { access } = await aclsOf(t, version, await newFile(t, version));
      hasEntries('access ACL', access, OF_0640);
    }),
    linux('of-directory', 'the same of a directory', { clause: 'linux/fs/nfsd/nfs3acl.c' }, async (t) => {
      const { access } = await aclsOf(t, version, await newFolder(t, version, 'folder', 0o751));
      hasEntries('access ACL', access, minimal(7, 5, 1));
    }),
    linux('follows-chmod', 'it follows a change of mode at once', async (t) => {
      const file = await newFile(t, version);
      await setMode(t, await handleOf3(t.nfs, await t.folder(), 'file'), 0o604);
      hasEntries('access ACL', (await aclsOf(t, version, file)).access, minimal(6, 0, 4));
    }),
    linux(
      'ids-of-owners',
      "the owners' entries have their ids",
      { needs: ['users'], clause: 'linux/fs/nfs_common/nfsacl.c' },
      async (t) => {
        const { entries } = (await aclsOf(t, version, await newFile(t, version))).access;
        const idOf = (tag: number) => entries.find(({ type }) => type === tag)?.id;
        equal('ids', [idOf(USER_OBJ), idOf(GROUP_OBJ)], [ALICE.uid, ALICE.gid]);
      },
    ),
    linux('sorted', 'entries stand in the order of their types', { clause: 'acl(5)' }, async (t) => {
      const { entries } = (await aclsOf(t, version, await newFile(t, version))).access;
      const types = entries.map(({ type }) => type);
      equal(
        'types',
        types,
        [...types].sort((a, b) => a - b),
      );
    }),
    must('mask-told', 'the mask of the reply is the one that was asked with', async (t) => {
      const file = await newFile(t, version);
      for (const mask of [NFS_ACL, NFS_ACL | NFS_ACLCNT, NFS_ACL | NFS_DFACL]) {
        equal('mask', (await aclsOf(t, version, file, mask)).mask, mask);
      }
    }),
    must('access-alone', 'asked for the access ACL alone: no default ACL', async (t) => {
      const { access, default: inherited } = await aclsOf(t, version, await newFolder(t, version), NFS_ACL);
      hasEntries('access ACL', access, minimal(7, 5, 5));
      equal('default entries', inherited.entries, []);
    }),
    must('counts-alone', 'asked for counts alone: counts, and no entries', async (t) => {
      const folder = await newFolder(t, version);
      const { access, default: inherited } = await aclsOf(t, version, folder, NFS_ACLCNT | NFS_DFACLCNT);
      equal('entries', [access.entries, inherited.entries], [[], []]);
      equal('counts', [access.count, inherited.count], [4, 0]);
    }),
    must('nothing', 'asked for nothing: success, and nothing', async (t) => {
      const { access, default: inherited } = await aclsOf(t, version, await newFile(t, version), 0);
      equal('entries', [access.entries, inherited.entries], [[], []]);
    }),
    must('no-default', 'a directory without a default ACL: none', async (t) => {
      const { default: inherited } = await aclsOf(t, version, await newFolder(t, version), NFS_DFACL);
      equal('default ACL', inherited, { count: 0, entries: [] });
    }),
    linux(
      'unknown-bits',
      'bits of mask that mean nothing: an error',
      { clause: 'linux/fs/nfsd/nfs3acl.c' },
      async (t) => {
        hasStatus(await version.getAcl(t, await newFile(t, version), 0x10), 'INVAL', 'IO');
      },
    ),
    must('no-permission-needed', 'needs no permission on the file', { needs: ['users'] }, async (t) => {
      const file = await newFile(t, version, 'file', 0o600);
      hasStatus(await version.getAcl(t, file, NFS_ACL, BOB), 'OK');
    }),
    must('attributes-true', 'attributes that come with it are true', async (t) => {
      const file = await newFile(t, version);
      const { attr } = await version.getAcl(t, file);
      if (attr !== undefined) equal('attributes', attr, await version.attributesOf(t, file));
    }),
    should('attributes-told', 'attributes come with it', async (t) => {
      present('attributes', (await version.getAcl(t, await newFile(t, version))).attr);
    }),
    must('stale', 'a removed file: stale', async (t) => {
      hasStatus(await version.getAcl(t, await stale(t)), 'STALE');
    }),
    must('garbage-handle', 'a handle of no server: refused', async (t) => {
      hasStatus(await version.getAcl(t, GARBAGE_HANDLE), 'STALE', 'BADHANDLE');
    }),
  ]);
}
