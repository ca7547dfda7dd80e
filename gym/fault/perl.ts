// Small programs for what the shell cannot do. They run in helpers: perl-base alone, no module but those in it.

/**
 * In a container's network namespace: makes the neighbours at the given addresses unreachable (`set`), or reachable again
 * (`delete`), or looks whether they are (`look`). A permanent entry in the ARP table sends what is for them to a hardware
 * address that nobody has, so it is lost without a word, as on a broken line: arp(7), ioctl SIOCSARP. Prints for each address,
 * but after `delete`, whether it answers a connection.
 */
export const neighbours = String.raw`
use strict; use Socket; use Fcntl; use Errno;
my ($act, @addresses) = @ARGV;
sub answers {
  my ($address) = @_;
  socket(my $probe, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  fcntl($probe, F_SETFL, O_NONBLOCK);
  return 'answers' if connect($probe, sockaddr_in(9, inet_aton($address)));
  my $write = ''; vec($write, fileno($probe), 1) = 1;
  return 'no-answer' unless select(undef, $write, undef, 0.7);
  $! = unpack('i', getsockopt($probe, SOL_SOCKET, SO_ERROR));
  return ($! == 0 || $!{ECONNREFUSED}) ? 'answers' : 'no-answer';
}
socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
for my $address (@addresses) {
  my $entry = pack('S S a4 x8', AF_INET, 0, inet_aton($address)) . pack('S a14', 1, "\x02gym\x00\x01")
    . pack('i', 6) . ("\0" x 16) . ("\0" x 16);
  if ($act eq 'set') { defined ioctl($socket, 0x8955, $entry) or die "arp entry of $address: $!\n"; }
  if ($act eq 'delete') { ioctl($socket, 0x8953, $entry); }
  else { print "$address ", answers($address), "\n"; }
}
`;

/**
 * In a container's mount namespace: leaves no space below a folder (`set`), or undoes that. A small tmpfs is filled by a file; over any
 * other folder an overlay is laid whose upper layer is a full tmpfs: what is there can be read, nothing can be written. Prints
 * what a write came to before and after, and which processes have files open below it, or stand in it: they do not see an overlay.
 */
export const disk = String.raw`
use strict; use POSIX (); use Errno;
my ($act, $path, $id, $most) = @ARGV;
my %numbers = (x86_64 => [308, 165, 166, 137], aarch64 => [268, 40, 39, 43]);
my $machine = (POSIX::uname())[4];
my ($setns, $mount, $umount, $statfs) = @{$numbers{$machine} || die "no system calls are known for $machine\n"};
open(my $space, '<', '/proc/1/ns/mnt') or die "mount namespace: $!\n";
syscall($setns, fileno($space), 0x20000) == 0 or die "mount namespace: $!\n";
my ($source, $fill) = ("gym-$id", "$path/.gym-$id");
if ($act ne 'set') {
  unlink $fill;
  open(my $table, '<', '/proc/self/mountinfo') or die "mountinfo: $!\n";
  my $mounts = grep { / \Q$source\E / } <$table>;
  while ($mounts-- > 0) { syscall($umount, $path, 2) == 0 or die "umount: $!\n"; }
  exit 0;
}
-d $path or die "$path is no folder\n";
open(my $lower, '<', $path) or die "$path: $!\n";
my $real = readlink '/proc/self/fd/' . fileno($lower);
sub written {
  my ($file, $limit) = @_;
  open(my $out, '>', $file) or return (0, "$!");
  my $bytes = 0;
  while ($bytes < $limit) {
    my $done = syswrite($out, "\0" x 4096);
    return ($bytes, "$!") unless defined $done;
    $bytes += $done;
  }
  return ($bytes, '');
}
sub attempt { my ($bytes, $error) = written("$path/.gym-try", 8192); unlink "$path/.gym-try"; return $error || 'written'; }
print "before\t", attempt(), "\n";
my %users;
for my $link (glob '/proc/[0-9]*/cwd /proc/[0-9]*/fd/*') {
  my $to = readlink $link; next unless defined $to;
  $users{(split '/', $link)[2]} = 1 if $to eq $real || index($to, "$real/") == 0;
}
delete $users{$$};
my $buffer = "\0" x 120;
syscall($statfs, $path, $buffer) == 0 or die "statfs: $!\n";
my ($type, $block, undef, $free) = unpack('q4', $buffer);
if ($type == 0x01021994 && $block * $free <= $most) {
  written($fill, $most + 1);
  print "way\tfilled\n";
} else {
  my ($mode, $user, $group) = (stat $path)[2, 4, 5];
  # Perl hands no constant to a system call.
  my ($tmpfs, $size, $overlay) = ('tmpfs', 'size=64k', 'overlay');
  syscall($mount, $source, $path, $tmpfs, 6, $size) == 0 or die "mount tmpfs: $!\n";
  mkdir "$path/upper"; mkdir "$path/work"; chown $user, $group, "$path/upper"; chmod $mode & 07777, "$path/upper";
  written("$path/fill", 1 << 20);
  my $options = 'lowerdir=/proc/self/fd/' . fileno($lower) . ",upperdir=$path/upper,workdir=$path/work";
  if (syscall($mount, $source, $path, $overlay, 6, $options) != 0) {
    my $error = "$!"; syscall($umount, $path, 2); die "mount overlay: $error\n";
  }
  print "way\tcovered\nusers\t", join(' ', sort { $a <=> $b } keys %users), "\n";
}
print "after\t", attempt(), "\n";
`;
