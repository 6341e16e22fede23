"""Reaches sockets of a server through one session channel, where sshd does not forward to them: a small program on the server, a *relay*,
connects to a socket for each request. It is written in what the server has (PHP, Python, Perl, or sh with socat or nc), comes by its
standard input, writes no file, and ends with the link, or 30 s after the last line from here.

The protocol is lines, the same for every program. To the relay: ``ID ADDRESS REQUEST``, ADDRESS (``/path`` or ``host:port``) and REQUEST
in base64; ``ID`` alone: nobody waits for its answer any more; ``0``: the lease goes on. From it, after a nonce that a login shell's
greeting cannot hold: ``0 ready``; ``ID +BASE64`` a part of the answer; ``ID .`` its end; ``ID !TEXT`` it could not connect.
"""
