"""What PHP itself reports: OPcache, the pool and its scripts, by FastCGI through the pool's own socket.

In: a Link and a pool's address. Out: the runtime's half of a Snapshot. Never: a change to what the pool serves, unless a confirmed
step asks for it.

The wire format:

Written once per link, by the host probe, as ``DIR/runtime.php`` and what it loads when a request needs it (0644, mtime ten years ahead, so
that OPcache does not keep it) where DIR is ``{/tmp,/var/tmp,/dev/shm}/stalewatch-UID-PIDNS-PID-RANDOM`` (0711).
Asked by FastCGI through the pool's own socket, never more than one request at a time per pool::

    SCRIPT_FILENAME=DIR/runtime.php  SCRIPT_NAME=/stalewatch  REQUEST_METHOD=POST  STALEWATCH=VERB   body: a JSON object

VERB and body: ``remake`` ``{"cache": str, "root": str, "request": {str: str}}``, where the parameters *request* come beside ours;
``status`` ``{"places": [str, …], "status": bool, "slots": int}`` (whether fpm_get_status() may
be called, pm.max_children); ``compare`` and ``scripts`` also ``"digest": bool, "limit": int`` and
``"links": [[ROOT, PATH, bool], …], "noted": [[PID, START], …]`` (the workers of the status page, where there is one);
``digests``, ``invalidate`` and ``compile`` ``{"paths": [str, …]}``; ``apcu`` ``{"keys": [str,
…]}``; ``keep``,
``settle``, ``exchange``, ``drop`` and ``tidy`` ``{"files": [str, …], "script": str}``, ``keep`` also ``"away": bool, "clears": bool,
"variables": [str, …]``, ``exchange`` also ``"compiled": bool``; ``writable`` ``{"files": [str, …]}``; ``held`` ``{"files": [str, …],
"sums": [str, …], "limit": int}``; in all of these a folder has a slash
at its end;
``parse`` ``{"paths": [str, …], "folders": [str, …], "older": bool, "without": [str, …], "changed": bool}``, as
:class:`stalewatch.model.parsing.Scripts`. The answer is
200 with a JSON object (with the header ``X-Stalewatch: deflate`` it is compressed by ``gzdeflate``)::

    {"stalewatch": 1, "verb": "compare", "sapi": "fpm-fcgi", "php": "8.2.36", "now": 1795557092.12,
     "uid": 33, "user": "www-data", "loaded": 0, "ms": 1.9, "realpath_cache_ttl": 120,
     "opcache": {"error": "", "enabled": true, "restart_pending": false, "restart_in_progress": false, "cache_full": false,
                 "start_time": 1795557000, "last_restart_time": 0, "hits": 10, "misses": 2, "manual_restarts": 0, "oom_restarts": 0,
                 "hash_restarts": 0, "cached_scripts": 382, "cached_keys": 700, "max_cached_keys": 16229, "used_memory": 1,
                 "free_memory": 1, "wasted_memory": 0, "validate_timestamps": true, "revalidate_freq": 2, "revalidate_path": false,
                 "file_update_protection": 2, "file_cache": "", "file_cache_only": false, "preload": "", "enable_file_override": false,
                 "force_restart_timeout": 180},
     "status": {what fpm_get_status() returns} or null, "unasked": "",
     "compare": {"total": 382, "changed_total": 1, "truncated": false, "changed": [ROW, …], "entry_points": [ROW, …],
                 "file_cache_seen": false, "moved": [["/srv/app", 1795557000], …], "preloaded": ["/srv/app/app", …],
                 "links": [["/srv/app/app", "/srv/code/v2", 1795557000], …] or null,
                 "through": [["/srv/app/app", "/srv/code/v1", true, ROW], …] or null},
     "replaced": ["/usr/sbin/php-fpm8.2", …] or null, "extension_dir": "/usr/lib/php/20220829",
     "ini": [["/etc/php/8.2/fpm/php.ini", 1795557000, 1795557001], …],
     "scripts": [ROW, …], "scripts_truncated": false,
     "places": [["/srv/app", 65024, 4711, 1795557000, 1795557001, 4096], …],
     "digests": [["/srv/app/vendor/x.php", 65024, 4711, 1795557000, 1795557001, "d41d8cd9…"], …],
     "results": [["/srv/app/x.php", true, false], …],
     "configuration": [["/etc/php/8.2/fpm/php.ini", 81, ["memory_limit"], []], …] or null,
     "variables": ["APP_ENV", …] or null,
     "artefacts": [["/srv/app/bootstrap/cache/config.php", ""], …],
     "apcu": [["KEY", true, "/srv/app/x.php" or null], …] or null,
     "extensions": ["core", …],
     "remembered": [["/srv/blog", 1795557120], …],
     "parsed": {"count": 2, "trouble": [["/srv/app/x.php", "syntax", 12, "syntax error, …"], …],
                "paths": ["/srv/app/y.php", …], "folders": ["/srv/app/app", …], "why": ""},
     "remade": [["database.redis.client", …], 0, ""]}

``unasked``: why fpm_get_status() was not called: ``asked`` (not to), ``disabled``, ``many`` (workers), ``hidden`` (/proc),
``starting`` or ``busy`` (others; ``docs/facts.md#fpm-scoreboard``).
``loaded``: how many more files of ours this request compiled, after it had read OPcache's counters. ``opcache.error``: ``""``,
``missing`` (no such extension), ``disabled`` (globally), ``restricted`` (restrict_api),
``disable_functions``. ``compare``, ``ini`` (ini files that PHP read and that are gone: null, null, or changed after S, and new ones
beside them: mtime, ctime, also of a link) and ``replaced`` (binary and extensions that this process runs and that the disk holds no more;
null: /proc cannot be read) come with ``compare`` and ``scripts``; ``scripts`` with ``scripts``; ``places`` (path, device, inode, mtime,
ctime, size: of those that the pool sees) where they were asked for;
``digests`` (path, device, inode, mtime, ctime, md5: of as many as
time allows) with ``digests``; ``results`` (path, what ``opcache_invalidate`` returned, whether it is cached
now) with ``invalidate``, and of one script with ``compile``; ``apcu`` (key, whether APCu holds it, its value if that is a text; null: it
cannot be asked) with ``apcu``;
``parsed`` (how many, those with an error as :class:`stalewatch.model.parsing.Trouble`, what there was no time for, to be asked next,
and ``tokenizer`` or ``disabled`` where PHP cannot parse) with ``parse``;
``remade`` (keys of which the pool would make another value than *cache* has, how many more there are, and why it is not known:
``application``, ``opcache``, ``thrown`` or ``ended``) with ``remake``;
``remembered`` (paths that are gone and that PHP still answers, and when it has forgotten them) with ``scripts``, and with ``parse`` of what
changed; ``extensions`` (names of those that run, in small letters) with ``scripts``; ``variables`` (names of the environment variables of
the worker) with ``scripts``; ``artefacts`` (file, why it could not be kept aside, or what is wrong with it; "" nothing) with ``keep``,
which keeps what artisan is about to write (*away*: moves it aside) or to clear and writes the PHP *script* that gives artisan the worker's
environment and tells it by *variables* to build the files aside, with ``settle``, which moves over what was built, or puts everything back
where one of them can't run, with ``exchange``, by which what is kept
and what is there change places (*compiled*: OPcache was made to compile it), with ``drop``,
with ``tidy`` (what became of the copy that a run left that was cut off, "" there was none), and with ``writable`` (what keeps the pool's
user from making it again, a word and what it is about, see ``verbs.php``; "" nothing), and with ``held`` (``same`` or ``other`` than its
sum of SHA-256; "" not known, or longer than *limit*).
``moved``: directories above scripts with their ctime, where that is newer than their mtime and than S, the topmost first. ``links``:
those of the links asked for that can be seen, what they lead to, and the newest ctime of a link on the way; ``through``: link, what it
led to, whether a key shows it, script (null: no time). ``preloaded``: directories of preloaded scripts, cut at six names.
``configuration`` (path, how many settings are as they run, the names of those that differ, of those that PHP cannot tell; without the
files that it may not read) where the body has ``"configuration": {"asked": [str, …], "ini": [str, …], "files": [str, …], "pool": str}``:
the files to compare, and all of them in the order in which they are read. Every other field comes always. Times are whole
epoch seconds, and a ROW is ``[path, T or null, last_used,
hits, memory, W or null, mtime or null, ctime or null, size, inode, cached, digest, parent_ctime or null, kept or null, device or
null]``, with T, W, digest (md5 hex, "" not taken), parent_ctime and kept as in :class:`stalewatch.model.snapshot.Script`.
"""
