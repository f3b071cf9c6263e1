import { check, equal } from '../protocol/expect.ts';
import { DROP_CACHES, linesOf, workload, workloads } from './case.ts';

const MANY = 5_000;
const MANY_MS = 180_000;

export const VERSION2 = workloads({ procedure: 'NFSv2', clause: 'RFC 1094 §2.2', version: 2 }, [
  workload('v2-mounted', 'the mount is of version 2, with transfers of 8 KiB', async (t) => {
    const options = await t.one.must('grep " $(df --output=target . | tail -1) " /proc/mounts');
    check(/vers=2,rsize=8192,wsize=8192/.test(options), 'vers=2,rsize=8192,wsize=8192', options.trim());
  }),
  workload('v2-data', 'what is written reads back the same', async (t) => {
    const out = await t.one.must(
      `dd if=/dev/urandom of=$SCRATCH/data bs=1000 count=777 status=none
       cp $SCRATCH/data file; for at in file $SCRATCH/data; do printf over | dd of=$at bs=1 seek=8190 conv=notrunc status=none; done
       ${DROP_CACHES}
       stat -c %s file; sha256sum < file; sha256sum < $SCRATCH/data`,
    );
    const [size, copy, source] = linesOf(out);
    equal('size and checksum', [size, copy], ['777000', source]);
  }),
  workload('v2-names', 'make, rename, link, remove; files, folders and symbolic links', async (t) => {
    const out = await t.one.must(
      `mkdir -p a b; echo one > a/file; mv a/file b/other; ln b/other b/link; ln -s ../b/other a/soft
       cat a/soft; stat -c %h b/link; readlink a/soft; rm b/link; rmdir b 2>&1 | grep -o 'not empty' || true
       exec 5<b/other; rm b/other; cat <&5; exec 5<&-
       until rmdir b 2>/dev/null; do sleep 0.1; done
       rm a/soft; ls -A a; test ! -e b; rmdir a`,
    );
    equal('the answers', linesOf(out), ['one', '2', '../b/other', 'not empty', 'one']);
  }),
  workload('v2-attributes', 'modes, owners, sizes, and times to the microsecond', async (t) => {
    const out = await t.one.must(
      `echo text > attributes; chown 4001:4002 attributes; truncate -s 12345 attributes; chmod 4751 attributes
       touch -d '2001-02-03 04:05:06.789012 UTC' attributes
       ${DROP_CACHES}
       TZ=UTC stat -c '%a %u %g %s %y' attributes`,
    );
    equal('the attributes', out.trim(), '4751 4001 4002 12345 2001-02-03 04:05:06.789012000 +0000');
  }),
  workload('v2-touch', 'touch by who may write and does not own the file', async (t) => {
    const out = await t.one.must(
      `echo > shared; chmod 666 shared; touch -d 2001-01-01 shared
       setpriv --reuid 4001 --regid 4001 --clear-groups touch shared
       (setpriv --reuid 4001 --regid 4001 --clear-groups touch -d 2001-01-01 shared 2>&1 || true) | sed 's/.*: //'
       test $(stat -c %Y shared) -gt 1000000000`,
    );
    equal('the answer to a time of its own', out.trim(), 'Operation not permitted');
  }),
  workload('v2-special-files', 'FIFOs, sockets and devices', { needs: ['perl'] }, async (t) => {
    const out = await t.one.must(
      `mkfifo pipe; mknod character c 3 300; mknod block b 200 70000
       perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("socket")) or die $!'
       ${DROP_CACHES}
       stat -c '%F %Hr %Lr' pipe character block socket
       (echo through > pipe &) ; cat pipe; rm pipe character block socket`,
    );
    equal('the special files', linesOf(out), [
      ...['fifo 0 0', 'character special file 3 300', 'block special file 200 70000', 'socket 0 0', 'through'],
    ]);
  }),
  workload('v2-df', 'STATFS: df tells the space', async (t) => {
    const [blocks, size] = (await t.one.must("stat -f -c '%b %S' .")).trim().split(' ').map(Number);
    check(Number(blocks) * Number(size) > 0, 'a file system with room', `${blocks} blocks of ${size} bytes`);
  }),
  workload(
    'v2-many',
    `a folder of ${MANY} files is listed whole, each once, also while some are removed`,
    { needs: ['perl'] },
    async (t) => {
      const out = await t.one.must(
        `mkdir many; perl -e 'for (1..${MANY}) { open F, ">", "many/number-$_" or die $! }'
       ls -f many | wc -l
       ls -f many | sort -u | wc -l
       find many -name '*77' -delete
       ls many | wc -l
       ${DROP_CACHES}
       ls -f many | sort | uniq -d | wc -l`,
        MANY_MS,
      );
      equal('entries', linesOf(out), [`${MANY + 2}`, `${MANY + 2}`, `${MANY - MANY / 100}`, '0']);
    },
  ),
]);
