import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DROP_CACHES, onMount, stage } from './stage.ts';

const test = stage();
const MIB = 1024 * 1024;

test('READ, WRITE, COMMIT: a large file is on the server as it was written, and reads back the same', async (on) => {
  const sums = await onMount(
    on.guest,
    `dd if=/dev/urandom of=/tmp/large bs=1M count=64 status=none
     dd if=/tmp/large of=large bs=1M conv=fsync status=none
     ${DROP_CACHES}
     sha256sum < /tmp/large
     sha256sum < large
     cmp <(dd if=/tmp/large bs=4k skip=777 count=9 status=none) <(dd if=large bs=4k skip=777 count=9 status=none)`,
  );
  const [source, copy] = sums.trim().split('\n');
  assert.equal(copy, source);
  assert.equal(`${sha256(join(on.folder, 'large'))}  -`, source);
});

test('WRITE: pieces of any size at any place, appends and overwrites, also with O_SYNC and O_DIRECT', async (on) => {
  const sums = await onMount(
    on.guest,
    `for file in /tmp/pieces pieces; do
       seq 1 20000 > $file
       printf 'overwritten' | dd of=$file bs=1 seek=4093 conv=notrunc status=none
       seq 1 500 >> $file
       dd if=/dev/zero bs=7 count=3 seek=1001 of=$file conv=notrunc oflag=sync status=none
       truncate -s 100001 $file
     done
     dd if=/dev/zero bs=64k count=4 of=direct oflag=direct status=none
     ${DROP_CACHES}
     sha256sum < /tmp/pieces
     sha256sum < pieces
     dd if=direct bs=64k iflag=direct status=none | sha256sum
     head -c 262144 /dev/zero | sha256sum`,
  );
  const [expected, actual, direct, zeros] = sums.trim().split('\n');
  assert.equal(actual, expected);
  assert.equal(direct, zeros);
});

test('WRITE, READ beyond 4 GiB: a sparse file keeps its holes and its data (RFC 1813 §3.3.7)', async (on) => {
  const out = await onMount(
    on.guest,
    `truncate -s 6G sparse
     echo 'at five GiB' | dd of=sparse bs=1M seek=5120 conv=notrunc,fsync status=none
     ${DROP_CACHES}
     dd if=sparse iflag=skip_bytes,count_bytes skip=5368709120 count=12 status=none
     dd if=sparse bs=1M skip=4097 count=1 status=none | tr -d '\\0' | wc -c
     stat -c %s sparse`,
  );
  assert.deepEqual(out.trim().split('\n'), ['at five GiB', '0', `${6 * 1024 * MIB}`]);
  assert.ok(lstatSync(join(on.folder, 'sparse')).blocks * 512 < MIB, 'the holes take no room on the server');
});

