"""What a runtime tells over HTTP, where no socket of a pool can be had: mod_php, LiteSpeed, a panel.

In: a Link, a URL and a key. Out: the runtime's half of a Snapshot, or the little that an application's own health check tells. Never: a
change to anything; the file on the server holds no code that could.

The file that ``stalewatch init --health-file`` prints is asked so::

    POST URL        X-Stalewatch: TIME.NONCE.HMAC      body: a JSON object, as of the runtime probe, and "verb": status, compare or scripts

TIME is in epoch seconds by the server's clock, NONCE 32 hex digits, HMAC the SHA-256 one (in hex) of ``request``, TIME, NONCE and body,
each on a line, with the key as it is written (64 hex digits). It answers 404 to whatever has no such header, 403 and ``stalewatch: key``,
``time`` (more than 60 s off) or ``verb``, or 200 and::

    stalewatch-health ENCODING HMAC LENGTH
    TEXT

ENCODING is ``plain`` or ``deflate`` (by ``gzdeflate``), HMAC that of ``answer``, NONCE, ENCODING and TEXT, each on a line, TEXT of LENGTH
bytes the answer of the runtime probe (:mod:`stalewatch.probe.runtime`), with ``boot`` (the kernel's boot id, "" not known) and ``host``
(its name). The file's own script is left out of it.

Without a key the URL is asked by GET for the JSON of a health check (:mod:`stalewatch.probe.health.check`).
"""
