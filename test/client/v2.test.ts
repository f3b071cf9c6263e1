import assert from 'node:assert/strict';
import { join } from 'node:path';
import { mountImage, SERVER_IPV4 } from '../../conformance/lab/lab.ts';
import { DROP_CACHES, type Stage, stage } from './stage.ts';

const MIB = 1024 * 1024;
const MANY = 20_000;
const KINDS = ['ext4', 'xfs', 'btrfs'] as const;
type Kind = (typeof KINDS)[number];

const test = stage({
  options: ['rw', 'no_root_squash', 'crossmnt'],
  needs: ['/dev/loop-control', 'mkfs.xfs', 'mkfs.btrfs'],
  prepare: async (lab, folder) => {
    for (const kind of KINDS) await mountImage(lab.namespace, kind, join(folder, kind), 400 * MIB);
  },
});

/** Runs a script on a mount of version 2. mount.nfs no longer knows of that, so the kernel is asked directly. */
function onV2({ guest, folder }: Stage, kind: Kind, script: string, timeoutMs = 60_000): Promise<string> {
  const at = `/mnt/v2-${kind}`;
  const options = `vers=2,proto=tcp,mountproto=tcp,nolock,addr=${SERVER_IPV4}`;
  const mount = `mkdir -p ${at}; mount -i -t nfs -o ${options} ${SERVER_IPV4}:${folder}/${kind} ${at}`;
  return guest.must(`mountpoint -q ${at} || { ${mount}; }\ncd ${at}\n${script}`, { timeoutMs });
}

/** Runs a script in the same folder on the server, whose mounts the test does not see itself. */
async function onServer({ lab, folder }: Stage, kind: Kind, script: string): Promise<string> {
  return (await lab.exec('bash', ['-euc', script], { cwd: join(folder, kind) })).stdout;
}

for (const kind of KINDS) {
  test(`NFSv2 on ${kind}: the mount is of version 2, with 8 KiB transfers`, async (stage) => {
    const options = await onV2(stage, kind, `grep ' /mnt/v2-${kind} ' /proc/mounts`);
    assert.match(options, /vers=2,rsize=8192,wsize=8192/);
  });

  test(`NFSv2 on ${kind}: what is written is on the server, and reads back the same`, async (stage) => {
    const sum = await onV2(
      stage,
      kind,
      `dd if=/dev/urandom of=/tmp/data bs=1000 count=777 status=none
       cp /tmp/data file; printf over | dd of=file bs=1 seek=8190 conv=notrunc status=none
       ${DROP_CACHES}
       sha256sum < file`,
    );
    const stored = await onServer(stage, kind, 'sha256sum < file; stat -c %s file; tail -c +8191 file | head -c 4');
    assert.deepEqual(stored.split('\n'), [sum.trim(), '777000', 'over']);
  });

  test(`NFSv2 on ${kind}: make, rename, link, remove; files, folders and symbolic links`, async (stage) => {
    const out = await onV2(
      stage,
      kind,
      `mkdir -p a b; echo one > a/file; mv a/file b/other; ln b/other b/link; ln -s ../b/other a/soft
       cat a/soft; stat -c %h b/link; readlink a/soft; rm b/link; rmdir b 2>&1 | grep -o 'not empty' || true
       exec 5<b/other; rm b/other; cat <&5; exec 5<&-
       rmdir b; rm a/soft; ls -A a; test ! -e b; rmdir a`,
    );
    assert.deepEqual(out.trim().split('\n'), ['one', '2', '../b/other', 'not empty', 'one']);
    assert.equal(await onServer(stage, kind, 'ls -d a b 2>/dev/null | wc -l'), '0\n');
  });

  test(`NFSv2 on ${kind}: modes, owners, sizes, times`, async (stage) => {
    const out = await onV2(
      stage,
      kind,
      `echo text > attributes; chown 4001:4002 attributes; truncate -s 12345 attributes; chmod 4751 attributes
       touch -d '2001-02-03 04:05:06.789012 UTC' attributes
       ${DROP_CACHES}
       TZ=UTC stat -c '%a %u %g %s %y' attributes`,
    );
    assert.equal(out.trim(), '4751 4001 4002 12345 2001-02-03 04:05:06.789012000 +0000');
    assert.equal(await onServer(stage, kind, `TZ=UTC stat -c '%a %u %g %s %y' attributes`), out);
  });

  test(`NFSv2 on ${kind}: touch by who may write and does not own the file`, async (stage) => {
    const out = await onV2(
      stage,
      kind,
      `echo > shared; chmod 666 shared; touch -d 2001-01-01 shared
       setpriv --reuid 4001 --regid 4001 --clear-groups touch shared
       (setpriv --reuid 4001 --regid 4001 --clear-groups touch -d 2001-01-01 shared 2>&1 || true) | sed 's/.*: //'
       test $(stat -c %Y shared) -gt 1000000000`,
    );
    assert.equal(out.trim(), 'Operation not permitted');
  });

  test(`NFSv2 on ${kind}: FIFOs, sockets and devices`, async (stage) => {
    const out = await onV2(
      stage,
      kind,
      `mkfifo pipe; mknod character c 3 300; mknod block b 200 70000
       perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("socket")) or die $!'
       ${DROP_CACHES}
       stat -c '%F %Hr %Lr' pipe character block socket
       (echo through > pipe &) ; cat pipe; rm pipe character block socket`,
    );
    assert.deepEqual(out.trim().split('\n'), [
      ...['fifo 0 0', 'character special file 3 300', 'block special file 200 70000', 'socket 0 0', 'through'],
    ]);
  });

  test(`NFSv2 on ${kind}: df tells the space`, async (stage) => {
    const [blocks, size] = (await onV2(stage, kind, `stat -f -c '%b %S' .`)).trim().split(' ').map(Number);
    const stored = (await onServer(stage, kind, `stat -f -c '%b %S' .`)).trim().split(' ').map(Number);
    // The client counts in blocks of its own.
    assert.ok(Math.abs(blocks! * size! - stored[0]! * stored[1]!) < size!);
  });

  test(`NFSv2 on ${kind}: a folder of ${MANY} files is listed whole, each once, also while some are removed`, async (stage) => {
    await onServer(stage, kind, `mkdir many; cd many; seq -f 'number-%.0f' 1 ${MANY} | xargs touch`);
    const out = await onV2(
      stage,
      kind,
      `ls -f many | wc -l
       ls -f many | sort -u | wc -l
       find many -name '*77' -delete
       ls many | wc -l
       ${DROP_CACHES}
       ls -f many | sort | uniq -d | wc -l`,
    );
    const left = MANY - MANY / 100;
    assert.deepEqual(out.trim().split('\n'), [`${MANY + 2}`, `${MANY + 2}`, `${left}`, '0']);
    assert.equal(await onServer(stage, kind, 'ls many | wc -l; rm -r many'), `${left}\n`);
  });
}
