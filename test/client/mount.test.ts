import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER_IPV4, SERVER_IPV6 } from '../../conformance/lab/lab.ts';
import { printedMountCommand } from '../../conformance/lab/steadfs.ts';
import { type Stage, stage } from './stage.ts';

const test = stage();

/** Mounts in a place of its own, looks for the file that the server has there, and unmounts. */
async function mountAndLook(on: Stage, options: string, what: string, file = 'here'): Promise<void> {
  await on.lab.exec('sh', ['-c', 'mkdir -p "$1/below/it"; touch "$1/here" "$1/below/it/there"', 'sh', on.folder]);
  await on.guest.must(
    `mkdir -p /mnt/other; mount -t nfs -o vers=3,nolock,${options} '${what}' /mnt/other
     test -e /mnt/other/${file}; touch /mnt/other/written
     umount /mnt/other; ! grep /mnt/other /proc/mounts`,
  );
}

test('mount over TCP, ports from the portmapper; umount', (on) =>
  mountAndLook(on, 'proto=tcp', `${SERVER_IPV4}:${on.folder}`));

test('mount with the MOUNT protocol over UDP', (on) =>
  mountAndLook(on, 'mountproto=udp', `${SERVER_IPV4}:${on.folder}`));

test('mount over IPv6', (on) => mountAndLook(on, 'proto=tcp6', `[${SERVER_IPV6}]:${on.folder}`));

test('mount with the MOUNT protocol over UDP and IPv6', (on) =>
  mountAndLook(on, 'proto=tcp6,mountproto=udp6', `[${SERVER_IPV6}]:${on.folder}`));

test('mount by port number, without a portmapper', (on) =>
  mountAndLook(on, 'port=2049,mountport=2049', `${SERVER_IPV4}:${on.folder}`));

test('mount of a path below the export', (on) =>
  mountAndLook(on, 'proto=tcp', `${SERVER_IPV4}:${on.folder}/below/it`, 'there'));

test('mount of what is not exported, or not there, is refused', async (on) => {
  mkdirSync(join(on.lab.folder, 'secret'));
  const mount = (path: string) =>
    on.guest.run(`mkdir -p /mnt/no; mount -t nfs -o vers=3,nolock ${SERVER_IPV4}:${path} /mnt/no`);
  for (const path of [join(on.lab.folder, 'secret'), '/', on.lab.folder, `${on.folder}/../secret`]) {
    const { code, stderr } = await mount(path);
    assert.notEqual(code, 0);
    assert.match(stderr, /access denied by server|No such file or directory/, path);
  }
  assert.match((await mount(`${on.folder}/nothing`)).stderr, /No such file or directory/);
});

test('the mount command that the server prints is taken by a client as it is', async (on) => {
  const printed = printedMountCommand(on.server);
  assert.match(printed, / \/mnt$/);
  const out = await on.guest.must(
    `unshare --mount bash -euc ${JSON.stringify(`${printed}; echo by the book > /mnt/printed; cat /mnt/printed; umount /mnt`)}`,
  );
  assert.equal(out, 'by the book\n');
});

test('showmount names the exports and who has mounted them', async (on) => {
  const { stdout: exports } = await on.lab.exec('showmount', ['--no-headers', '--exports', SERVER_IPV4]);
  assert.match(exports, new RegExp(`^${on.folder} (\\*|\\(everyone\\))\n$`));

  await on.guest.must(
    `mkdir -p /mnt/shown; mount -t nfs -o vers=3,nolock ${SERVER_IPV4}:${on.folder}/below /mnt/shown`,
  );
  const mounted = () => on.lab.exec('showmount', ['--no-headers', '--all', SERVER_IPV4]);
  assert.ok((await mounted()).stdout.split('\n').includes(`${on.guest.ipv4}:${on.folder}/below`));
  await on.guest.must('umount /mnt/shown');
  assert.ok(!(await mounted()).stdout.includes('/below'));
});

test('rpcinfo finds portmapper, nfs and mountd in every version, over TCP and UDP, IPv4 and IPv6', async (on) => {
  const { stdout } = await on.lab.exec('rpcinfo', ['-p', SERVER_IPV4]);
  for (const [program, versions] of [
    [100000, [2, 3, 4]],
    [100003, [3]],
    [100005, [1, 3]],
  ] as const) {
    for (const version of versions) {
      for (const protocol of ['tcp', 'udp']) {
        assert.match(stdout, new RegExp(`^ *${program} +${version} +${protocol} `, 'm'));
      }
    }
  }
  for (const transport of ['tcp', 'udp', 'tcp6', 'udp6']) {
    const host = transport.endsWith('6') ? SERVER_IPV6 : SERVER_IPV4;
    const { stdout: ready } = await on.lab.exec('rpcinfo', ['-T', transport, host, 'nfs', '3']);
    assert.match(ready, /program 100003 version 3 ready and waiting/);
  }
});
