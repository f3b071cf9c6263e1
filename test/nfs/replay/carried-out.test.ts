import assert from 'node:assert/strict';
import { linkSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GUARDED, SET_TO_CLIENT_TIME, SET_TO_SERVER_TIME, UNCHECKED } from '../../../src/nfs/v3/types.ts';
import { AUTH_SYS, type Call, NO_REPLY } from '../../../src/rpc/index.ts';
import { type Args, at, type ProcedureName, type Server, sattr, serve } from '../v3/harness.ts';

const PEER = {
  ...({ transport: 'tcp', address: '127.0.0.1', port: 700 } as const),
  ...{ localAddress: '127.0.0.1', localPort: 2049, maxData: 1 << 20 },
};

/** A call that runs with its intent kept, and can be looked after later. */
class Interrupted<Name extends ProcedureName> {
  private readonly server: Server;
  private readonly name: Name;
  private readonly args: Args<Name>;
  readonly notes: Buffer[] = [];

  constructor(server: Server, name: Name, args: Args<Name>) {
    this.server = server;
    this.name = name;
    this.args = args;
  }

  /** The status of its result. */
  async run(): Promise<number> {
    return (await this.row.handle(this.args, this.call)).status;
  }

  /** Only its intent is kept: it dies right before the change. */
  async die(): Promise<void> {
    const died = new Error('killed');
    const intend = (note: Buffer) => {
      this.notes.push(Buffer.from(note));
      throw died;
    };
    await assert.rejects(async () => this.row.handle(this.args, { ...this.call, intend }), died);
  }

  /** `undefined`: it is to run; a number: the status that it is answered with. */
  async lookAgain(): Promise<number | typeof NO_REPLY | undefined> {
    const [note] = this.notes;
    assert.ok(note !== undefined && this.row.replay !== undefined, 'there is no intent');
    const result = await this.row.replay.carriedOut(this.args, note, this.call);
    return result === undefined || result === NO_REPLY ? result : result.status;
  }

  private get row() {
    const row = this.server.program.procedures.find(({ name }) => name === this.name);
    assert.ok(row);
    return row;
  }

  private get call(): Call {
    return {
      ...{ xid: 1, program: 100003, version: 3, procedure: this.row.number },
      ...{ credential: { flavor: AUTH_SYS, unix: undefined }, peer: PEER },
      intend: (note) => void this.notes.push(Buffer.from(note)),
    };
  }
}

async function stage(t: TestContext, ...files: string[]) {
  const server = await serve(t);
  for (const name of files) writeFileSync(join(server.folder, name), name);
  return { server, dir: server.root, path: (name: string) => join(server.folder, name) };
}

test('REMOVE: another file under the name means that it was carried out; the same one, that it was not', async (t) => {
  const { server, dir, path } = await stage(t, 'file');
  const call = new Interrupted(server, 'REMOVE', { object: at(dir, 'file') });
  await call.die();
  assert.equal(await call.lookAgain(), undefined);
  linkSync(path('file'), path('another name'));
  assert.equal(await call.lookAgain(), undefined, 'the same file has it');
  rmSync(path('file'));
  assert.equal(await call.lookAgain(), 0);
  writeFileSync(path('file'), 'a new one');
  assert.equal(await call.lookAgain(), 0);
});

test('RENAME: carried out, also if somebody has moved the file on or taken the new name since', async (t) => {
  const { server, dir, path } = await stage(t, 'from', 'to');
  const call = new Interrupted(server, 'RENAME', { from: at(dir, 'from'), to: at(dir, 'to') });
  await call.die();
  assert.equal(await call.lookAgain(), undefined);
  renameSync(path('from'), path('to'));
  assert.equal(await call.lookAgain(), 0);
  renameSync(path('to'), path('further'));
  assert.equal(await call.lookAgain(), 0);
  writeFileSync(path('to'), 'another');
  writeFileSync(path('from'), 'another');
  assert.equal(await call.lookAgain(), 0);
});

test('RENAME: not carried out if the file is gone and what it was to replace is there', async (t) => {
  const { server, dir, path } = await stage(t, 'from', 'to');
  const call = new Interrupted(server, 'RENAME', { from: at(dir, 'from'), to: at(dir, 'to') });
  await call.die();
  rmSync(path('from'));
  assert.equal(await call.lookAgain(), undefined);
});

test('RENAME: not carried out while both names are of the file: running it is a success that changes nothing', async (t) => {
  const { server, dir, path } = await stage(t, 'from');
  const call = new Interrupted(server, 'RENAME', { from: at(dir, 'from'), to: at(dir, 'to') });
  await call.die();
  linkSync(path('from'), path('to'));
  assert.equal(await call.lookAgain(), undefined);
  assert.equal(await call.run(), 0);
});

test('RENAME between two hard links of one file keeps no intent, for nothing changes (§3.3.14)', async (t) => {
  const { server, dir, path } = await stage(t, 'one');
  linkSync(path('one'), path('two'));
  const call = new Interrupted(server, 'RENAME', { from: at(dir, 'one'), to: at(dir, 'two') });
  assert.equal(await call.run(), 0);
  assert.deepEqual(call.notes, []);
});

test('RENAME of one of several hard links: the other names do not matter', async (t) => {
  const { server, dir, path } = await stage(t, 'one');
  linkSync(path('one'), path('two'));
  const call = new Interrupted(server, 'RENAME', { from: at(dir, 'one'), to: at(dir, 'three') });
  await call.die();
  assert.equal(await call.lookAgain(), undefined);
  renameSync(path('one'), path('three'));
  assert.equal(await call.lookAgain(), 0);
});

