"""The embedded servers: three hosts on loopback that live through the incident of 2025-10-24, without PHP, root or network.

In: a folder of its own. Out: a Fleet that the ordinary engine watches. Never: a verdict; the servers are looked at like any others.

Real: ssh (asyncssh servers with keys of their own), the probe scripts run by the real ``sh``, application trees on the disk, Laravel's
cache files. Stood in for, behaving as the real ones were measured to: PHP-FPM with its OPcache (:mod:`stalewatch.demo.opcache`,
:mod:`stalewatch.demo.fpm`), PHP and artisan, systemctl, sudo, logger (``shims/``), ``stat`` (nobody can backdate a ctime) and /proc
(:mod:`stalewatch.demo.proc`).
"""
