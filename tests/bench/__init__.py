"""Benchmarks: ``python -m tests.bench [NAME…] [--quick]`` measures the goals and prints them as one table.

Every figure is a ratio against a peer measured in the same run, or stands beside its limit. Nothing here is a test: figures depend on the
machine and on who else uses it, so pytest never runs them.

    help      ``stalewatch --help`` against ``python -c pass``
    frame     from the start of ``stalewatch local`` to its first frame, against ``python -c pass``
    demo      from the start of ``stalewatch demo`` to its first frame, against that of ``stalewatch local``
    quiet     3, 50 and 200 servers of which nothing new is heard: CPU and bytes
    busy      the same, all changing every 2 s: CPU, bytes, and from a key to its paint
    pan       panning the timeline of 200 lanes and 20,000 events
    memory    100 servers, without and with a day of history
    stalled   a terminal that takes nothing for 10 s: which looks at the servers were lost
    cost      a real host of the lab, watched and not watched: CPU over there, and ours per look (needs root)
    apps      the same of twelve applications in one FPM master: in one pool, and in a pool each (needs root)
    fix       a whole fix of a host of the lab, from confirmed to verified, against its bare commands (needs root)
    live      100 links to real hosts of the lab: from a key to its paint, also while they connect (needs root)
    scale     ``stalewatch metrics`` of 100 servers: CPU, memory, a server's cost per look, a scrape (needs root)

The fleets of ``quiet``, ``busy``, ``pan`` and ``memory`` are synthetic: a thread publishes reports through the real publisher and board,
and the real program draws them in a real pseudo-terminal.
"""