test('REMOVE and RENAME of open files: they stay readable and writable through .nfs files, which go with the last close', async (on) => {
  const out = await onMount(
    on.guest,
    `mkdir silly; cd silly
     echo first > removed; echo second > replaced; echo third > winner
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
  assert.deepEqual(out.trim().split('\n'), ['2', 'again', 'second', 'third']);
  assert.deepEqual(readdirSync(join(on.folder, 'silly')), ['replaced']);
});

test('RENAME: files and folders, across folders, over others, and onto what may not be replaced (RFC 1813 §3.3.14)', async (on) => {
  const out = await onMount(
    on.guest,
    `mkdir renames; cd renames
     mkdir -p a/inner b full/inside empty; echo f > a/file; echo old > b/file
     mv a/file b/file; cat b/file
     mv a/inner b/; test -d b/inner
     mv -T b empty; cat empty/file
     mv -T empty full 2>&1 || true
     perl -e 'rename("empty", "empty/inner/deep") or print "$!\\n"'
     perl -e 'rename("full", "full/../empty/file") or print "$!\\n"'
     perl -e 'rename("nothing", "something") or print "$!\\n"'
     find . | LC_ALL=C sort`,
  );
  assert.deepEqual(out.trim().split('\n'), [
    ...['f', 'f', "mv: cannot move 'empty' to 'full': Directory not empty"],
    ...['Invalid argument', 'Not a directory', 'No such file or directory'],
    ...['.', './a', './empty', './empty/file', './empty/inner', './full', './full/inside'],
  ]);
});

test('SYMLINK, READLINK: any target, up to 4095 bytes, kept as it is (RFC 1813 §3.3.10)', async (on) => {
  await onMount(
    on.guest,
    `mkdir links; cd links
     echo target > file
     ln -s file relative; ln -s /no/such/place dangling; ln -s $'caf\\xe9' latin
     ln -s "$(head -c 4095 /dev/zero | tr '\\0' x)" long
     test "$(cat relative)" = target
     test "$(readlink dangling)" = /no/such/place
     test "$(readlink long | wc -c)" = 4096
     mkdir folder; ln -s ../file folder/up; cat folder/up
     ! mkdir relative
     test "$(stat -c '%F %s' dangling)" = 'symbolic link 14'`,
  );
  const links = join(on.folder, 'links');
  assert.equal(readlinkSync(join(links, 'long')), 'x'.repeat(4095));
  assert.deepEqual(readlinkSync(join(links, 'latin'), 'buffer'), Buffer.from('caf\xe9', 'latin1'));
});

test('LINK: one file under two names, also across folders; a folder cannot be linked (RFC 1813 §3.3.15)', async (on) => {
  await onMount(
    on.guest,
    `mkdir hard hard/sub; cd hard
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
  assert.equal(readFileSync(join(on.folder, 'hard/sub/other'), 'utf8'), 'one\ntwo\n');
});

test('SETATTR: times are kept to the nanosecond, and the server sets its own when asked (RFC 1813 §3.3.2)', async (on) => {
  await onMount(
    on.guest,
    `touch -d @1234567890.123456789 times
     touch -a -d @1111111111.000000001 times
     touch -d @4294967294.999999999 latest
     touch -d @0 earliest`,
  );
  const { atimeNs, mtimeNs } = statSync(join(on.folder, 'times'), { bigint: true });
  assert.equal(mtimeNs, 1_234_567_890_123_456_789n);
  assert.equal(atimeNs, 1_111_111_111_000_000_001n);
  const seen = await onMount(on.guest, `${DROP_CACHES} stat -c '%.9Y %.9X' times latest earliest`);
  assert.deepEqual(seen.trim().split('\n'), [
    '1234567890.123456789 1111111111.000000001',
    '4294967294.999999999 4294967294.999999999',
    '0.000000000 0.000000000',
  ]);

  const before = BigInt(Date.now()) * 1_000_000n;
  await onMount(on.guest, 'touch times');
  const now = statSync(join(on.folder, 'times'), { bigint: true });
  assert.ok(now.mtimeNs >= before - 1_000_000_000n, 'SET_TO_SERVER_TIME');
  assert.ok(now.ctimeNs >= before - 1_000_000_000n);
});

test('MKNOD: fifos, sockets, character and block devices (RFC 1813 §3.3.11)', async (on) => {
  const out = await onMount(
    on.guest,
    `mkdir nodes; cd nodes
     mkfifo -m 640 fifo; mknod zero c 1 5; mknod disk b 259 65537
     perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0) and bind(S, sockaddr_un("socket")) or die $!'
     ${DROP_CACHES}
     stat -c '%n %F %t %T' *
     head -c 3 zero | wc -c
     (echo through > fifo) & cat fifo; wait`,
  );
  assert.deepEqual(out.trim().split('\n'), [
    'disk block special file 103 10001',
    'fifo fifo 0 0',
    'socket socket 0 0',
    'zero character special file 1 5',
    '3',
    'through',
  ]);
  const disk = lstatSync(join(on.folder, 'nodes/disk'));
  assert.ok(disk.isBlockDevice());
  assert.equal(lstatSync(join(on.folder, 'nodes/fifo')).mode & 0o777, 0o640);
});

test('Names are bytes: whatever is no slash and no NUL is kept, up to 255 of them', async (on) => {
  const names = [
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from(' \n\t"\\*?'),
    Buffer.from('日本語'),
    Buffer.alloc(255, 'n'),
  ];
  for (let byte = 1; byte < 256; byte++) if (byte !== 0x2f && byte !== 0x2e) names.push(Buffer.from([byte]));
  const quoted = names.map((name) => `$'${[...name].map((byte) => `\\x${byte.toString(16)}`).join('')}'`);
  await onMount(
    on.guest,
    `mkdir names; cd names; perl -e 'for (@ARGV) { open F, ">", $_ or die $! }' -- ${quoted.join(' ')}`,
  );
  const there = readdirSync(join(on.folder, 'names'), 'buffer').map((name) => name.toString('hex'));
  assert.deepEqual(there.sort(), names.map((name) => name.toString('hex')).sort());

  const listed = await onMount(on.guest, `cd names; ${DROP_CACHES} find . -type f -print0 | tr -dc '\\0' | wc -c`);
  assert.equal(Number(listed), names.length);
  const tooLong = await on.guest.run(`cd /mnt/nfs; touch ${'n'.repeat(256)}`);
  assert.match(tooLong.stderr, /File name too long/);
});

test('FSSTAT: df shows what the file system of the export has', async (on) => {
  const numbers = (out: string) => out.trim().split(/\s+/).map(Number);
  const [bytes, files] = numbers(await onMount(on.guest, 'df -B1 --output=size,itotal . | tail -1'));
  const df = await on.lab.exec('sh', ['-c', 'df -B1 --output=size,itotal "$1" | tail -1', 'sh', on.folder]);
  const [serverBytes, serverFiles] = numbers(df.stdout);
  assert.equal(files, serverFiles);
  // The Linux client rounds up to its block size, which is its largest transfer.
  assert.ok(bytes! >= serverBytes! && bytes! - serverBytes! < MIB, `${bytes} bytes, ${serverBytes} on the server`);
});

test('MKDIR, RMDIR: modes, link counts, and folders that are not empty (RFC 1813 §3.3.9, §3.3.13)', async (on) => {
  await onMount(
    on.guest,
    `umask 027; mkdir -p folders/a/b; cd folders
     test "$(stat -c %a a)" = 750
     test "$(stat -c %h a)" = 3
     perl -e 'rmdir("a") and exit 1; $!{ENOTEMPTY} or die "$!"'
     rmdir a/b; test "$(stat -c %h a)" = 2
     rmdir a; ! test -e a
     chmod 1777 .; test "$(stat -c %a .)" = 1777
     mkdir gone; cd gone; rmdir ../gone
     ! touch here 2>/dev/null`,
  );
});

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
