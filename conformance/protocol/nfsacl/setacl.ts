import { type Case, cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, present } from '../expect.ts';
import { GARBAGE_HANDLE, staleHandle as staleHandle2 } from '../nfs2/tools.ts';
import { staleHandle as staleHandle3 } from '../nfs3/tools.ts';
import { BOB, CAROL, ROOT } from '../target.ts';
import {
  type aclent,
  acls,
  entry,
  GROUP,
  GROUP_OBJ,
  hasEntries,
  MASK,
  minimal,
  OTHER,
  sorted,
  USER,
  USER_OBJ,
  withNamed,
} from './acls.ts';
import { type AclVersion, aclsOf, hasStatus, isRefused, newFile, set, V3 } from './tools.ts';

const FOR_BOB = withNamed([entry(USER, 6, BOB.uid)]);

/** ACLs that are none, and why. */
const SENSELESS: readonly [name: string, what: string, entries: readonly aclent[]][] = [
  ['no-owner', "without the owner's entry", FOR_BOB.filter(({ type }) => type !== USER_OBJ)],
  ['no-group', "without the group's entry", FOR_BOB.filter(({ type }) => type !== GROUP_OBJ)],
  ['no-other', "without others' entry", FOR_BOB.filter(({ type }) => type !== OTHER)],
  ['no-mask', 'with a named user, without a mask', FOR_BOB.filter(({ type }) => type !== MASK)],
  ['two-owners', 'with two entries of the owner', sorted([...FOR_BOB, entry(USER_OBJ, 4)])],
  ['two-masks', 'with two masks', sorted([...FOR_BOB, entry(MASK, 4)])],
  ['permission-8', 'with a permission that is none', withNamed([entry(USER, 8, BOB.uid)])],
  ['unknown-type', 'with an entry of a type that is none', [...FOR_BOB, entry(0x40, 4)]],
];

