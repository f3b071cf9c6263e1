import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { aclPrograms } from '../../../src/nfs/acl/program.ts';
import { nfs2Program } from '../../../src/nfs/v2/program.ts';
import * as v2 from '../../../src/nfs/v2/types.ts';
import { nfs3Program } from '../../../src/nfs/v3/program.ts';
import { LOOKUP3args, LOOKUP3res } from '../../../src/nfs/v3/types.ts';
import type { Step } from '../../../src/rpc/once.ts';
import { capabilities } from '../../../src/vfs/local/index.ts';
import { type Xdr, XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import { auth, authSys, callMessage, WireClient } from '../../rpc/wire.ts';
import { noExports } from '../exports.ts';
import { at } from '../v3/harness.ts';
import { CASES, type Case, type Scene } from './cases.ts';

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
/** A copy of what was built, so that a build meanwhile does not matter. */
const built = mkdtempSync(join(tmpdir(), 'steadfs-built-'));
after(() => rmSync(built, { recursive: true, force: true }));
cpSync(join(REPOSITORY, 'dist'), join(built, 'dist'), { recursive: true });
for (const name of ['node_modules', 'package.json']) symlinkSync(join(REPOSITORY, name), join(built, name));

const NFS = 100003;
const STEPS: readonly Step[] = ['called', 'intent written', 'carried out', 'result written'];
/** The bytes before a result: xid, REPLY, MSG_ACCEPTED, verifier, SUCCESS. */
const REPLY_HEADER = 24;

test('every procedure that would do something else the second time is in the reply journal and tested here', () => {
  const programs = [nfs2Program(noExports), nfs3Program(noExports), ...aclPrograms(noExports)];
  const rows = programs.flatMap(({ program, version, procedures }) =>
    procedures.filter(({ idempotent }) => !idempotent).map((row) => ({ program, version, row })),
  );
  for (const { program, version, row } of rows) {
    assert.ok(row.replay, `${row.name} of version ${version} is not in the journal`);
    const tested = CASES.some((c) => c.program === program && c.version === version && c.procedure === row.number);
    assert.ok(tested, `${row.name} of version ${version} is not tested`);
  }
});

/** How handles are made matters where the folder is looked at again. */
const STEPS_OF = { kernel: STEPS, index: STEPS.slice(1, 3) };

for (const handles of ['kernel', 'index'] as const) {
  const skip = handles === 'kernel' && !capabilities().openByHandle ? 'needs CAP_DAC_READ_SEARCH' : false;
  for (const step of STEPS_OF[handles]) {
    test(
      `killed at "${step}", ${handles} handles: the next server answers each call as this one would have`,
      {
        skip,
        timeout: 600_000,
      },
      (t) => killAtEach(t, handles, step),
    );
  }
}

/** One server after the other: each answers the call that its predecessor died of, and dies of the next. */
async function killAtEach(t: TestContext, handles: string, step: Step): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'steadfs-replay-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const folder = join(base, 'export');
  mkdirSync(folder);
  const start = (fatal: Case | undefined) => TestServer.start(t, [folder, join(base, 'state'), handles], step, fatal);

  let interrupted: Interrupted | undefined;
  for (const [index, fatal] of [...CASES, undefined].entries()) {
    const server = await start(fatal);
    if (interrupted !== undefined) await answerAgain(server, interrupted, step);
    if (fatal === undefined) return server.stop();
    const path = join(folder, String(index));
    mkdirSync(path);
    const message = callMessage({
      ...{ xid: 1000 + index, program: fatal.program, version: fatal.version, procedure: fatal.procedure },
      credential: ROOT,
      args: await fatal.prepare(await server.scene(fatal, path)),
    });
    await assert.rejects(server.client.call(message), `${fatal.name} was answered`);
    await server.ended();
    interrupted = { which: fatal, path, message };
  }
}

interface Interrupted {
  readonly which: Case;
  readonly path: string;
  readonly message: Buffer;
}

async function answerAgain(server: TestServer, { which, path, message }: Interrupted, step: Step): Promise<void> {
  const wasDone = step === 'carried out' || step === 'result written';
  assert.equal(which.isDone(path), wasDone, `${which.name}: the folder before the retransmission`);
  const reply = await server.client.call(message);
  assert.ok(which.isDone(path), `${which.name}: the folder after the retransmission`);
  await which.check(reply.subarray(REPLY_HEADER), await server.scene(which, path));
  assert.deepEqual(await server.client.call(message), reply, `${which.name}: the same reply once more`);
}

const ROOT = auth(1, authSys(0, 0, []));

class TestServer {
  readonly client: WireClient;
  private readonly child: ChildProcess;
  private readonly roots: { readonly root: string; readonly root32: string };
  private xid = 1;

  private constructor(child: ChildProcess, client: WireClient, roots: { root: string; root32: string }) {
    this.child = child;
    this.client = client;
    this.roots = roots;
  }

  static async start(t: TestContext, args: string[], step: Step, fatal: Case | undefined): Promise<TestServer> {
    const deadly = fatal === undefined ? [] : [step, fatal.program, fatal.version, fatal.procedure].map(String);
    const child = spawn(process.execPath, [CHILD, join(built, 'dist'), ...args, ...deadly], {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal: t.signal,
      killSignal: 'SIGKILL',
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(([code]) => assert.fail(`the server ended with code ${code}`));
    // Later on it is to end.
    ended.catch(() => {});
    const [line] = await Promise.race([once(child.stdout, 'data'), ended]);
    const { port, ...roots } = JSON.parse(String(line)) as { port: number; root: string; root32: string };
    return new TestServer(child, await WireClient.connect(port), roots);
  }

  /** A folder as a case sees it, with handles of its version. */
  async scene({ version }: Case, path: string): Promise<Scene> {
    const root = Buffer.from(version === 2 ? this.roots.root32 : this.roots.root, 'hex');
    const dir = await this.lookup(version, root, path.split('/').at(-1) ?? '');
    return { folder: path, dir, handle: (name) => this.lookup(version, dir, name) };
  }

  /** It has killed itself. */
  async ended(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    assert.equal(this.child.signalCode, 'SIGKILL');
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }

  private async lookup(version: number, dir: Buffer, name: string): Promise<Buffer> {
    if (version === 2) {
      const found = await this.ask(2, 4, v2.diropargs, at(dir, name), v2.diropres);
      assert.ok(found.status === 0, `LOOKUP ${name}: ${found.status}`);
      return Buffer.from(found.file);
    }
    const found = await this.ask(3, 3, LOOKUP3args, { what: at(dir, name) }, LOOKUP3res);
    assert.ok(found.status === 0, `LOOKUP ${name}: ${found.status}`);
    return Buffer.from(found.object);
  }

  private async ask<Args, Res>(
    version: number,
    procedure: number,
    type: Xdr<Args>,
    args: Args,
    res: Xdr<Res>,
  ): Promise<Res> {
    const writer = new XdrWriter();
    type.write(writer, args);
    const call = { xid: this.xid++, program: NFS, version, procedure, credential: ROOT, args: writer.toBuffer() };
    return res.read(new XdrReader((await this.client.call(callMessage(call))).subarray(REPLY_HEADER)));
  }
}
