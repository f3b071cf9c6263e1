import { cases, linux, must, should } from '../case.ts';
import { check, equal, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import { attributesOf, newFile, newLink, sattr, tellsTruth } from './tools.ts';

const FSF3_LINK = 0x0001;
const FSF3_SYMLINK = 0x0002;
const FSF3_HOMOGENEOUS = 0x0008;
const FSF3_CANSETTIME = 0x0010;
const KNOWN = FSF3_LINK | FSF3_SYMLINK | FSF3_HOMOGENEOUS | FSF3_CANSETTIME;
const LONG_AGO = { seconds: 1_000_000_000, nseconds: 0 };

export const FSINFO = cases({ program: NFS3, procedure: 'FSINFO', clause: 'RFC 1813 §3.3.19' }, [
  must('read-sizes', 'rtpref is at most rtmax, neither is 0', async (t) => {
    const { rtmax, rtpref } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
    check(rtpref > 0 && rtpref <= rtmax, '0 < rtpref <= rtmax', `${rtpref}, ${rtmax}`);
  }),
  must('write-sizes', 'wtpref is at most wtmax, neither is 0', async (t) => {
    const { wtmax, wtpref } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
    check(wtpref > 0 && wtpref <= wtmax, '0 < wtpref <= wtmax', `${wtpref}, ${wtmax}`);
  }),
  must('multiples', 'rtmult and wtmult are not 0', async (t) => {
    const { rtmult, wtmult } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
    check(rtmult > 0 && wtmult > 0, 'multiples above 0', `${rtmult}, ${wtmult}`);
  }),
  linux(
    'page-sized',
    'transfers of at least 4 KiB, and dtpref not 0: a client takes its sizes from these',
    { clause: 'nfs(5): rsize' },
    async (t) => {
      const { rtmax, wtmax, dtpref } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
      check(
        rtmax >= 4096 && wtmax >= 4096 && dtpref > 0,
        'rtmax and wtmax of 4096 and more',
        `${rtmax}, ${wtmax}, ${dtpref}`,
      );
    },
  ),
  must('maxfilesize', 'maxfilesize is above 2^31 - 1, and a file can have it or be refused', async (t) => {
    const { maxfilesize } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
    check(maxfilesize >= 2n ** 31n - 1n, 'at least 2^31 - 1', `${maxfilesize}`);
  }),
  must('time-delta', 'time_delta is a time, and not 0', async (t) => {
    const { time_delta } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
    const { seconds, nseconds } = time_delta;
    check(nseconds < 1e9 && seconds + nseconds > 0, 'a time above 0', `${seconds} s ${nseconds} ns`);
  }),
  must('properties-known', 'properties have no bits without a meaning', async (t) => {
    equal('other bits', (ok(await t.nfs.FSINFO({ fsroot: t.root })).properties & ~KNOWN) >>> 0, 0);
  }),
  must('symlinks-true', 'FSF3_SYMLINK: symbolic links can be made, or cannot', async (t) => {
    const { properties } = ok(await t.nfs.FSINFO({ fsroot: await t.folder() }));
    const where = { dir: await t.folder(), name: 'symlink' };
    const { status } = await t.nfs.SYMLINK({ where, symlink: { symlink_attributes: sattr(), symlink_data: 'x' } });
    equal('made', status === 'NFS3_OK', (properties & FSF3_SYMLINK) !== 0);
  }),
  must('links-true', 'FSF3_LINK: hard links can be made, or cannot', async (t) => {
    const { properties } = ok(await t.nfs.FSINFO({ fsroot: await t.folder() }));
    const { status } = await t.nfs.LINK({ file: await newFile(t), link: { dir: await t.folder(), name: 'two' } });
    equal('made', status === 'NFS3_OK', (properties & FSF3_LINK) !== 0);
  }),
  must('set-time-true', 'FSF3_CANSETTIME: times can be set by the client', async (t) => {
    const file = await newFile(t);
    const { properties } = ok(await t.nfs.FSINFO({ fsroot: file }));
    const new_attributes = sattr({ mtime: { set_it: 'SET_TO_CLIENT_TIME', time: LONG_AGO } });
    await t.nfs.SETATTR({ object: file, new_attributes, guard: undefined });
    const isSet = (await attributesOf(t.nfs, file)).mtime.seconds === LONG_AGO.seconds;
    equal('set', isSet, (properties & FSF3_CANSETTIME) !== 0);
  }),
  must(
    'homogeneous-true',
    'FSF3_HOMOGENEOUS: PATHCONF is the same everywhere',
    { clause: 'RFC 1813 §3.3.19' },
    async (t) => {
      const { properties } = ok(await t.nfs.FSINFO({ fsroot: await t.folder() }));
      const limits = async (object: Buffer) => {
        const { obj_attributes: _, ...rest } = ok(await t.nfs.PATHCONF({ object }));
        return rest;
      };
      const [a, b] = [await limits(await t.folder()), await limits(await newFile(t))];
      if ((properties & FSF3_HOMOGENEOUS) !== 0) equal('PATHCONF', b, a);
    },
  ),
  must('any-object', 'asked of a file or a link: the same as of the root of its file system', async (t) => {
    const { obj_attributes: _, ...ofFolder } = ok(await t.nfs.FSINFO({ fsroot: await t.folder() }));
    const { obj_attributes: __, ...ofLink } = ok(await t.nfs.FSINFO({ fsroot: await newLink(t) }));
    equal('FSINFO', ofLink, ofFolder);
  }),
  must('attributes-true', 'told attributes are true', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const fsroot = await t.folder();
    tellsTruth('obj_attributes', ok(await t.nfs.FSINFO({ fsroot })).obj_attributes, await attributesOf(t.nfs, fsroot));
  }),
  should('attributes-told', 'attributes come with it: a client mounts with them', async (t) => {
    present('obj_attributes', ok(await t.nfs.FSINFO({ fsroot: t.root })).obj_attributes);
  }),
  ...handleCases((t, fsroot) => t.nfs.FSINFO({ fsroot })),
]);
