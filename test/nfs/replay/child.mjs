// A server that kills itself at a step of a call, as a crash would at the worst moment. Of what `npm run build` made, and in
// plain JavaScript, because it is started some hundred times.
//   child.mjs DIST FOLDER STATE HANDLES [STEP PROGRAM VERSION PROCEDURE]
import { join } from 'node:path';

const [dist, folder, stateDirectory, handles, fatalStep, ...fatalCall] = process.argv.slice(2);
const built = (path) => import(join(dist, path));
const { ExportTable, exportsForPaths, systemResolver } = await built('exports/index.js');
const { aclPrograms } = await built('nfs/acl/program.js');
const { nfs2Program } = await built('nfs/v2/program.js');
const { nfs3Program } = await built('nfs/v3/program.js');
const { AUTH_SYS, Dispatcher, TcpTransport } = await built('rpc/index.js');
const { openState } = await built('state/index.js');
const { openLocalFileSystem } = await built('vfs/local/index.js');

const quiet = () => {};
const complain = (details, message) => console.error(message, details);
const log = { trace: quiet, debug: quiet, info: quiet, warn: complain, error: complain };

const state = await openState(stateDirectory);
const { index, verifier } = state;
const exports = new ExportTable({
  secret: state.secret,
  fsidFor: (key) => state.fsidFor(key),
  aliases: state.aliases,
  openFileSystem: (path) => openLocalFileSystem(path, { index, verifier, handles }),
  resolver: systemResolver,
  log,
});
await exports.reload(exportsForPaths([folder], ['127.0.0.1'], 'rw,insecure,no_root_squash'));

const dispatcher = new Dispatcher([nfs2Program(exports), nfs3Program(exports), ...aclPrograms(exports)], {
  log,
  journal: state.replies,
  steps: (step, { program, version, procedure }) => {
    const isFatal = step === fatalStep && [program, version, procedure].join() === fatalCall.join();
    if (isFatal) process.kill(process.pid, 'SIGKILL');
  },
});
await dispatcher.recover();
const { port } = await TcpTransport.listen(dispatcher, { host: '127.0.0.1', port: 0 }, { log });

const root = await exports.mount(Buffer.from(folder), {
  credential: { flavor: AUTH_SYS, unix: { machineName: Buffer.alloc(0), uid: 0, gid: 0, gids: [] } },
  peer: { transport: 'tcp', address: '127.0.0.1', port: 0 },
});
const handle = exports.handleOf(root.view, root.inode);
const handle32 = await exports.handle32Of(root.view, root.inode);
console.log(JSON.stringify({ port, root: handle.toString('hex'), root32: handle32.toString('hex') }));
