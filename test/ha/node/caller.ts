// Asks a server for a folder's attributes again and again, as a client does, and prints a line for each answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { dirpath, MOUNTPROG, mountres3 } from '../../../src/mount/types.ts';
import { NFS_PROGRAM } from '../../../src/nfs/v3/program.ts';
import { GETATTR3args, GETATTR3res } from '../../../src/nfs/v3/types.ts';
import { RpcClient } from '../../../src/rpc/client.ts';

const FIRST_PORT = 700;
const PORTS = 300;
const [host = '', path = ''] = process.argv.slice(2);
const options = { timeout: 500, credential: { machineName: Buffer.from('caller'), uid: 0, gid: 0, gids: [] } };
let handle: Buffer | undefined;
let client: RpcClient | undefined;

for (let attempt = 0; ; attempt++) {
  try {
    client ??= await RpcClient.connectTcp({
      host,
      port: 2049,
      localPort: FIRST_PORT + (attempt % PORTS),
      timeout: 500,
    });
    // Once: whoever answers later must know the same handle.
    handle ??= await mount(client);
    const { status } = await client.call(NFS_PROGRAM, 3, 1, GETATTR3args, { object: handle }, GETATTR3res, options);
    process.stdout.write(`status ${status}\n`);
  } catch {
    client?.close();
    client = undefined;
  }
  await sleep(20);
}

async function mount(through: RpcClient): Promise<Buffer> {
  const mounted = await through.call(MOUNTPROG, 3, 1, dirpath, Buffer.from(path), mountres3, options);
  if (mounted.status !== 0) throw new Error(`MNT: ${mounted.status}`);
  return Buffer.from(mounted.fhandle);
}
