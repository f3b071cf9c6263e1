/**
 * Takes a lock and says when: lock.pl FILE HOW MODE WAIT START LENGTH SECONDS
 * HOW is flock or fcntl (which lockf(3) is made of), MODE r or w, WAIT 0 or 1. It is held for SECONDS, then released by the
 * program's end. Prints "got TIME" and "released TIME", or "denied"; exits with 1 if denied, with 2 if anything else went wrong.
 */
export const LOCK_PROGRAM = `use strict;
use Fcntl qw(:flock SEEK_SET F_SETLK F_SETLKW F_RDLCK F_WRLCK);
use Time::HiRes qw(time sleep);

$| = 1;
my ($path, $how, $mode, $wait, $start, $length, $seconds) = @ARGV;
open(my $file, '+<', $path) or do { print "open: $!\\n"; exit 2 };
$SIG{ALRM} = sub { print "interrupted\\n"; exit 3 };
my $done;
if ($how eq 'flock') {
  $done = flock($file, ($mode eq 'w' ? LOCK_EX : LOCK_SH) | ($wait ? 0 : LOCK_NB));
} else {
  my $lock = pack('s s x4 q q l x4', $mode eq 'w' ? F_WRLCK : F_RDLCK, SEEK_SET, $start, $length, 0);
  $done = fcntl($file, $wait ? F_SETLKW : F_SETLK, $lock);
}
if (!$done) {
  print $!{EAGAIN} || $!{EACCES} ? "denied\\n" : "failed: $!\\n";
  exit($!{EAGAIN} || $!{EACCES} ? 1 : 2);
}
printf "got %.3f\\n", time;
sleep($seconds);
printf "released %.3f\\n", time;
`;
