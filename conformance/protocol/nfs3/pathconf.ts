import { cases, must, should } from '../case.ts';
import { check, equal, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import { attributesOf, newFile, sattr, statusOfName, tellsTruth } from './tools.ts';

export const PATHCONF = cases({ program: NFS3, procedure: 'PATHCONF', clause: 'RFC 1813 §3.3.20' }, [
  must('name-max', 'a name of name_max bytes can be made', async (t) => {
    const dir = await t.folder();
    const { name_max } = ok(await t.nfs.PATHCONF({ object: dir }));
    const name = 'n'.repeat(name_max);
    await newFile(t, name);
    equal('LOOKUP', await statusOfName(t.nfs, dir, name), 'NFS3_OK');
  }),
  must('no-trunc', 'no_trunc: a longer name is refused, not cut', async (t) => {
    const dir = await t.folder();
    const { name_max, no_trunc } = ok(await t.nfs.PATHCONF({ object: dir }));
    const how = { mode: 'UNCHECKED', obj_attributes: sattr() } as const;
    const { status } = await t.nfs.CREATE({ where: { dir, name: 'n'.repeat(name_max + 1) }, how });
    equal('CREATE', status, no_trunc ? 'NFS3ERR_NAMETOOLONG' : 'NFS3_OK');
  }),
  must('linkmax', 'linkmax is more than 1 where links can be made', async (t) => {
    const { linkmax } = ok(await t.nfs.PATHCONF({ object: await t.folder() }));
    const { status } = await t.nfs.LINK({ file: await newFile(t), link: { dir: await t.folder(), name: 'two' } });
    check(status !== 'NFS3_OK' || linkmax >= 2, 'at least 2', `${linkmax}`);
  }),
  must('case-insensitive', 'case_insensitive tells whether "A" finds "a"', async (t) => {
    const dir = await t.folder();
    const { case_insensitive } = ok(await t.nfs.PATHCONF({ object: dir }));
    await newFile(t, 'lower');
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'LOWER'), case_insensitive ? 'NFS3_OK' : 'NFS3ERR_NOENT');
  }),
  must('case-preserving', 'case_preserving tells whether names come back as they were given', async (t) => {
    const dir = await t.folder();
    const { case_preserving } = ok(await t.nfs.PATHCONF({ object: dir }));
    await newFile(t, 'MiXed');
    const { reply } = ok(await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: Buffer.alloc(8), count: 4096 }));
    equal(
      'kept',
      reply.entries.some(({ name }) => name === 'MiXed'),
      case_preserving,
    );
  }),
  must('attributes-true', 'told attributes are true', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const object = await t.folder();
    tellsTruth(
      'obj_attributes',
      ok(await t.nfs.PATHCONF({ object })).obj_attributes,
      await attributesOf(t.nfs, object),
    );
  }),
  should('attributes-told', 'attributes come with it', async (t) => {
    present('obj_attributes', ok(await t.nfs.PATHCONF({ object: t.root })).obj_attributes);
  }),
  ...handleCases((t, object) => t.nfs.PATHCONF({ object })),
]);
