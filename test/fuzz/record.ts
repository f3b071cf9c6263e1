// node --import tsx test/fuzz/record.ts: records what a Linux kernel says to steadfs in session.txt, for the fuzzer to damage.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version2Mount } from '../../conformance/client/mount-command.ts';
import { labMissing, SERVER_IPV4, withLab } from '../../conformance/lab/lab.ts';
import { ServerProcess } from '../../conformance/lab/server-process.ts';
import { startSteadfs } from '../../conformance/lab/steadfs.ts';
import { exchangesOf } from './pcap.ts';
import { procedureOf, writeSession } from './session.ts';

/** Enough of each procedure: what comes again and again differs little. */
const MOST_OF_A_KIND = 12;
const BRIDGE = 'br0';

/** Every procedure that the kernel's client uses, on small files. */
const WORK = `
umask 022
mkdir -p a/b; echo text > a/file; cat a/file; ln a/file a/hard; ln -s file a/soft; readlink a/soft; mkfifo a/fifo; mknod a/null c 1 3
chmod 640 a/file; touch -d @1234567890 a/file; truncate -s 5000 a/file; mv a/file a/b/moved; ls -la . a a/b; df . >/dev/null
test -r a/hard; head -c 5000 /dev/zero > zeros; sync zeros; echo more >> zeros; getfacl . >/dev/null 2>&1 || true
echo 3 > /proc/sys/vm/drop_caches; cat zeros a/b/moved >/dev/null; ls -l a
rm a/soft a/hard a/fifo a/null; rmdir a/b 2>/dev/null || true; rm a/b/moved; rmdir a/b a
`;
const LOCK = `flock zeros true; (flock 9; flock -n zeros true || true) 9>>zeros; perl -e 'use Fcntl;
  my ($range, $other) = (pack("ssx4qqlx4", F_RDLCK, 0, 10, 10, 0), pack("ssx4qqlx4", F_WRLCK, 0, 0, 5, 0));
  open F, "+<", "zeros"; fcntl(F, F_SETLK, $range); fcntl(F, F_GETLK, $other)'`;

const missing = labMissing('tcpdump', 'perl');
if (missing !== undefined) throw new Error(missing);

await withLab(async (lab) => {
  const folder = join(lab.folder, 'export');
  mkdirSync(folder);
  const [, guest] = await Promise.all([
    startSteadfs(lab, [{ path: folder, options: ['rw', 'no_root_squash'] }]),
    lab.startGuest(),
  ]);
  const file = join(lab.folder, 'session.pcap');
  const tcpdump = await ServerProcess.start(lab.namespace, {
    command: 'tcpdump',
    args: ['-i', BRIDGE, '-n', '-p', '-U', '-s', '0', '-Z', 'root', '-w', file, 'ip and (tcp or udp)'],
    ready: /listening on/,
  });
  await guest.must(
    `rpcinfo -p ${SERVER_IPV4}; rpcinfo ${SERVER_IPV4}; showmount -e ${SERVER_IPV4}
     mkdir /mnt/three /mnt/two
     mount -t nfs -o vers=3 ${SERVER_IPV4}:${folder} /mnt/three; showmount -a ${SERVER_IPV4}
     (cd /mnt/three; ${WORK} ${LOCK})
     ${version2Mount(SERVER_IPV4, folder).replace(',nolock', '')} /mnt/two
     (cd /mnt/two; ${WORK} ${LOCK})
     umount /mnt/two; umount /mnt/three`,
  );
  await tcpdump.stop();
  const counts = new Map<string, number>();
  const kept = exchangesOf(readFileSync(file), SERVER_IPV4).filter(({ call }) => {
    const name = procedureOf(call)?.name;
    if (name === undefined) return false;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return (counts.get(name) ?? 0) <= MOST_OF_A_KIND;
  });
  writeSession(kept);
  console.log(Object.fromEntries(counts), `${kept.length} exchanges kept`);
});
