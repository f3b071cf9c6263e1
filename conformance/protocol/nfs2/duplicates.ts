import { cases, linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { equal, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import type { Procedure } from '../programs/program.ts';
import { authSys, callMessage, exchange, newXid } from '../rpc/client.ts';
import { RpcRefused } from '../rpc/failures.ts';
import type { Transport } from '../rpc/transport.ts';
import { decode, encode } from '../wire.ts';
import { ALICE, attributesOf, contentOf, newFile, newFolder, sattr2, statusOfName, write } from './tools.ts';

async function send<Args, Res>(
  transport: Transport,
  { number, args, res }: Procedure<Args, Res>,
  value: Args,
  xid = newXid(),
): Promise<Res> {
  const call = { xid, prog: 100_003, vers: 2, proc: number, cred: authSys(ALICE) };
  const { body } = await exchange(transport, callMessage({ ...call, args: encode(args, value) }));
  if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') throw new RpcRefused('NFSv2', body);
  return decode(res, body.reply.results);
}

/** Sends one call twice, the second time when the first has been answered, and gives both statuses. */
async function twice<Args, Res extends { readonly status: string }>(
  t: Context,
  procedure: Procedure<Args, Res>,
  args: Args,
  between: () => Promise<unknown> = async () => undefined,
): Promise<string[]> {
  const tcp = await t.tcp(NFS2);
  const xid = newXid();
  const first = await send(tcp, procedure, args, xid);
  await between();
  const second = await send(tcp, procedure, args, xid);
  return [first.status, second.status];
}

const { CREATE, LINK, MKDIR, REMOVE, RENAME, RMDIR, SETATTR, SYMLINK } = NFS2.procedures;
const BOTH_FINE = ['NFS_OK', 'NFS_OK'];

/** A client that got no reply sends its call again; what it asks for must not happen twice. */
export const DUPLICATES = cases({ program: NFS2, procedure: 'duplicates', clause: 'RFC 1094 §3.1' }, [
  linux('remove', 'REMOVE sent twice: success twice', async (t) => {
    await newFile(t);
    equal('statuses', await twice(t, REMOVE, { dir: await t.folder2(), name: 'file' }), BOTH_FINE);
  }),
  linux('remove-not-the-next', 'REMOVE sent again when the name is there again: it stays', async (t) => {
    const dir = await t.folder2();
    await newFile(t);
    equal('statuses', await twice(t, REMOVE, { dir, name: 'file' }, () => newFile(t)), BOTH_FINE);
    equal('LOOKUP', await statusOfName(t, dir, 'file'), 'NFS_OK');
  }),
  linux('rmdir', 'RMDIR sent twice: success twice', async (t) => {
    await newFolder(t);
    equal('statuses', await twice(t, RMDIR, { dir: await t.folder2(), name: 'folder' }), BOTH_FINE);
  }),
  linux('rename', 'RENAME sent twice: success twice', async (t) => {
    const dir = await t.folder2();
    await newFile(t, 'old');
    equal('statuses', await twice(t, RENAME, { from: { dir, name: 'old' }, to: { dir, name: 'new' } }), BOTH_FINE);
  }),
  linux('link', 'LINK sent twice: success twice, and one link', async (t) => {
    const to = { dir: await t.folder2(), name: 'two' };
    const from = await newFile(t);
    equal('statuses', await twice(t, LINK, { from, to }), BOTH_FINE);
    equal('nlink', (await attributesOf(t, from)).nlink, 2);
  }),
  linux('mkdir', 'MKDIR sent twice: success twice', async (t) => {
    const where = { dir: await t.folder2(), name: 'new' };
    equal('statuses', await twice(t, MKDIR, { where, attributes: sattr2({ mode: 0o755 }) }), BOTH_FINE);
  }),
  linux('symlink', 'SYMLINK sent twice: success twice', async (t) => {
    const from = { dir: await t.folder2(), name: 'new' };
    equal('statuses', await twice(t, SYMLINK, { from, to: 'target', attributes: sattr2({ mode: 0o777 }) }), BOTH_FINE);
  }),
  linux('create-keeps-data', 'CREATE sent again: what was written since is not cut off', async (t) => {
    const where = { dir: await t.folder2(), name: 'file' };
    const file = await newFile(t);
    const args = { where, attributes: sattr2({ mode: 0o644, size: 0 }) };
    equal('statuses', await twice(t, CREATE, args, async () => ok(await write(t, file, 'abc'))), BOTH_FINE);
    equal('content', (await contentOf(t, file)).toString(), 'abc');
  }),
  linux('setattr-keeps-data', 'SETATTR of a size sent again: what was written since is not cut off', async (t) => {
    const file = await newFile(t, 'file', { data: 'old' });
    const args = { file, attributes: sattr2({ size: 0 }) };
    equal('statuses', await twice(t, SETATTR, args, async () => ok(await write(t, file, 'abc'))), BOTH_FINE);
    equal('content', (await contentOf(t, file)).toString(), 'abc');
  }),
  must('same-xid-other-procedure', 'the same xid with another procedure is another call', async (t) => {
    const where = { dir: await t.folder2(), name: 'new' };
    const tcp = await t.tcp(NFS2);
    const xid = newXid();
    ok(await send(tcp, MKDIR, { where, attributes: sattr2({ mode: 0o755 }) }, xid));
    ok(await send(tcp, RMDIR, where, xid));
    equal('LOOKUP', await statusOfName(t, where.dir, 'new'), 'NFSERR_NOENT');
  }),
]);
