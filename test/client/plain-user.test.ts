import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Guest, type Lab, labMissing, withLab } from '../../conformance/lab/lab.ts';
import type { ServerProcess } from '../../conformance/lab/server-process.ts';
import { printedMountCommand, startSteadfs } from '../../conformance/lab/steadfs.ts';
import { killDuringCopy } from './kill-during-copy.ts';
import { DROP_CACHES, MOUNT_POINT, onMount } from './stage.ts';

const skip = labMissing() ?? false;
const USER = 1001;

interface PlainServer {
  readonly lab: Lab;
  readonly folder: string;
  readonly server: ServerProcess;
  readonly guest: Guest;
  start(): Promise<ServerProcess>;
}

/** A server that runs as an ordinary user, and a client that mounts by the command it printed. */
function withPlainServer(work: (on: PlainServer) => Promise<void>): Promise<void> {
  return withLab(async (lab) => {
    const folder = join(lab.folder, 'export');
    mkdirSync(folder);
    chownSync(folder, USER, USER);
    const start = () => startSteadfs(lab, [{ path: folder, options: ['rw'] }], { uid: USER });
    const [server, guest] = await Promise.all([start(), lab.startGuest()]);
    await guest.must(`mkdir ${MOUNT_POINT}; ${printedMountCommand(server).replace(/\/mnt$/, MOUNT_POINT)}`);
    await work({ lab, folder, server, guest, start });
  });
}

test('as an ordinary user without capabilities: read, write, rename, remove, restart', { skip }, () =>
  withPlainServer(async ({ folder, server, guest, start }) => {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:\t${USER}\t${USER}\t${USER}\t${USER}$`, 'm'));
    assert.match(status, /^CapEff:\t0+$/m);

    writeFileSync(join(folder, 'local'), 'made on the server\n');
    await onMount(
      guest,
      `cat local
       mkdir -p a/b/c; echo deep > a/b/c/file; ln a/b/c/file a/hard; ln -s b/c/file a/soft; mkfifo fifo
       mv a moved; cat moved/b/c/file moved/soft moved/hard; mv moved/b/c/file moved/renamed
       for n in $(seq 100); do : > moved/b/$n; done; rm moved/b/5*
       test "$(ls moved/b | wc -l)" = 90`,
    );
    assert.equal(statSync(join(folder, 'moved/renamed')).uid, USER, 'everything is done as the user');

    await onMount(
      guest,
      `# A program whose working folder and open file are renamed under it after the restart.
       (exec 5<moved/renamed; cd moved/b/c; touch /tmp/held.begun; until test -e ../../go; do sleep 0.2; done
        ls .. >/tmp/held; cat <&5 >>/tmp/held; mv /tmp/held /tmp/held.done) &
       until test -e /tmp/held.begun; do sleep 0.1; done`,
    );
    assert.equal(await server.stop(), 0);
    await start();
    await onMount(
      guest,
      `${DROP_CACHES}
       test "$(cat moved/renamed)" = deep; test "$(cat moved/hard)" = deep
       mv moved/b moved/other; mv moved/renamed moved/again; echo more >> moved/hard
       touch moved/go
       until test -e /tmp/held.done; do sleep 0.1; done
       test "$(wc -l < /tmp/held.done)" = 92
       test "$(cat moved/again)" = $'deep\\nmore'
       rm -r moved fifo; ls`,
      120_000,
    );
  }),
);

test(
  'as an ordinary user, kill -9 during a copy: the client goes on after a restart, and everything is there',
  { skip },
  () => withPlainServer(({ guest, folder, server, start }) => killDuringCopy(guest, folder, server, start)),
);
