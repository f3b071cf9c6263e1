# What a busy client does while a service moves: workload.pl KIND FOLDER NAME STOPFILE [MiB]
# KIND:
#   ops    makes, renames, links, reads, changes and removes files and folders; every call must succeed, and find what it left
#   copy   writes files of MiB, and reads them back past the cache; the bytes must be those that were written
#   count  adds one to a number in a shared file under a lock; waits for the lock as long as it takes
#   hold   holds a lock on the file NAME.held; nobody else may ever get it
#   steal  tries for the lock that another client's `hold` has; it must be refused each time
#   stable writes with O_SYNC, writes with fsync, and renames; whatever was acknowledged must be there in the end, past the cache
#   probe  asks for a file's attributes every 10 ms, past the cache
# Prints, each on a line: "slow SECONDS.milli MILLISECONDS USUAL CALL" for a call that took over 100 ms (with the time at which it ended,
# and the median of what the calls of that name before it took, milliseconds),
# "tick SECONDS.milli ROUNDS" about every half second, "counted SECONDS.milli NUMBER" for each addition, "error WHAT" and an exit with 1 for whatever should not happen,
# and "end ROUNDS" once STOPFILE is there.
use strict;
use Fcntl qw(:DEFAULT :mode SEEK_SET F_SETLK F_SETLKW F_WRLCK F_UNLCK);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC time sleep);
use Digest::MD5;
use IO::Handle;

$| = 1;
my ($kind, $folder, $name, $stop, $mib) = @ARGV;
my ($rounds, $ticked) = (0, 0);
my $SLOW_MS = 100;
my $REMEMBERED = 31;
my %took;

sub failed { my ($what) = @_; printf "error %.3f %s\n", time, $what; exit 1 }

