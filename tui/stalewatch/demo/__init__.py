"""The embedded servers: three hosts on loopback that live through the incident of 2025-10-24, without PHP, root or network.

Real: ssh (asyncssh servers with keys of their own), the probe scripts run by the real ``sh``, application trees on the disk, Laravel's
cache files. Stood in for, behaving as the real ones were measured to: PHP-FPM with its OPcache (:mod:`tui.demo.opcache`,
:mod:`tui.demo.fpm`), PHP and artisan, systemctl, sudo, logger (``shims/``), ``stat`` (nobody can backdate a ctime) and /proc
(:mod:`tui.demo.proc`). Nothing here knows a verdict: the servers are made, played forward and then looked at like any others.
"""
