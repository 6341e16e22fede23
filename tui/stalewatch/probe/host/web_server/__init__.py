"""Where nginx, Apache and Caddy pass PHP requests, by their configuration.

In: statements that ``web_verbs.sh`` picked out of the files. Out: :class:`~stalewatch.probe.host.web_server.site.Site` values. The
parsers are pure; only ``reading`` asks the server, and only when a file moved.
"""
