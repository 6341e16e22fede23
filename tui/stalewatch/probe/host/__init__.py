r"""What a shell on the server sees: files, processes, configuration, logs. One ``sh`` runs as long as the link is open.

In: a Link. Out: the host's half of a Snapshot. Never: a write to the server outside its private directory, or a setting that may hold
a secret.

The wire format:

One POSIX ``sh`` per server for as long as the link lives. The link starts ``sh -c 'BOOTSTRAP' stalewatch-watch WHO SINCE`` as a
coprocess; BOOTSTRAP (:data:`stalewatch.probe.host.coprocess.BOOTSTRAP`) reads two lines and the program itself from its stdin: the NONCE
(32 hex digits, new for every start, never in a command line), the program's lines, and a line that holds only the nonce. So nothing of
the program is on the disk, and ``/proc/PID/cmdline`` stays short: other watchers read WHO and SINCE (epoch seconds) there. A lock
is held by a process with ``stalewatch-lock``, WHO, SINCE among its arguments, which holds a ``flock`` on the app's root directory
(that app is locked) or on any other directory (every app of the server is).

A request is one line ``SEQ VERB ARGS…``; ARGS are quoted for a shell (:func:`shlex.quote`). An answer is one block of sections, in
the order of the requests::

    \nNONCE begin SEQ\n  \nNONCE SECTION ARGUMENT\n PAYLOAD …  \nNONCE end SEQ\n

A payload is what stands between two such lines. A file name, a log line or a process title cannot forge such a line, because it cannot
know the nonce. Files are sent as lines ``MTIME CTIME SIZE INODE MODE OWNER GROUP PATH`` (MODE hex as in ``stat -c %f``; times with
nanoseconds where ``stat`` prints them); names with a newline are left out.
:mod:`stalewatch.probe.host.parsers.framing` reads blocks, :mod:`stalewatch.probe.host.parsers.records` lines.

Verbs: see the head of ``host.sh``. Besides builtins it calls, through PATH: ``stat`` (``-L -c FORMAT``), ``date``, ``find``,
``head``, ``tail``, ``tr``, ``grep``, ``gzip``, ``df -Pk``, ``readlink``, ``id``, ``getconf``, ``mkdir``, ``touch``,
``rm``, ``sleep``; and where they exist ``systemctl show -p … UNIT`` and ``git status``. /proc is read below ``$STALEWATCH_PROC``
(default ``/proc``): ``uptime``, ``locks``, ``PID/{stat,comm,cmdline,cgroup,cwd}``, ``PID/task/PID/children``, ``self/ns/pid``; what
stands in /etc by itself, below ``$STALEWATCH_ETC``.

It ends, and removes its private directory, when its stdin ends, on HUP, INT and TERM, and when no line has come for 30 s. The next
start removes what a killed one left.
"""
