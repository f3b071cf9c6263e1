import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../common/log.ts';
import { NFS_PROGRAM } from '../nfs/v3/program.ts';
import { Dispatcher, RpcClient } from '../rpc/index.ts';
import { openEpoch } from '../state/index.ts';
import { nothing } from '../xdr/index.ts';
import { listenOn } from './listeners.ts';
import { CountingDispatcher } from './progress.ts';
import { Services } from './services.ts';

const SILENT: Logger = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** So many that the code which reads them is compiled. */
const CALLS = 2000;
const BODY = Buffer.alloc(150);

/**
 * Goes once through what an activation does, on a folder of its own: what is done for the first time takes several times
 * as long, and clients wait for an activation.
 * @param isWanted asked in between: the real activation is not to wait until this has gone through it twice.
 */
export async function warmUp(isWanted = () => false): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-warm-up-'));
  try {
    for (const token of [1, 2]) {
      if (isWanted()) return;
      const state = await openEpoch(join(folder, 'state'), token);
      const services = await Services.open(
        {
          ...{ paths: [folder], allow: ['127.0.0.1'], options: 'rw', exportsFile: undefined, names: ['localhost'] },
          ...{ graceSeconds: 0, forgetLocks: false, setQuota: false },
        },
        { state, log: SILENT },
      );
      await new CountingDispatcher(services.programs, { log: SILENT, journal: state.replies }).recover();
      await listenOnce();
      for (let call = 0; call < CALLS; call++) {
        state.replies.intent(`${call}`, BODY);
        state.replies.result(`${call}`, BODY);
      }
      await services.close();
      await state.close({ filesFlushed: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing is served: the call is refused, which is enough of an answer. */
async function listenOnce(): Promise<void> {
  const listeners = await listenOn(new Dispatcher([], { log: SILENT }), ['127.0.0.1'], 0, { log: SILENT });
  try {
    const client = await RpcClient.connectTcp({ host: '127.0.0.1', port: listeners.port });
    await client.call(NFS_PROGRAM, 3, 0, nothing, undefined, nothing).catch(() => undefined);
    client.close();
  } finally {
    await listeners.close();
  }
}
