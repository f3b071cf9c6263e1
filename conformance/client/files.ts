import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { check, equal } from '../protocol/expect.ts';
import { DROP_CACHES, linesOf, refused, workload, workloads } from './case.ts';

const MIB = 1024 * 1024;

export const FILES = workloads({ procedure: 'files', clause: 'RFC 1813 §3.3' }, [
  workload(
    'large-file',
    'READ, WRITE, COMMIT: a large file is stored as it was written, and reads back the same',
    async (t) => {
      const sums = await t.one.must(
        `dd if=/dev/urandom of=$SCRATCH/large bs=1M count=64 status=none
       dd if=$SCRATCH/large of=large bs=1M conv=fsync status=none
       ${DROP_CACHES}
       sha256sum < $SCRATCH/large
       sha256sum < large
       cmp <(dd if=$SCRATCH/large bs=4k skip=777 count=9 status=none) <(dd if=large bs=4k skip=777 count=9 status=none)`,
      );
      const [source, copy] = linesOf(sums);
      equal('the checksum read back', copy, source);
      t.onServer((folder) => equal('the checksum on the server', `${sha256(join(folder, 'large'))}  -`, source));
    },
  ),
  workload(
    'pieces',
    'WRITE: pieces of any size at any place, appends and overwrites, also with O_SYNC and O_DIRECT',
    async (t) => {
      const sums = await t.one.must(
        `for file in $SCRATCH/pieces pieces; do
         seq 1 20000 > $file
         printf 'overwritten' | dd of=$file bs=1 seek=4093 conv=notrunc status=none
         seq 1 500 >> $file
         dd if=/dev/zero bs=7 count=3 seek=1001 of=$file conv=notrunc oflag=sync status=none
         truncate -s 100001 $file
       done
       dd if=/dev/zero bs=64k count=4 of=direct oflag=direct status=none
       ${DROP_CACHES}
       sha256sum < $SCRATCH/pieces
       sha256sum < pieces
       dd if=direct bs=64k iflag=direct status=none | sha256sum
       head -c 262144 /dev/zero | sha256sum`,
      );
      const [expected, actual, direct, zeros] = linesOf(sums);
      equal('the checksum', actual, expected);
      equal('the checksum of what was written past the cache', direct, zeros);
    },
  ),
  workload(
    'sparse',
    'WRITE, READ beyond 4 GiB: a sparse file keeps its holes and its data',
    { clause: 'RFC 1813 §3.3.7' },
    async (t) => {
      const out = await t.one.must(
        `truncate -s 6G sparse
       echo 'at five GiB' | dd of=sparse bs=1M seek=5120 conv=notrunc,fsync status=none
       ${DROP_CACHES}
       dd if=sparse iflag=skip_bytes,count_bytes skip=5368709120 count=12 status=none
       dd if=sparse bs=1M skip=4097 count=1 status=none | tr -d '\\0' | wc -c
       stat -c %s sparse`,
      );
      equal('data, no data in a hole, and the size', linesOf(out), ['at five GiB', '0', `${6 * 1024 * MIB}`]);
      t.onServer((folder) => {
        const { blocks } = lstatSync(join(folder, 'sparse'));
        check(blocks * 512 < MIB, 'holes that take no room on the server', `${blocks} blocks`);
      });
    },
  ),
  workload(
    'removed-while-open',
    'REMOVE and RENAME of open files: they stay readable and writable through .nfs files, which go with the last close',
    async (t) => {
      const out = await t.one.must(
        `echo first > removed; echo second > replaced; echo third > winner
       exec 5<>removed 6<>replaced
       rm removed
       mv winner replaced
       ls -A | grep -c '^\\.nfs'
       echo again >&5
       ${DROP_CACHES}
       cat /proc/self/fd/5 /proc/self/fd/6 replaced
       exec 5>&- 6>&-
       # The client removes them behind the program's back.
       until test "$(ls -A)" = replaced; do sleep 0.1; done`,
      );
      equal('what the open files hold', linesOf(out), ['2', 'again', 'second', 'third']);
      t.onServer((folder) => equal('what is left', readdirSync(folder), ['replaced']));
    },
  ),
  workload(
    'renames',
    'RENAME: files and folders, across folders, over others, and onto what may not be replaced',
    { clause: 'RFC 1813 §3.3.14', needs: ['perl'] },
    async (t) => {
      const out = await t.one.must(
        `mkdir -p a/inner b full/inside empty; echo f > a/file; echo old > b/file
       mv a/file b/file; cat b/file
       mv a/inner b/; test -d b/inner
       mv -T b empty; cat empty/file
       mv -T empty full 2>&1 || true
       perl -e 'rename("empty", "empty/inner/deep") or print "$!\\n"'
       perl -e 'rename("full", "full/../empty/file") or print "$!\\n"'
       perl -e 'rename("nothing", "something") or print "$!\\n"'
       find . | LC_ALL=C sort`,
      );
      equal('the answers, and what is there at the end', linesOf(out), [
        ...['f', 'f', "mv: cannot move 'empty' to 'full': Directory not empty"],
        ...['Invalid argument', 'Not a directory', 'No such file or directory'],
        ...['.', './a', './empty', './empty/file', './empty/inner', './full', './full/inside'],
      ]);
    },
  ),
  workload(
    'symbolic-links',
    'SYMLINK, READLINK: any target, up to 4095 bytes, kept as it is',
    { clause: 'RFC 1813 §3.3.10' },
    async (t) => {
      await t.one.must(
        `echo target > file
       ln -s file relative; ln -s /no/such/place dangling; ln -s $'caf\\xe9' latin
       ln -s "$(head -c 4095 /dev/zero | tr '\\0' x)" long
       ${DROP_CACHES}
       test "$(cat relative)" = target
       test "$(readlink dangling)" = /no/such/place
       test "$(readlink long)" = "$(head -c 4095 /dev/zero | tr '\\0' x)"
       test "$(readlink latin)" = $'caf\\xe9'
       mkdir folder; ln -s ../file folder/up; cat folder/up
       ! mkdir relative
       test "$(stat -c '%F %s' dangling)" = 'symbolic link 14'`,
      );
      t.onServer((folder) => {
        equal('the long text', readlinkSync(join(folder, 'long')), 'x'.repeat(4095));
        equal(
          'a text that is no UTF-8',
          readlinkSync(join(folder, 'latin'), 'buffer'),
          Buffer.from('caf\xe9', 'latin1'),
        );
      });
    },
  ),
  workload(
    'hard-links',
    'LINK: one file under two names, also across folders; a folder cannot be linked',
    { clause: 'RFC 1813 §3.3.15', needs: ['perl'] },
    async (t) => {
      await t.one.must(
        `mkdir sub
       echo one > name; ln name sub/other
       echo two >> sub/other
       test "$(stat -c '%h %s' name)" = '2 8'
       test name -ef sub/other
       rm name
       test "$(stat -c %h sub/other)" = 1
       test "$(cat sub/other)" = $'one\\ntwo'
       perl -e 'link("sub/other", "sub/other") and exit 1; $!{EEXIST} or die "$!"'
       perl -e 'link("sub", "folder") and exit 1; $!{EPERM} or die "$!"'`,
      );
      t.onServer((folder) => equal('the file', readFileSync(join(folder, 'sub/other'), 'utf8'), 'one\ntwo\n'));
    },
  ),
  workload(
    'times',
    'SETATTR: times are kept to the nanosecond, and the server sets its own when asked',
    { clause: 'RFC 1813 §3.3.2' },
    async (t) => {
      const seen = await t.one.must(
        `touch -d @1234567890.123456789 times
       touch -a -d @1111111111.000000001 times
       touch -d @4294967294.999999999 latest
       touch -d @0 earliest
       ${DROP_CACHES}
       stat -c '%.9Y %.9X' times latest earliest`,
      );
      equal('mtime and atime', linesOf(seen), [
        '1234567890.123456789 1111111111.000000001',
        '4294967294.999999999 4294967294.999999999',
        '0.000000000 0.000000000',
      ]);
      t.onServer((folder) => {
        const { atimeNs, mtimeNs } = statSync(join(folder, 'times'), { bigint: true });
        equal('mtime on the server', mtimeNs, 1_234_567_890_123_456_789n);
        equal('atime on the server', atimeNs, 1_111_111_111_000_000_001n);
      });
      const [before, after] = linesOf(
        await t.one.must('touch made; stat -c %Y made; touch times; stat -c %Y times'),
      ).map(Number);
      check(Number(after) >= Number(before), `SET_TO_SERVER_TIME to give no less than ${before}`, `${after}`);
    },
  ),
  workload(
    'special-files',
    'MKNOD: fifos, sockets, character and block devices',
    { clause: 'RFC 1813 §3.3.11', needs: ['perl'] },
    async (t) => {
      const out = await t.one.must(
        `mkfifo -m 640 fifo; mknod zero c 1 5; mknod disk b 259 65537
       perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0) and bind(S, sockaddr_un("socket")) or die $!'
       ${DROP_CACHES}
       stat -c '%n %F %t %T' *
       head -c 3 zero | wc -c
       (echo through > fifo) & cat fifo; wait`,
      );
      equal('the special files, and what comes through them', linesOf(out), [
        'disk block special file 103 10001',
        'fifo fifo 0 0',
        'socket socket 0 0',
        'zero character special file 1 5',
        '3',
        'through',
      ]);
      t.onServer((folder) => {
        check(lstatSync(join(folder, 'disk')).isBlockDevice(), 'a block device on the server', 'something else');
        equal('the mode of the fifo', lstatSync(join(folder, 'fifo')).mode & 0o777, 0o640);
      });
    },
  ),
  workload(
    'names',
    'Names are bytes: whatever is no slash and no NUL is kept, up to 255 of them',
    { clause: 'RFC 1813 §3.2', needs: ['perl'] },
    async (t) => {
      const names = strangeNames();
      const quoted = names.map((name) => `$'${[...name].map((byte) => `\\x${byte.toString(16)}`).join('')}'`);
      const listed = await t.one.must(
        `mkdir names; cd names; perl -e 'for (@ARGV) { open F, ">", $_ or die $! }' -- ${quoted.join(' ')}
       ${DROP_CACHES}
       perl -e 'opendir D, "." or die $!; print map { unpack("H*", $_) . "\\n" } grep { !/^\\.\\.?$/ } readdir D' | sort`,
      );
      const expected = names.map((name) => name.toString('hex')).sort();
      equal('the names listed', linesOf(listed), expected);
      t.onServer((folder) => {
        const there = readdirSync(join(folder, 'names'), 'buffer').map((name) => name.toString('hex'));
        equal('the names on the server', there.sort(), expected);
      });
      await refused(t.one, `touch ${'n'.repeat(256)}`, 'File name too long');
    },
  ),
  workload(
    'df',
    'FSSTAT: df shows what the file system of the export has',
    { clause: 'RFC 1813 §3.3.18' },
    async (t) => {
      const [bytes, files] = (await t.one.must('df -B1 --output=size,itotal . | tail -1'))
        .trim()
        .split(/\s+/)
        .map(Number);
      check(Number(bytes) > 0, 'a file system with room', `${bytes} bytes`);
      t.onServer((folder) => {
        const { blocks, bsize, files: there } = statfsSync(folder);
        equal('the number of files', files, there);
        const more = Number(bytes) - blocks * bsize;
        // The Linux client rounds up to its block size, which is its largest transfer.
        check(more >= 0 && more < MIB, `${blocks * bsize} bytes`, `${bytes}`);
      });
    },
  ),
  workload(
    'folders',
    'MKDIR, RMDIR: modes, link counts, and folders that are not empty',
    { clause: 'RFC 1813 §3.3.9, §3.3.13', needs: ['perl'] },
    async (t) => {
      await t.one.must(
        `umask 027; mkdir -p a/b
       test "$(stat -c %a a)" = 750
       perl -e 'rmdir("a") and exit 1; $!{ENOTEMPTY} or die "$!"'
       rmdir a/b
       rmdir a; ! test -e a
       mkdir c; chmod 1777 c; test "$(stat -c %a c)" = 1777
       mkdir gone; cd gone; rmdir ../gone
       ! touch here 2>/dev/null`,
      );
    },
  ),
]);

function strangeNames(): Buffer[] {
  const names = [
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from(' \n\t"\\*?'),
    Buffer.from('日本語'),
    Buffer.alloc(255, 'n'),
  ];
  for (let byte = 1; byte < 256; byte++) if (byte !== 0x2f && byte !== 0x2e) names.push(Buffer.from([byte]));
  return names;
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
