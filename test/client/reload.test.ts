import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Lab, labMissing, SERVER_IPV4, withLab } from '../../conformance/lab/lab.ts';
import { exportLine, exportsFile, startSteadfs } from '../../conformance/lab/steadfs.ts';
import { mountCommand, onMount } from './stage.ts';

const skip = labMissing() ?? false;
const RELOAD_MS = 10_000;

async function exported(lab: Lab): Promise<string> {
  return (await lab.exec('showmount', ['--no-headers', '-e', SERVER_IPV4])).stdout;
}

test('SIGHUP: exports come and go while a client works; a bad file keeps the old ones', { skip }, () =>
  withLab(async (lab) => {
    const [first, second] = ['first', 'second'].map((name) => join(lab.folder, name)) as [string, string];
    mkdirSync(first);
    mkdirSync(second);
    const options = ['rw', 'no_root_squash'];
    const [server, guest] = await Promise.all([startSteadfs(lab, [{ path: first, options }]), lab.startGuest()]);
    await guest.must(mountCommand(first));
    await onMount(guest, 'echo before > file');

    writeFileSync(exportsFile(lab), exportLine({ path: first, options }) + exportLine({ path: second, options }));
    server.signal('SIGHUP');
    await server.until(async () => (await exported(lab)).includes(second), RELOAD_MS);
    await onMount(guest, 'test "$(cat file)" = before');
    await guest.must(mountCommand(second, undefined, '/mnt/second'));

    const before = server.output.length;
    writeFileSync(exportsFile(lab), `${exportLine({ path: second, options })}"${first}" *(rw,no_such_option)\n`);
    server.signal('SIGHUP');
    await server.until(async () => server.output.slice(before).includes('no_such_option'), RELOAD_MS);
    assert.match(server.output.slice(before), /exports:2:\d+/, 'file, line and column of what is wrong');
    assert.ok((await exported(lab)).includes(first));
    await onMount(guest, 'echo still >> file; cat file');

    writeFileSync(exportsFile(lab), exportLine({ path: first, options: ['ro', 'no_root_squash'] }));
    server.signal('SIGHUP');
    await server.until(async () => !(await exported(lab)).includes(second), RELOAD_MS);
    assert.match((await guest.run('ls /mnt/second/')).stderr, /Stale file handle|Permission denied/);
    assert.match((await guest.run('touch /mnt/nfs/new')).stderr, /Read-only file system/);
    await onMount(guest, 'test "$(tail -1 file)" = still');
  }),
);
