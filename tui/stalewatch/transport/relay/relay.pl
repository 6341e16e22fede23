use strict;
use Socket;
use IO::Select;
use IO::Socket::INET;
my $ip = eval { require IO::Socket::IP; 1 } ? 'IO::Socket::IP' : 'IO::Socket::INET';

# Without MIME::Base64: perl-base, all that many servers have, does not bring it.
sub encode {
    my ($data, $out) = ($_[0], '');
    for (my $at = 0; $at < length $data; $at += 45) {
        my $line = substr(pack('u', substr($data, $at, 45)), 1);
        chomp $line;
        $line =~ tr#` -_#AA-Za-z0-9+/#;
        $out .= $line;
    }
    my $pad = (3 - length($data) % 3) % 3;
    substr($out, -$pad) = '=' x $pad if $pad;
    return $out;
}

sub decode {
    my ($text, $out) = ($_[0], '');
    $text =~ tr#A-Za-z0-9+/##cd;
    $text =~ tr#A-Za-z0-9+/# -_#;
    $out .= unpack('u', chr(32 + int(length($1) * 3 / 4)) . $1) while $text =~ /(.{1,60})/gs;
    return $out;
}

$/ = "\n"; # it was read as one paragraph
$| = 1;
binmode STDIN;
binmode STDOUT;
$SIG{PIPE} = 'IGNORE';
my $nonce = <STDIN>;
$nonce =~ s/\s+$//;
my (%open, %rest, %name, $buffer);
my $heard = time;

sub tell_it {
    my $data = "\n$nonce $_[0]\n";
    while (length $data) {
        my $sent = syswrite STDOUT, $data;
        exit unless defined $sent;
        substr($data, 0, $sent) = '';
    }
}

sub end {
    my $socket = delete $open{$_[0]} or return;
    delete $name{$socket};
    delete $rest{$_[0]};
    close $socket;
}

sub take {
    my ($id, $address, $data) = split ' ', $_[0];
    return unless defined $id;
    return end($id) unless defined $data;
    $address = decode($address);
    my $socket;
    if ($address =~ m#^/#) { # without waiting for a full queue
        socket($socket, PF_UNIX, SOCK_STREAM, 0);
        $socket->blocking(0);
        undef $socket unless connect($socket, pack_sockaddr_un($address));
    } else {
        my ($host, $port) = $address =~ m#^\[?(.*?)\]?:(\d+)$#;
        $socket = $port ? $ip->new(Type => SOCK_STREAM, PeerHost => $host, PeerPort => $port, Timeout => 3) : undef;
    }
    unless ($socket) {
        (my $why = "$!") =~ s/\n/ /g;
        return tell_it("$id !$why");
    }
    $socket->blocking(0);
    $open{$id} = $socket;
    $name{$socket} = $id;
    $rest{$id} = decode($data);
}

tell_it('0 ready');
while (time - $heard < 30) {
    my $writers = IO::Select->new(map { $open{$_} } grep { length $rest{$_} } keys %open);
    my ($read, $write) = IO::Select->select(IO::Select->new(\*STDIN, values %open), $writers, undef, 10);
    for my $socket (@{ $write || [] }) {
        my $sent = syswrite $socket, $rest{ $name{$socket} };
        $rest{ $name{$socket} } = defined $sent ? substr($rest{ $name{$socket} }, $sent) : $!{EAGAIN} ? $rest{ $name{$socket} } : '';
    }
    for my $socket (@{ $read || [] }) {
        if ($socket == \*STDIN) {
            sysread(STDIN, $buffer, 65536, length($buffer || '')) or exit;
            $heard = time;
            take($1) while $buffer =~ s/^([^\n]*)\n//;
        } elsif (defined(my $id = $name{$socket})) {
            my $got = sysread $socket, my $data, 32768;
            if ($got) {
                tell_it("$id +" . encode($data));
            } elsif (defined $got || !$!{EAGAIN}) {
                tell_it("$id .");
                end($id);
            }
        }
    }
}