test('MKDIR: carried out if there is a directory now; not by anything else of that name', async (t) => {
  const { server, dir, path } = await stage(t);
  const call = new Interrupted(server, 'MKDIR', { where: at(dir, 'new'), attributes: sattr({ mode: 0o755 }) });
  await call.die();
  assert.equal(await call.lookAgain(), undefined);
  writeFileSync(path('new'), '');
  assert.equal(await call.lookAgain(), undefined);
  rmSync(path('new'));
  mkdirSync(path('new'));
  assert.equal(await call.lookAgain(), 0);
});

test('LINK: carried out if the name is of the file; not if it is of another', async (t) => {
  const { server, dir, path } = await stage(t, 'file', 'other');
  const call = new Interrupted(server, 'LINK', { file: await server.handle('file'), link: at(dir, 'new') });
  await call.die();
  linkSync(path('other'), path('new'));
  assert.equal(await call.lookAgain(), undefined);
  rmSync(path('new'));
  linkSync(path('file'), path('new'));
  assert.equal(await call.lookAgain(), 0);
});

test('CREATE UNCHECKED of a file that is there: what was written since is not cut off', async (t) => {
  const { server, dir, path } = await stage(t, 'file');
  const how = { mode: UNCHECKED, obj_attributes: sattr({ size: 0 }) } as const;
  const call = new Interrupted(server, 'CREATE', { where: at(dir, 'file'), how });
  await call.die();
  assert.equal(await call.lookAgain(), undefined);
  assert.equal(await call.run(), 0);
  writeFileSync(path('file'), 'written since');
  assert.equal(await call.lookAgain(), 0);
});

test('SETATTR: carried out if all that it sets is set, or at least is not as it was', async (t) => {
  const { server, path } = await stage(t, 'file');
  const object = await server.handle('file');
  const set = {
    mode: 0o611,
    size: 2,
    mtime: { set_it: SET_TO_CLIENT_TIME, time: { seconds: 9, nseconds: 0 } },
  } as const;
  const call = new Interrupted(server, 'SETATTR', { object, new_attributes: sattr(set), guard: undefined });
  await call.die();
  assert.equal(await call.lookAgain(), undefined);
  await server.ok('SETATTR', { object, new_attributes: sattr({ size: 2 }), guard: undefined });
  assert.equal(await call.lookAgain(), undefined, 'the size alone');
  assert.equal(await call.run(), 0);
  assert.equal(await call.lookAgain(), 0);
  writeFileSync(path('file'), 'written since');
  assert.equal(await call.lookAgain(), 0);
  assert.equal(statSync(path('file')).size, 13);
});

test('SETATTR to the server’s time: carried out if the times are others than before', async (t) => {
  const { server } = await stage(t, 'file');
  const object = await server.handle('file');
  const old = { set_it: SET_TO_CLIENT_TIME, time: { seconds: 9, nseconds: 0 } } as const;
  await server.ok('SETATTR', { object, new_attributes: sattr({ atime: old, mtime: old }), guard: undefined });
  const now = { set_it: SET_TO_SERVER_TIME } as const;
  const new_attributes = sattr({ atime: now, mtime: now });
  const call = new Interrupted(server, 'SETATTR', { object, new_attributes, guard: undefined });
  await call.die();
  assert.equal(await call.lookAgain(), undefined);
  assert.equal(await call.run(), 0);
  assert.equal(await call.lookAgain(), 0);
});

test('calls that fail, or change nothing, keep no intent', async (t) => {
  const { server, dir } = await stage(t, 'file');
  const object = await server.handle('file');
  const guard = { seconds: 1, nseconds: 1 };
  const calls = [
    new Interrupted(server, 'REMOVE', { object: at(dir, 'nothing') }),
    new Interrupted(server, 'REMOVE', { object: at(dir, 'a/b') }),
    new Interrupted(server, 'RMDIR', { object: at(dir, 'nothing') }),
    new Interrupted(server, 'MKDIR', { where: at(dir, 'file'), attributes: sattr() }),
    new Interrupted(server, 'CREATE', { where: at(dir, 'file'), how: { mode: GUARDED, obj_attributes: sattr() } }),
    new Interrupted(server, 'CREATE', { where: at(dir, 'file'), how: { mode: UNCHECKED, obj_attributes: sattr() } }),
    new Interrupted(server, 'RENAME', { from: at(dir, 'nothing'), to: at(dir, 'to') }),
    new Interrupted(server, 'LINK', { file: object, link: at(dir, 'file') }),
    new Interrupted(server, 'SETATTR', { object, new_attributes: sattr({ mode: 0 }), guard }),
    new Interrupted(server, 'SETATTR', { object, new_attributes: sattr(), guard: undefined }),
  ];
  for (const call of calls) {
    await call.run();
    assert.deepEqual(call.notes, []);
  }
});

test('what cannot be looked at now is asked again later; what cannot be looked at any more runs, and fails', async (t) => {
  const { server, dir } = await stage(t, 'file');
  const call = new Interrupted(server, 'REMOVE', { object: at(dir, 'file') });
  await call.die();
  server.fail('lookup', 'JUKEBOX');
  assert.equal(await call.lookAgain(), NO_REPLY);
  for (const code of ['ACCES', 'STALE', 'IO'] as const) {
    server.fail('lookup', code);
    assert.equal(await call.lookAgain(), undefined);
  }
});
