import { must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import { sattr } from '../housekeeping.ts';
import { newFile, statusOfName } from '../nfs3/tools.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { authSys, exchange } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import type { Transport } from '../rpc/transport.ts';
import { ALICE } from '../target.ts';
import { encode } from '../wire.ts';
import { answerTo, getattrArguments, getattrOf, nextIsServed, rpcCases, words } from './tools.ts';

const { GETATTR, SETATTR, LOOKUP, WRITE, CREATE, SYMLINK } = NFS3.procedures;
const LAST_PROCEDURE = 21;
const HUGE = [0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff];
const GARBAGE = 'GARBAGE_ARGS';
const EITHER = ['SUCCESS', GARBAGE];

/** Throws unless the arguments are refused, and the connection goes on. */
async function isGarbage(t: Context, { number: proc }: { number: number }, ...each: readonly Buffer[]): Promise<void> {
  const tcp = await t.tcp();
  for (const args of each) {
    const answer = await answerTo(tcp, { proc, args, cred: authSys(ALICE) });
    equal(`the answer to ${args.length} bytes`, answer, GARBAGE);
  }
  await nextIsServed(tcp);
}

/** Bytes that the procedure has no use for: a server may take them or not, and goes on in step. */
async function isTakenOrGarbage(transport: Transport, t: Context, extra: number): Promise<void> {
  const args = Buffer.concat([getattrArguments(t), Buffer.alloc(extra, 0xff)]);
  const { body } = await exchange(transport, getattrOf(t, { args }));
  const answer = refusalOf(body);
  check(EITHER.includes(answer), EITHER.join(' or '), answer);
  await nextIsServed(transport);
}

const handle = (t: Context) => words(t.root.length, padded(t.root));
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

/** Arguments that are not what the procedure takes: GARBAGE_ARGS, by NFSv3's procedures. */
export const ARGUMENTS = rpcCases('GARBAGE_ARGS', 'RFC 5531 §9', [
  must('none', 'every procedure but NULL without arguments: GARBAGE_ARGS', async (t) => {
    for (let number = 1; number <= LAST_PROCEDURE; number++) await isGarbage(t, { number }, Buffer.alloc(0));
  }),
  must('udp', 'no arguments by UDP: GARBAGE_ARGS', { needs: ['udp'] }, async (t) => {
    equal('the answer', await answerTo(await t.udp(), { proc: 1, cred: authSys(ALICE) }), GARBAGE);
  }),
  must('part-of-a-word', 'one, two and three bytes: GARBAGE_ARGS', async (t) => {
    await isGarbage(t, GETATTR, ...[1, 2, 3].map((length) => Buffer.alloc(length)));
  }),
  must('length-alone', 'a length and none of the bytes: GARBAGE_ARGS', async (t) => {
    await isGarbage(t, GETATTR, words(32), words(1));
  }),
  must('opaque-cut', 'an opaque with fewer bytes than its length says: GARBAGE_ARGS', async (t) => {
    await isGarbage(t, GETATTR, words(32, Buffer.alloc(28)), words(32, Buffer.alloc(31)));
  }),
  must(
    'padding-missing',
    'an unaligned opaque without its padding: GARBAGE_ARGS',
    { clause: 'RFC 4506 §4.10' },
    async (t) => {
      await isGarbage(t, GETATTR, words(5, Buffer.alloc(5)), words(6, Buffer.alloc(7)));
    },
  ),
  must(
    'padding-not-zero',
    'an unaligned name whose padding is not zero: taken as if it were, or GARBAGE_ARGS',
    { clause: 'RFC 4506 §4.11' },
    async (t) => {
      await newFile(t, 'fivec');
      const dir = await t.folder();
      const lookup = words(dir.length, padded(dir), 5, 'fivec', Buffer.alloc(3, 0x41));
      const tcp = await t.tcp();
      const call = { proc: LOOKUP.number, args: lookup, cred: authSys(ALICE) };
      const { body } = await exchange(tcp, getattrOf(t, call));
      const answer = refusalOf(body);
      check(EITHER.includes(answer), EITHER.join(' or '), answer);
      if (body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS') {
        equal('status', body.reply.results.readUInt32BE(0), 0);
      }
    },
  ),
  must('handle-too-long', 'handles of 65 bytes and more: GARBAGE_ARGS', { clause: 'RFC 1813 §2.4' }, async (t) => {
    await isGarbage(t, GETATTR, ...[65, 68, 128, 4096].map((length) => words(length, padded(Buffer.alloc(length)))));
  }),
  must('handle-huge', 'handles that say they have 2 or 4 GiB: GARBAGE_ARGS', async (t) => {
    await isGarbage(t, GETATTR, ...HUGE.map((length) => words(length, Buffer.alloc(64))));
  }),
  must('name-cut', 'a name with fewer bytes than its length says: GARBAGE_ARGS', async (t) => {
    await isGarbage(t, LOOKUP, words(handle(t), 200, 'short'), words(handle(t), 1));
  }),
  must('name-huge', 'names that say they have 2 or 4 GiB: GARBAGE_ARGS', async (t) => {
    await isGarbage(t, LOOKUP, ...HUGE.map((length) => words(handle(t), length, 'name')));
  }),
  must('cut-anywhere', 'CREATE cut off after any word: GARBAGE_ARGS, and nothing is made', async (t) => {
    const dir = await t.folder();
    const args = encode(CREATE.args, {
      where: { dir, name: 'never' },
      how: { mode: 'UNCHECKED', obj_attributes: sattr({ mode: 0o644, size: 0n }) },
    });
    const cuts: Buffer[] = [];
    for (let length = 0; length < args.length; length += 4) cuts.push(args.subarray(0, length));
    await isGarbage(t, CREATE, ...cuts);
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'never'), 'NFS3ERR_NOENT');
  }),
  must('write-cut', 'WRITE with less data than it says: GARBAGE_ARGS, and nothing is written', async (t) => {
    const file = await newFile(t, 'file', { data: 'as it was' });
    const upToData = [file.length, padded(file), 0, 0] as const;
    const sizes = [100, 65_536, ...HUGE];
    await isGarbage(t, WRITE, ...sizes.map((size) => words(...upToData, size, 2, size, Buffer.alloc(64, 0x58))));
    const read = await t.nfs.READ({ file, offset: 0n, count: 100 });
    check(read.status === 'NFS3_OK' && read.data.toString() === 'as it was', 'the old content', read.status);
  }),
  must('symlink-huge', 'SYMLINK with a text that says it has 4 GiB: GARBAGE_ARGS', async (t) => {
    const dir = await t.folder();
    const attributes = words(0, 0, 0, 0, 0, 0);
    const where = words(dir.length, padded(dir), 4, 'link');
    await isGarbage(t, SYMLINK, ...HUGE.map((length) => words(where, attributes, length, 'text')));
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'link'), 'NFS3ERR_NOENT');
  }),
  should(
    'unknown-enumerator',
    'an enumerator that is not declared: GARBAGE_ARGS',
    { clause: 'RFC 4506 §4.3' },
    async (t) => {
      const dir = await t.folder();
      const where = words(dir.length, padded(dir), 4, 'name');
      await isGarbage(t, CREATE, words(where, 7), words(where, 0xffff_ffff));
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'name'), 'NFS3ERR_NOENT');
    },
  ),
  should(
    'unknown-boolean',
    'a boolean that is neither 0 nor 1: GARBAGE_ARGS',
    { clause: 'RFC 4506 §4.4' },
    async (t) => {
      const object = await newFile(t);
      const upToGuard = words(object.length, padded(object), 0, 0, 0, 0, 0, 0);
      await isGarbage(t, SETATTR, words(upToGuard, 2, 0, 0));
    },
  ),
  must(
    'left-over',
    'bytes left over after the arguments: GARBAGE_ARGS or ignored, and the next call is served',
    async (t) => {
      for (const extra of [4, 5, 4096]) await isTakenOrGarbage(await t.tcp(), t, extra);
    },
  ),
  must(
    'null-with-arguments',
    'NULL with arguments: GARBAGE_ARGS or ignored, and the next call is served',
    async (t) => {
      const tcp = await t.tcp();
      const answer = await answerTo(tcp, { proc: 0, args: Buffer.alloc(400, 0xff) });
      check(EITHER.includes(answer), EITHER.join(' or '), answer);
      await nextIsServed(tcp);
    },
  ),
]);
