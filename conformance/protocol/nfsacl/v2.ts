import { type Case, cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { equal, NotApplicable, ok } from '../expect.ts';
import { handleCases } from '../nfs2/common.ts';
import { attributesOf, newFile, newFolder, newLink, tellsTruth } from '../nfs2/tools.ts';
import { ACL2 } from '../programs/nfsacl.ts';
import type { User } from '../rpc/client.ts';
import { ALICE, BOB, CAROL, ROOT } from '../target.ts';
import { acls, entry, hasEntries, USER, withNamed } from './acls.ts';
import { aclsOf, set, V2, V3 } from './tools.ts';

/** Bits of ACCESS, as in NFSv3. */
const READ = 0x01;
const LOOKUP = 0x02;
const MODIFY = 0x04;
const EXTEND = 0x08;
const DELETE = 0x10;
const EXECUTE = 0x20;
const ALL = READ | LOOKUP | MODIFY | EXTEND | DELETE | EXECUTE;
/** What has a meaning for a regular file. */
const OF_FILE = READ | MODIFY | EXTEND | EXECUTE;
const OF_DIRECTORY = READ | LOOKUP | MODIFY | EXTEND;

async function granted(t: Context, fh: Buffer, user: User = ALICE, access = ALL): Promise<number> {
  return ok(await t.on(ACL2, user).ACCESS({ fh, access })).access;
}

/** The two procedures of version 2 that NFSv3 has itself. */
const GETATTR = cases({ program: ACL2, procedure: 'GETATTR', clause: 'nfsacl_prot.x: GETATTR' }, [
  must('as-nfs', 'what GETATTR of NFSv2 tells: of a file, a directory and a link', async (t) => {
    for (const fh of [await newFile(t, 'file', { data: 'abc' }), await newFolder(t), await newLink(t)]) {
      tellsTruth(ok(await t.on(ACL2).GETATTR({ fh })).attributes, await attributesOf(t, fh));
    }
  }),
  must('no-permission-needed', 'needs no permission on the object', { needs: ['users'] }, async (t) => {
    equal('size', ok(await t.on(ACL2, BOB).GETATTR({ fh: await newFile(t, 'file', { mode: 0 }) })).attributes.size, 0);
  }),
  ...handleCases((t, fh) => t.on(ACL2).GETATTR({ fh })),
]);

const ACCESS = cases({ program: ACL2, procedure: 'ACCESS', clause: 'nfsacl_prot.x: ACCESS' }, [
  must('owner', 'the owner of a file of mode 0640: READ, MODIFY, EXTEND', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o640 });
    equal('access', (await granted(t, file)) & OF_FILE, READ | MODIFY | EXTEND);
  }),
  must('group', 'its group: READ', { needs: ['users'] }, async (t) => {
    equal('access', (await granted(t, await newFile(t, 'file', { mode: 0o640 }), CAROL)) & OF_FILE, READ);
  }),
  must('others', 'others: nothing', { needs: ['users'] }, async (t) => {
    equal('access', (await granted(t, await newFile(t, 'file', { mode: 0o640 }), BOB)) & OF_FILE, 0);
  }),
  must('execute', 'a file of mode 0711 for others: EXECUTE alone', { needs: ['users'] }, async (t) => {
    const access = await granted(t, await newFile(t, 'file', { mode: 0o711 }), BOB);
    equal('access', access & (MODIFY | EXTEND | EXECUTE), EXECUTE);
  }),
  must('directory', 'a directory: its owner all, others by its mode', { needs: ['users'] }, async (t) => {
    equal('access', (await granted(t, await newFolder(t, 'hers', { mode: 0o700 }))) & OF_DIRECTORY, OF_DIRECTORY);
    equal('access to 0744', (await granted(t, await newFolder(t, 'r', { mode: 0o744 }), BOB)) & OF_DIRECTORY, READ);
    equal('access to 0711', (await granted(t, await newFolder(t, 'x', { mode: 0o711 }), BOB)) & OF_DIRECTORY, LOOKUP);
  }),
  must('root', "root may read and write everybody's file", { needs: ['root'] }, async (t) => {
    const access = await granted(t, await newFile(t, 'file', { mode: 0 }), ROOT);
    equal('access', access & (READ | MODIFY | EXTEND), READ | MODIFY | EXTEND);
  }),
  must('only-what-was-asked', 'nothing is granted that was not asked for', async (t) => {
    const file = await newFile(t, 'file', { mode: 0o700 });
    for (const asked of [0, READ, MODIFY, READ | EXECUTE]) {
      equal(`access beyond 0x${asked.toString(16)}`, (await granted(t, file, ALICE, asked)) & ~asked, 0);
    }
  }),
  should('unknown-bits', 'bits without a meaning are not granted', async (t) => {
    const access = await granted(t, await newFile(t, 'file', { mode: 0o777 }), ALICE, 0xffff_ffff);
    equal('bits above 0x3f', (access & ~ALL) >>> 0, 0);
  }),
  must('by-acl', 'it knows of ACLs, which the mode does not tell', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o600 });
    equal('access before', (await granted(t, file, BOB)) & OF_FILE, 0);
    await set(t, V2, file, acls(withNamed([entry(USER, 6, BOB.uid)])));
    equal('access', (await granted(t, file, BOB)) & OF_FILE, READ | MODIFY | EXTEND);
  }),
  must('attributes-true', 'the attributes that come with it are true', async (t) => {
    const fh = await newFile(t, 'file', { data: 'abc' });
    tellsTruth(ok(await t.on(ACL2).ACCESS({ fh, access: ALL })).attr, await attributesOf(t, fh));
  }),
  ...handleCases((t, fh) => t.on(ACL2).ACCESS({ fh, access: ALL })),
]);

const BESIDE_V3 = cases({ program: ACL2, procedure: 'beside version 3', clause: 'nfsacl_prot.x' }, [
  linux('one-acl', 'both versions tell and set the same ACL', async (t) => {
    await newFile(t);
    const missing = await t.target.missing(V3.program);
    if (missing !== undefined) throw new NotApplicable(missing);
    const [old, now] = [await V2.handleOf(t, 'file'), await V3.handleOf(t, 'file')];
    const first = withNamed([entry(USER, 6, BOB.uid)]);
    await set(t, V2, old, acls(first));
    hasEntries('access ACL by version 3', (await aclsOf(t, V3, now)).access, first);
    const second = withNamed([entry(USER, 4, CAROL.uid)]);
    await set(t, V3, now, acls(second));
    hasEntries('access ACL by version 2', (await aclsOf(t, V2, old)).access, second);
  }),
]);

export const v2Cases: readonly Case[] = [...GETATTR, ...ACCESS, ...BESIDE_V3];
