import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { startServer } from '../../conformance/lab/target.ts';
import { CRASH_JOB_MS, DOWN_MS, killDuringCopy } from './kill-during-copy.ts';
import { DROP_CACHES, mountCommand, onMount } from './stage.ts';

const skip = labMissing() ?? false;

test('kill -9 during a copy: the client goes on after a restart, and everything is there', { skip }, () =>
  withLab(async (lab) => {
    const folder = join(lab.folder, 'export');
    mkdirSync(folder);
    const start = () => startServer(lab, [{ path: folder, options: ['rw', 'no_root_squash'] }]);
    const [server, guest] = await Promise.all([start(), lab.startGuest()]);
    await guest.must(mountCommand(folder));
    await killDuringCopy(guest, folder, server, start);
  }),
);

test('SIGTERM: the server ends with code 0, and a client that waits goes on with the next one', { skip }, () =>
  withLab(async (lab) => {
    const folder = join(lab.folder, 'export');
    mkdirSync(folder);
    const start = () => startServer(lab, [{ path: folder, options: ['rw', 'no_root_squash'] }]);
    const [server, guest] = await Promise.all([start(), lab.startGuest()]);
    await guest.must(mountCommand(folder));
    await onMount(guest, 'echo unflushed > file; exec 5<>open; echo held >&5');
    assert.equal(await server.stop(), 0);
    const waiting = onMount(guest, `${DROP_CACHES} cat file; touch new`, CRASH_JOB_MS);
    await sleep(DOWN_MS);
    await start();
    assert.equal(await waiting, 'unflushed\n');
  }),
);
