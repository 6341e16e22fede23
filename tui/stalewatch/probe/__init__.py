r"""The two probes that look at a server, their wire formats, and the parsers that make a :class:`tui.snapshot.Snapshot` of what they
say.

Host probe (``host.sh`` and its ``host_looks.sh``)
    One POSIX ``sh`` per server for as long as the link lives. The link starts ``sh -c 'BOOTSTRAP' stalewatch-watch WHO SINCE`` as a
    coprocess; BOOTSTRAP (:data:`tui.probe.coprocess.BOOTSTRAP`) reads two lines and the program itself from its stdin: the NONCE (32
    hex digits, new for every start, never in a command line), the program's lines, and a line that holds only the nonce. So nothing of
    the program is on the disk, and ``/proc/PID/cmdline`` stays short: other watchers read WHO and SINCE (epoch seconds) there. A lock
    is held by a process with ``stalewatch-lock``, WHO, SINCE among its arguments, which holds a ``flock`` on the app's root directory
    (that app is locked) or on any other directory (every app of the server is).

    A request is one line ``SEQ VERB ARGS…``; ARGS are quoted for a shell (:func:`shlex.quote`). An answer is one block of sections, in
    the order of the requests::

        \nNONCE begin SEQ\n  \nNONCE SECTION ARGUMENT\n PAYLOAD …  \nNONCE end SEQ\n

    A payload is what stands between two such lines: a file name, a log line or a process title cannot forge one, because it cannot know
    the nonce. Files are told as lines ``MTIME CTIME SIZE INODE MODE OWNER GROUP PATH`` (MODE hex as in ``stat -c %f``; times with
    nanoseconds where ``stat`` tells them); names with a newline are left out over there. :mod:`tui.probe.framing` reads blocks,
    :mod:`tui.probe.records` lines.

    Verbs: see the head of ``host.sh``. Besides builtins it calls, through PATH: ``stat`` (``-L -c FORMAT``), ``date``, ``find``,
    ``head``, ``tail``, ``tr``, ``grep``, ``gzip``, ``df -Pk``, ``readlink``, ``id``, ``uname``, ``getconf``, ``mkdir``, ``touch``,
    ``rm``, ``sleep``; and where they exist ``systemctl show -p … UNIT`` and ``git status``. /proc is read below ``$STALEWATCH_PROC``
    (default ``/proc``): ``uptime``, ``locks``, ``PID/{stat,comm,cmdline,cgroup,cwd}``, ``PID/task/PID/children``, ``self/ns/pid``.

    It ends, and removes its private directory, when its stdin ends, on HUP, INT and TERM, and when no line came for 30 s; a later start
    sweeps what a killed one left.

Runtime probe (``runtime.php``)
    Written once per link, by the host probe, as ``DIR/runtime.php`` (0644, mtime ten years ahead, so that OPcache does not keep it)
    where DIR is ``{/tmp,/var/tmp,/dev/shm}/stalewatch-UID-PIDNS-PID-RANDOM`` (0711). Asked by FastCGI through the pool's own socket,
    never more than one request at a time per pool::

        SCRIPT_FILENAME=DIR/runtime.php  SCRIPT_NAME=/stalewatch  REQUEST_METHOD=POST  STALEWATCH=VERB   body: a JSON object

    VERB and body: ``status`` ``{}``; ``compare`` and ``scripts`` ``{"digest": bool, "limit": int}``; ``invalidate`` ``{"paths": [str,
    …]}``; ``reset`` ``{}``. The answer is 200 with a JSON object (with the header ``X-Stalewatch: deflate`` it is compressed by
    ``gzdeflate``)::

        {"stalewatch": 1, "verb": "compare", "sapi": "fpm-fcgi", "php": "8.2.36", "zts": false, "now": 1795557092.12, "pid": 17278,
         "uid": 33, "user": "www-data", "ms": 1.9, "warnings": ["…"], "realpath_cache_ttl": 120,
         "opcache": {"error": "", "enabled": true, "restart_pending": false, "restart_in_progress": false, "cache_full": false,
                     "start_time": 1795557000, "last_restart_time": 0, "hits": 10, "misses": 2, "manual_restarts": 0, "oom_restarts": 0,
                     "hash_restarts": 0, "cached_scripts": 382, "cached_keys": 700, "max_cached_keys": 16229, "used_memory": 1,
                     "free_memory": 1, "wasted_memory": 0, "validate_timestamps": true, "revalidate_freq": 2, "revalidate_path": false,
                     "file_update_protection": 2, "file_cache": "", "file_cache_only": false, "preload": "", "enable_file_override": false,
                     "force_restart_timeout": 180},
         "status": {what fpm_get_status() returns} or null,
         "compare": {"total": 382, "changed_total": 1, "truncated": false, "changed": [ROW, …], "entry_points": [ROW, …],
                     "file_cache_seen": false},
         "scripts": [ROW, …], "scripts_truncated": false,
         "results": [["/srv/app/x.php", true, false], …]}

    ``opcache.error``: ``""``, ``missing`` (no such extension), ``disabled`` (globally), ``restricted`` (restrict_api),
    ``disable_functions``. ``compare`` comes with ``compare`` and ``scripts``; ``scripts`` with ``scripts``; ``results`` (path, what
    ``opcache_invalidate`` returned, whether it is cached now) with ``invalidate`` (and ``reset``: one row, path ``""``). Every other
    field comes always. Times are whole epoch seconds, and a ROW is ``[path, T or null, last_used, hits, memory, W or null, mtime or
    null, ctime or null, size, inode, cached, digest, parent_ctime or null, kept or null]``, with T, W, digest (md5 hex, "" not
    taken), parent_ctime and kept as in :class:`tui.snapshot.Script`.
"""
