import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Guest, Lab, labMissing } from '../../conformance/lab/lab.ts';
import { as } from './stage.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const lacking = ['quota', 'setquota', 'mkfs.ext4'].filter((command) => spawnSync(command, ['-V']).error !== undefined);
const skip = labMissing() ?? (lacking.length > 0 && `needs ${lacking.join(', ')}, of the packages quota and e2fsprogs`);

/**
 * Few hosts' kernels keep quotas, but the guest's does, so here it is server and client at once. User 4001 and group
 * 4002 have limits on the file system that is exported; the other export's has no quotas.
 */
function setup({ folder }: Guest): string {
  return `
    /run/modprobe -a loop quota_v2
    truncate -s 64M ${folder}/image
    mkfs.ext4 -q -O quota -E quotatype=usrquota:grpquota ${folder}/image
    mkdir -p /mnt/srv /mnt/none /mnt/nfs /mnt/nfs-none /tmp/state
    mount -o loop,usrquota,grpquota ${folder}/image /mnt/srv
    chmod 777 /mnt/srv
    setquota -u 4001 1000 2000 10 20 /mnt/srv
    setquota -g 4002 5000 6000 0 0 /mnt/srv
    printf '/mnt/srv *(rw,secure)\\n/mnt/none *(rw)\\n' > /tmp/exports
    # The checkout may lie where the guest has a file system of its own, such as /tmp.
    mkdir /run/repository
    mount -t hostfs -o ${REPOSITORY} none /run/repository
    cd /run/repository
    ${process.execPath} --import tsx src/cli/main.ts serve --exports /tmp/exports --state /tmp/state --portmap auto \\
      --listen 127.0.0.1 --set-quota --json > /tmp/server.log 2>&1 3>&- &
    until grep '"ready":true' /tmp/server.log || ! kill -0 $!; do sleep 0.2; done
    mount -t nfs -o vers=3,nolock 127.0.0.1:/mnt/srv /mnt/nfs || { cat /tmp/server.log; false; }
    mount -t nfs -o vers=3,nolock 127.0.0.1:/mnt/none /mnt/nfs-none`;
}

let lab: Lab | undefined;
let opened: Promise<Guest> | undefined;
after(() => lab?.dispose());

async function open(): Promise<Guest> {
  lab = await Lab.create();
  const guest = await lab.startGuest();
  await guest.must(setup(guest), { timeoutMs: 60_000 });
  return guest;
}

/** A test of what a script prints in the guest, a line each, blanks made one. */
function prints(name: string, script: string, expected: readonly (string | RegExp)[]): void {
  test(name, { skip }, async () => {
    const out = await (await (opened ??= open())).must(script);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => line.trim().replace(/ +/g, ' '));
    assert.equal(lines.length, expected.length, out);
    lines.forEach((line, at) => {
      const wanted = expected[at]!;
      if (typeof wanted === 'string') assert.equal(line, wanted);
      else assert.match(line, wanted);
    });
  });
}

/** quota(1) as somebody, the lines of the exports alone: blocks, soft and hard limit, grace; the same of files. */
const quota = (options: string) => `(quota -wpv ${options} || true) | grep '^127'`;

prints(
  'GETQUOTA by quota(1), as a user: the limits, and what is used',
  as(4001, [4001], `head -c 100000 /dev/zero > /mnt/nfs/file; ${quota('')}`),
  ['127.0.0.1:/mnt/srv 98 1000 2000 0 1 10 20 0'],
);

prints(
  'GETQUOTA: beyond the soft limit, until when that is borne',
  as(4001, [4001], `head -c 1200000 /dev/zero > /mnt/nfs/file; ${quota('')}`),
  [/^127\.0\.0\.1:\/mnt\/srv 11\d\d\* 1000 2000 \d{10} 1 10 20 0$/],
);

prints(
  'WRITE beyond the hard limit: EDQUOT, as at home',
  `(${as(4001, [4001], 'head -c 3000000 /dev/zero > /mnt/nfs/file')} 2>&1 || true) | sed 's/.*: //'
   rm /mnt/nfs/file`,
  ['Disk quota exceeded'],
);

const GROUP = '127.0.0.1:/mnt/srv 0 5000 6000 0 0 0 0 0';
prints('GETQUOTA of version 2: a group’s, for its members', as(4003, [4003, 4002], quota('-g')), [
  GROUP,
  '127.0.0.1:/mnt/srv 0 0 0 0 0 0 0 0',
]);

prints('GETQUOTA: root may ask for everyone', `${quota('-u 4001')}; ${quota('-g 4002')}`, [
  '127.0.0.1:/mnt/srv 0 1000 2000 0 0 10 20 0',
  GROUP,
]);

prints('GETQUOTA of a file system without quotas: there are none', `${quota('-u 4001')} | grep -c /mnt/none || true`, [
  '0',
]);

prints(
  'SETQUOTA by setquota -r, where the server allows it: the limits that quota shows then',
  `setquota -r -u 4009 300 400 5 6 /mnt/nfs; ${quota('-u 4009')}`,
  [/ 0 300 400 0 0 5 6 0$/],
);

prints('rquotad is registered, versions 1 and 2', `rpcinfo -p | awk '$1 == 100011 { print $2, $3, $5 }' | sort`, [
  ...['1 tcp rquotad', '1 udp rquotad', '2 tcp rquotad', '2 udp rquotad'],
]);