export function setaclCases(version: AclVersion): Case[] {
  const stale = version === V3 ? staleHandle3 : staleHandle2;

  /** Sets an access ACL on a new file, and throws unless it is the one that the file has then. */
  async function isKept(t: Context, entries: readonly aclent[], expected = entries): Promise<Buffer> {
    const file = await newFile(t, version);
    await set(t, version, file, acls(entries));
    hasEntries('access ACL', (await aclsOf(t, version, file)).access, expected);
    return file;
  }

  return cases({ program: version.program, procedure: 'SETACL', clause: 'nfsacl_prot.x: SETACL' }, [
    must('named-user', 'a named user: GETACL tells what was set', async (t) => {
      await isKept(t, FOR_BOB);
    }),
    must('named-group', 'a named group', async (t) => {
      await isKept(t, withNamed([entry(GROUP, 5, BOB.gid)], 5));
    }),
    must('many', 'thirty named users and groups', async (t) => {
      const users = Array.from({ length: 15 }, (_, index) => entry(USER, index & 7, 30_000 + index));
      const groups = Array.from({ length: 15 }, (_, index) => entry(GROUP, index & 7, 40_000 + index));
      await isKept(t, withNamed([...users, ...groups], 7));
    }),
    must('large-ids', 'ids above 2 to the power of 31: they are unsigned', async (t) => {
      await isKept(t, withNamed([entry(USER, 4, 0xffff_fff0), entry(USER, 2, 0x8000_0000)]));
    }),
    must('mask-less-than-entries', 'a mask that takes away: entries stay as they were set', async (t) => {
      await isKept(t, withNamed([entry(USER, 7, BOB.uid)], 4));
    }),
    linux(
      'any-order',
      'entries in any order are taken, and come back in that of their types',
      { clause: 'acl(5)' },
      async (t) => {
        const entries = withNamed([entry(USER, 4, 30_002), entry(USER, 6, 30_001), entry(GROUP, 4, 30_003)]);
        const file = await isKept(t, [...entries].reverse(), entries);
        const keys = (await aclsOf(t, version, file)).access.entries.map(({ type }) => type);
        equal(
          'types',
          keys,
          entries.map(({ type }) => type),
        );
      },
    ),
    linux('three-entries', 'three entries without a mask: a mode', { clause: 'acl(5)' }, async (t) => {
      const entries = [entry(USER_OBJ, 6), entry(GROUP_OBJ, 4), entry(OTHER, 4)];
      const file = await isKept(t, entries, minimal(6, 4, 4));
      equal('mode', (await version.attributesOf(t, file)).mode, 0o644);
    }),
    must('minimal', 'an ACL that says no more than a mode sets the mode', async (t) => {
      const file = await isKept(t, minimal(7, 5, 1));
      equal('mode', (await version.attributesOf(t, file)).mode, 0o751);
    }),
    must(
      'mode-follows',
      "owner's, mask's and others' permissions are those of the mode",
      { clause: 'acl(5)' },
      async (t) => {
        const file = await newFile(t, version, 'file', 0o600);
        await set(t, version, file, acls(withNamed([entry(USER, 2, BOB.uid)], 3)));
        equal('mode', (await version.attributesOf(t, file)).mode, 0o630);
      },
    ),
    must('replaces', 'another ACL takes the place of the first', async (t) => {
      const file = await isKept(t, FOR_BOB);
      const second = withNamed([entry(USER, 4, CAROL.uid)]);
      await set(t, version, file, acls(second));
      hasEntries('access ACL', (await aclsOf(t, version, file)).access, second);
    }),
    must('taken-away', 'a minimal one takes named users away', async (t) => {
      const file = await isKept(t, FOR_BOB);
      await set(t, version, file, acls(minimal(6, 4, 0)));
      hasEntries('access ACL', (await aclsOf(t, version, file)).access, minimal(6, 4, 0));
    }),
    ...SENSELESS.map(([name, what, entries]) =>
      must(name, `${what}: refused, and nothing is changed`, { clause: 'acl(5)' }, async (t) => {
        const file = await isKept(t, FOR_BOB);
        await isRefused(`an ACL ${what}`, version.setAcl(t, file, acls(entries)));
        hasEntries('access ACL', (await aclsOf(t, version, file)).access, FOR_BOB);
      }),
    ),
    must('count-not-true', 'a count that is not that of the entries: refused', async (t) => {
      const file = await isKept(t, FOR_BOB);
      const { mask, access, default: inherited } = acls(minimal(7, 7, 7));
      const lying = { mask, access: { ...access, count: 3 }, default: inherited };
      await isRefused('a count that is not true', version.setAcl(t, file, lying));
      hasEntries('access ACL', (await aclsOf(t, version, file)).access, FOR_BOB);
    }),
    linux(
      'too-many',
      'more than 1024 entries: refused, and nothing is changed',
      { clause: 'linux/nfsacl.h: NFS_ACL_MAX_ENTRIES' },
      async (t) => {
        const file = await isKept(t, FOR_BOB);
        const users = Array.from({ length: 1100 }, (_, index) => entry(USER, 4, 50_000 + index));
        await isRefused('1104 entries', version.setAcl(t, file, acls(withNamed(users))));
        hasEntries('access ACL', (await aclsOf(t, version, file)).access, FOR_BOB);
      },
    ),
    must('owner-alone', "another's file: refused, and its ACL stays", { needs: ['users'] }, async (t) => {
      const file = await isKept(t, FOR_BOB);
      hasStatus(await version.setAcl(t, file, acls(minimal(7, 7, 7)), BOB), 'PERM', 'ACCES');
      hasEntries('access ACL', (await aclsOf(t, version, file)).access, FOR_BOB);
    }),
    must('by-root', 'root may', { needs: ['root'] }, async (t) => {
      const file = await newFile(t, version);
      await set(t, version, file, acls(FOR_BOB), ROOT);
      hasEntries('access ACL', (await aclsOf(t, version, file)).access, FOR_BOB);
    }),
    linux('ctime-moves', "the file's ctime moves on", { clause: 'stat(2)' }, async (t) => {
      const file = await newFile(t, version);
      const { ctime: before } = await version.attributesOf(t, file);
      await t.tick();
      await set(t, version, file, acls(FOR_BOB));
      const { ctime: after } = await version.attributesOf(t, file);
      const moved =
        after.seconds > before.seconds || (after.seconds === before.seconds && after.fraction > before.fraction);
      check(moved, `later than ${before.seconds}.${before.fraction}`, `${after.seconds}.${after.fraction}`);
    }),
    must('attributes-true', 'attributes that come with it are those from after', async (t) => {
      const file = await newFile(t, version);
      const { attr } = await set(t, version, file, acls(withNamed([entry(USER, 4, BOB.uid)], 7)));
      if (attr !== undefined) equal('attributes', attr, await version.attributesOf(t, file));
    }),
    should('attributes-told', 'attributes come with it', async (t) => {
      present('attributes', (await set(t, version, await newFile(t, version), acls(FOR_BOB))).attr);
    }),
    must('stale', 'a removed file: stale', async (t) => {
      hasStatus(await version.setAcl(t, await stale(t), acls(FOR_BOB)), 'STALE');
    }),
    must('garbage-handle', 'a handle of no server: refused', async (t) => {
      hasStatus(await version.setAcl(t, GARBAGE_HANDLE, acls(FOR_BOB)), 'STALE', 'BADHANDLE');
    }),
  ]);
}