# Runs one call and says so if it took long.
sub timed {
  my ($what, $call) = @_;
  my $start = clock_gettime(CLOCK_MONOTONIC);
  my $result = $call->();
  my $error = $!;
  my $ms = (clock_gettime(CLOCK_MONOTONIC) - $start) * 1000;
  printf "slow %.3f %d %d %s\n", time, $ms, usual($what), $what if $ms > $SLOW_MS;
  my $before = $took{$what} ||= [];
  push @$before, $ms;
  shift @$before if @$before > $REMEMBERED;
  $! = $error;
  return $result;
}
sub usual { my @in_order = sort { $a <=> $b } @{$took{$_[0]} || [0]}; return $in_order[$#in_order / 2] }
sub must { my ($what, $call) = @_; my $result = timed($what, $call); failed("$what: $!") unless $result; return $result }
sub round {
  $rounds++;
  my $now = clock_gettime(CLOCK_MONOTONIC);
  if ($now - $ticked > 0.5) { $ticked = $now; printf "tick %.3f %d\n", time, $rounds }
}
sub over { return -e $stop }
sub lock_of { my ($type) = @_; return pack('s s x4 q q l x4', $type, SEEK_SET, 0, 0, 0) }

sub ops {
  my $base = "$folder/$name";
  must('mkdir base', sub { mkdir $base });
  my $n = 0;
  until (over()) {
    $n++;
    my ($file, $moved, $link, $dir, $moved_dir, $symlink) = map { "$base/$_$n" } qw(file moved link dir moved-dir symlink);
    my $text = "round $n of $name\n";
    my $handle;
    must('create', sub { sysopen($handle, $file, O_RDWR | O_CREAT | O_EXCL, 0640) });
    must('write', sub { syswrite($handle, $text) == length $text });
    must('close', sub { close $handle });
    must('chmod', sub { chmod 0600, $file });
    must('rename', sub { rename $file, $moved });
    must('link', sub { link $moved, $link });
    must('symlink', sub { symlink "file$n", $symlink });
    must('mkdir', sub { mkdir $dir });
    must('rename of a folder', sub { rename $dir, $moved_dir });
    must('rename into a folder', sub { rename $link, "$moved_dir/inside" });
    failed("the old name is still there: $file") if timed('lstat', sub { lstat $file });
    my @stat = timed('stat', sub { my @s = stat $moved; return \@s })->@*;
    failed("stat of $moved: $!") unless @stat;
    failed("$moved has $stat[3] links and mode " . sprintf('%o', $stat[2])) unless $stat[3] == 2 && ($stat[2] & 07777) == 0600;
    must('open', sub { open($handle, '<', $moved) });
    my $found = timed('read', sub { local $/; return <$handle> });
    close $handle;
    failed("$moved holds '$found'") unless $found eq $text;
    failed('readlink') unless timed('readlink', sub { readlink $symlink }) eq "file$n";
    must('unlink', sub { unlink "$moved_dir/inside" });
    must('rmdir', sub { rmdir $moved_dir });
    must('unlink of the symlink', sub { unlink $symlink });
    must('unlink of the file', sub { unlink $moved });
    must('truncate', sub { open($handle, '>', "$base/same") && print({$handle} $text) && close $handle });
    round();
  }
  must('unlink at the end', sub { unlink "$base/same" }) if $n;
  opendir(my $listing, $base) or failed("opendir: $!");
  my @left = grep { !/^\.\.?$/ } readdir $listing;
  failed("left over: @left") if @left;
  must('rmdir at the end', sub { rmdir $base });
}

sub copy {
  my $block = 1 << 20;
  until (over()) {
    my $path = "$folder/$name-" . ($rounds % 2);
    my $wrote = Digest::MD5->new;
    my $handle;
    must('open for writing', sub { open($handle, '>:raw', $path) });
    for my $at (1 .. $mib) {
      my $data = pack('N*', map { ($rounds * 1_000_003 + $at * 7919 + $_ * 2654435761) & 0xffffffff } 1 .. 256) x 1024;
      $wrote->add($data);
      must('write of 1 MiB', sub { syswrite($handle, $data) == $block });
    }
    must('close after writing', sub { close $handle });
    # The client's own cache must not answer.
    open(my $drop, '>', '/proc/sys/vm/drop_caches') or failed("drop_caches: $!");
    print $drop "1\n";
    close $drop;
    my $read = Digest::MD5->new;
    must('open for reading', sub { open($handle, '<:raw', $path) });
    my ($data, $count);
    while ($count = timed('read of 1 MiB', sub { sysread($handle, $data, $block) })) { $read->add($data) }
    failed("read of $path: $!") unless defined $count;
    close $handle;
    my ($is, $was) = ($read->hexdigest, $wrote->hexdigest);
    failed("$path reads back as $is, written as $was") unless $is eq $was;
    must('unlink of a copy', sub { unlink $path });
    round();
  }
}

sub count {
  my $handle;
  must('open', sub { sysopen($handle, "$folder/$name", O_RDWR | O_CREAT, 0644) });
  until (over()) {
    must('lock', sub { fcntl($handle, F_SETLKW, lock_of(F_WRLCK)) });
    my $number;
    sysseek($handle, 0, SEEK_SET);
    failed("read: $!") unless defined timed('read', sub { sysread($handle, $number, 32) });
    sysseek($handle, 0, SEEK_SET);
    my $next = ($number || 0) + 1;
    must('write', sub { syswrite($handle, sprintf("%-20d", $next)) });
    printf "counted %.3f %d\n", time, $next;
    must('unlock', sub { fcntl($handle, F_SETLK, lock_of(F_UNLCK)) });
    round();
    sleep 0.005; # Fairness among clients is not what is tried here.
  }
}

sub hold {
  my $handle;
  must('open', sub { sysopen($handle, "$folder/$name.held", O_RDWR | O_CREAT, 0644) });
  must('lock', sub { fcntl($handle, F_SETLK, lock_of(F_WRLCK)) });
  print "holding\n";
  until (over()) { round(); sleep 0.1 }
}

sub steal {
  my $handle;
  must('open', sub { sysopen($handle, "$folder/$name.held", O_RDWR | O_CREAT, 0644) });
  until (over()) {
    failed('got a lock that another client holds') if timed('lock', sub { fcntl($handle, F_SETLK, lock_of(F_WRLCK)) });
    failed("lock: $!") unless $!{EAGAIN} || $!{EACCES};
    round();
    sleep 0.02;
  }
}

sub stable {
  my $size = 64;
  my ($synchronous, $flushed);
  must('open with O_SYNC', sub { sysopen($synchronous, "$folder/$name.sync", O_RDWR | O_CREAT | O_TRUNC | O_SYNC, 0644) });
  must('open', sub { sysopen($flushed, "$folder/$name.fsync", O_RDWR | O_CREAT | O_TRUNC, 0644) });
  my $token;
  must('create', sub { open($token, '>', "$folder/$name.0") && close $token });
  my $record = sub { return pack("A$size", "record $_[0]") };
  until (over()) {
    my ($last, $next) = ($rounds, $rounds + 1);
    must('write with O_SYNC', sub { syswrite($synchronous, $record->($last)) == $size });
    must('write', sub { syswrite($flushed, $record->($last)) == $size });
    must('fsync', sub { $flushed->IO::Handle::sync });
    must('rename', sub { rename "$folder/$name.$last", "$folder/$name.$next" });
    round();
  }
  close $_ for $synchronous, $flushed;
  open(my $drop, '>', '/proc/sys/vm/drop_caches') or failed("drop_caches: $!");
  print $drop "3\n";
  close $drop;
  for my $kind (qw(sync fsync)) {
    open(my $handle, '<', "$folder/$name.$kind") or failed("open: $!");
    for my $n (0 .. $rounds - 1) {
      failed("read: $!") unless defined sysread($handle, my $found, $size);
      failed("record $n of $name.$kind is '$found'") unless $found eq $record->($n);
    }
  }
  opendir(my $listing, $folder) or failed("opendir: $!");
  my @tokens = grep { /^\Q$name\E\.\d+$/ } readdir $listing;
  failed("after $rounds renames there is @tokens") unless "@tokens" eq "$name.$rounds";
}

sub probe {
  my $handle;
  must('open', sub { sysopen($handle, "$folder/$name.probe", O_RDWR | O_CREAT, 0644) });
  until (over()) {
    # Opening asks the server: close-to-open.
    must('open and close', sub { my $again; open($again, '<', "$folder/$name.probe") && close $again });
    round();
    sleep 0.01;
  }
}

my %kinds = (ops => \&ops, copy => \&copy, count => \&count, hold => \&hold, steal => \&steal, stable => \&stable, probe => \&probe);
$kinds{$kind}->();
printf "end %d\n", $rounds;
