import { cases, linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import type { Procedure } from '../programs/program.ts';
import { reply_msg } from '../programs/rpc.ts';
import { authSys, callMessage, exchange, newXid } from '../rpc/client.ts';
import { RpcRefused } from '../rpc/failures.ts';
import { TcpTransport } from '../rpc/tcp.ts';
import type { Transport } from '../rpc/transport.ts';
import { decode, encode, type Wire } from '../wire.ts';
import { ALICE, attributesOf, newFile, newFolder, sattr, statusOfName } from './tools.ts';

function messageOf<Args, Res>({ number, args }: Procedure<Args, Res>, value: Args, xid = newXid()): Buffer {
  return callMessage({ xid, prog: 100_003, vers: 3, proc: number, cred: authSys(ALICE), args: encode(args, value) });
}

async function resultOf<Args, Res>(transport: Transport, { res }: Procedure<Args, Res>, message: Buffer): Promise<Res> {
  return resultIn(await exchange(transport, message), { res });
}

function resultIn<Res>({ body }: reply_msg, { res }: { readonly res: Wire<Res> }): Res {
  if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') throw new RpcRefused('NFSv3', body);
  return decode(res, body.reply.results);
}

/** Sends one call twice, the second time when the first has been answered, and gives both statuses. */
async function twice<Args, Res extends { readonly status: string }>(
  t: Context,
  procedure: Procedure<Args, Res>,
  args: Args,
): Promise<string[]> {
  const tcp = await t.tcp();
  const message = messageOf(procedure, args);
  const first = await resultOf(tcp, procedure, message);
  const second = await resultOf(tcp, procedure, message);
  return [first.status, second.status];
}

const { CREATE, LINK, LOOKUP, MKDIR, MKNOD, REMOVE, RENAME, RMDIR, SETATTR, SYMLINK } = NFS3.procedures;
const BOTH_FINE = ['NFS3_OK', 'NFS3_OK'];
const guarded = { mode: 'GUARDED', obj_attributes: sattr() } as const;

/**
 * A client that got no reply sends its call again. A server that runs a REMOVE twice answers the second NFS3ERR_NOENT, and
 * a program fails without a reason (RFC 1813 §4.5).
 */
export const DUPLICATES = cases({ program: NFS3, procedure: 'duplicates', clause: 'RFC 1813 §4.5' }, [
  linux('remove', 'REMOVE sent twice: success twice', async (t) => {
    await newFile(t);
    equal('statuses', await twice(t, REMOVE, { object: { dir: await t.folder(), name: 'file' } }), BOTH_FINE);
  }),
  linux('rmdir', 'RMDIR sent twice: success twice', async (t) => {
    await newFolder(t);
    equal('statuses', await twice(t, RMDIR, { object: { dir: await t.folder(), name: 'folder' } }), BOTH_FINE);
  }),
  linux('rename', 'RENAME sent twice: success twice', async (t) => {
    const dir = await t.folder();
    await newFile(t, 'old');
    equal('statuses', await twice(t, RENAME, { from: { dir, name: 'old' }, to: { dir, name: 'new' } }), BOTH_FINE);
  }),
  linux('link', 'LINK sent twice: success twice, and one link', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t);
    equal('statuses', await twice(t, LINK, { file, link: { dir, name: 'two' } }), BOTH_FINE);
    equal('nlink', (await attributesOf(t.nfs, file)).nlink, 2);
  }),
  linux('create-guarded', 'CREATE GUARDED sent twice: success twice', async (t) => {
    const where = { dir: await t.folder(), name: 'new' };
    equal('statuses', await twice(t, CREATE, { where, how: guarded }), BOTH_FINE);
  }),
  linux('mkdir', 'MKDIR sent twice: success twice', async (t) => {
    const where = { dir: await t.folder(), name: 'new' };
    equal('statuses', await twice(t, MKDIR, { where, attributes: sattr() }), BOTH_FINE);
  }),
  linux('symlink', 'SYMLINK sent twice: success twice', async (t) => {
    const where = { dir: await t.folder(), name: 'new' };
    const symlink = { symlink_attributes: sattr(), symlink_data: 'target' };
    equal('statuses', await twice(t, SYMLINK, { where, symlink }), BOTH_FINE);
  }),
  linux('mknod', 'MKNOD sent twice: success twice', async (t) => {
    const where = { dir: await t.folder(), name: 'new' };
    const what = { type: 'NF3FIFO', pipe_attributes: sattr() } as const;
    equal('statuses', await twice(t, MKNOD, { where, what }), BOTH_FINE);
  }),
  linux('setattr-guarded', 'SETATTR with a guard sent twice: success twice', async (t) => {
    const object = await newFile(t);
    const { ctime: guard } = await attributesOf(t.nfs, object);
    await t.tick();
    const args = { object, new_attributes: sattr({ mode: 0o600 }), guard };
    equal('statuses', await twice(t, SETATTR, args), BOTH_FINE);
  }),
  linux('failure-too', 'a failed REMOVE sent twice: the same failure, though the name is there by then', async (t) => {
    const dir = await t.folder();
    const tcp = await t.tcp();
    const message = messageOf(REMOVE, { object: { dir, name: 'late' } });
    fails(await resultOf(tcp, REMOVE, message), 'NFS3ERR_NOENT');
    await newFile(t, 'late');
    fails(await resultOf(tcp, REMOVE, message), 'NFS3ERR_NOENT');
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'late'), 'NFS3_OK');
  }),
  linux('both-at-once', 'REMOVE twice in one go: no reply says that the name is missing', async (t) => {
    const dir = await t.folder();
    await newFile(t);
    const tcp = await t.tcp();
    const message = messageOf(REMOVE, { object: { dir, name: 'file' } });
    tcp.send(message);
    ok(await resultOf(tcp, REMOVE, message));
    // The other copy may be dropped while the first still runs; when it is answered, then with the same.
    const other = await tcp.reply(undefined, 500).catch(() => undefined);
    if (other !== undefined) ok(resultIn(decode(reply_msg, other), REMOVE));
  }),
  linux(
    'reconnected',
    'REMOVE again from the same port after the connection broke: success',
    { needs: ['privileged'] },
    async (t) => {
      const dir = await t.folder();
      await newFile(t);
      const message = messageOf(REMOVE, { object: { dir, name: 'file' } });
      const first = await t.tcp();
      const { localPort } = first;
      ok(await resultOf(first, REMOVE, message));
      first.close();
      const second = await TcpTransport.open(await t.target.endpoint(NFS3), { localPort });
      try {
        ok(await resultOf(second, REMOVE, message));
      } finally {
        second.close();
      }
    },
  ),
  must('same-xid-other-call', 'the same xid with other arguments is another call, and is run', async (t) => {
    const dir = await t.folder();
    const tcp = await t.tcp();
    const xid = newXid();
    ok(await resultOf(tcp, CREATE, messageOf(CREATE, { where: { dir, name: 'a' }, how: guarded }, xid)));
    ok(await resultOf(tcp, CREATE, messageOf(CREATE, { where: { dir, name: 'b' }, how: guarded }, xid)));
    equal('LOOKUP of the second', await statusOfName(t.nfs, dir, 'b'), 'NFS3_OK');
  }),
  must('same-xid-other-procedure', 'the same xid with another procedure is another call', async (t) => {
    const dir = await t.folder();
    const tcp = await t.tcp();
    const xid = newXid();
    const name = { dir, name: 'new' };
    ok(await resultOf(tcp, MKDIR, messageOf(MKDIR, { where: name, attributes: sattr() }, xid)));
    ok(await resultOf(tcp, RMDIR, messageOf(RMDIR, { object: name }, xid)));
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'new'), 'NFS3ERR_NOENT');
  }),
  must('new-xid-is-run', 'the same call with a new xid is run again', async (t) => {
    const dir = await t.folder();
    await newFile(t);
    ok(await t.nfs.REMOVE({ object: { dir, name: 'file' } }));
    fails(await t.nfs.REMOVE({ object: { dir, name: 'file' } }), 'NFS3ERR_NOENT');
  }),
  must('reads-are-fresh', 'a LOOKUP sent again with its xid tells what is true by then, or what was', async (t) => {
    const dir = await t.folder();
    const tcp = await t.tcp();
    const message = messageOf(LOOKUP, { what: { dir, name: 'late' } });
    fails(await resultOf(tcp, LOOKUP, message), 'NFS3ERR_NOENT');
    await newFile(t, 'late');
    const { status } = await resultOf(tcp, LOOKUP, message);
    check(status === 'NFS3_OK' || status === 'NFS3ERR_NOENT', 'NFS3_OK or NFS3ERR_NOENT', status);
    equal('a new LOOKUP', await statusOfName(t.nfs, dir, 'late'), 'NFS3_OK');
  }),
  linux(
    'restart',
    'REMOVE again after a restart of the server: success',
    { needs: ['restart', 'privileged'], alone: true },
    async (t) => {
      const dir = await t.folder();
      await newFile(t);
      const message = messageOf(REMOVE, { object: { dir, name: 'file' } });
      const first = await t.tcp();
      const { localPort } = first;
      ok(await resultOf(first, REMOVE, message));
      await t.restart();
      const second = await TcpTransport.open(await t.target.endpoint(NFS3), { localPort });
      try {
        ok(await resultOf(second, REMOVE, message));
      } finally {
        second.close();
      }
    },
  ),
]);
