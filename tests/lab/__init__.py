"""The lab: real hosts on one machine, for tests and for `make lab`.

A host is a set of namespaces (pid, mount, uts, ipc, cgroup) with a real systemd as pid 1, a real sshd on 127.0.1.i, a real
php-fpm unit and a real Laravel 8.83 application under /srv/app. Nothing in it is faked; what the lab cannot run it refuses
(`Unavailable`, with the reason), and the fixtures skip.

    from tests.lab import Lab

    with Lab(3) as lab:                       # installs packages when missing, < 3 s otherwise
        web1 = lab["web1"]                    # or lab.hosts[0]; `for host in lab`
        lab.ssh_config                        # Path: stalewatch -F this web1 web2 web3
        lab.known_hosts, lab.key              # Paths; lab.targets == ["web1", "web2", "web3"]
        lab.restore()                         # every host back to the known good state, in parallel

pytest (tests/lab/conftest.py): `lab` (session, 3 hosts, one lab per xdist worker), `hosts` (all, restored), `web1` `web2` `web3`
(the same hosts, restored for this test). Skipped, with the reason, where the lab cannot run.

The known good state: every file of the application is about two hours old by mtime, and was written (ctime) seconds before FPM
started; config, routes, events and views are cached; OPcache is on with Debian's defaults (validate_timestamps=1,
revalidate_freq=2) and empty; `git` is at tag `good`; no queue worker runs. `GET /` answers "home v1".

Host, looking:
    name, address, port                       "web1", "127.0.1.1", 2201
    pid                                       int: systemd (pid 1 of the host) in the machine's own numbering
    root("/srv/app/.env") -> Path             the same file seen from outside (through /proc/PID/root)
    read(path) -> str                         exists(path) -> bool
    run(argv, user="root", check=True, input=None, timeout=30) -> CompletedProcess[str]
                                              inside the host; user: "root", "deploy", "www-data"; cwd is /
    get(uri="/") -> str                       body of what the application *serves* now (FastCGI to the pool; no web server)
    request(uri, script=None, method="GET", pool="www", timeout=30) -> Response(status, headers, body, stderr)
    status() -> dict                          FPM's own status page (pool `www`, ?json&full)
    opcache() -> dict                         opcache_get_status(true) + "ini", asked of FPM by a script that OPcache does not keep
    cpu_usec() -> int                         CPU used by everything in the host so far (cgroup cpu.stat usage_usec)
    syslog(*tags) -> list[str]                messages that came to the host's syslog under these tags ("stalewatch")
    unit(name, property) -> str               systemctl show -P PROPERTY UNIT
    start(argv, user="root") -> Popen[str]    like run, left running; systemctl(*words)
    processes("ssh") -> list[int]             pids of a unit, in the machine's numbering; fpm_master(), fpm_workers() -> the same for FPM
    cgroup, state                             Paths: its cgroup2 directory; its directory in the lab

Host, changing the application (all as its owner `deploy`, mtime is now unless said otherwise):
    edit(path, text=None, *, replace=None, mtime=None)
                                              write text, or replace=("old", "new") in place; relative paths are under /srv/app
    release(version)                          edit that makes the controller answer "home VERSION" (so get("/") tells what runs)
    touch(path, mtime) ; remove(path)         mtime in epoch seconds
    deploy_git(commit="fix")                  git reset --hard as `deploy` (adds a line to .git/logs/HEAD). Tag "fix" changes the controller
                                              ("home v2"), config/services.php and routes/api.php, like the incident; "good" is the base
    artisan(*args, user="www-data") -> CompletedProcess[str]
    clear_caches() ; cache()                  config, route, event, view: clear / cache again
    what the URIs answer                      "/" "home v1"; "/config" "v1 agent-v1"; "/api/ping" "pong v1"; "/api/pong" 404,
                                              with `fix` "pong v1"; "/view" a Blade view with "view v1 on web1";
                                              "/event" "listened v1"; "/package" "greeter v1";
                                              "/sleep/SECONDS" works that long; "/job" queues a job that appends to storage/app/job.txt

Host, changing the servers:
    fpm(**opcache)                            php_admin_value[opcache.*] of pool `www`, then restart:
                                              fpm(validate_timestamps=0, revalidate_freq=600)
    pool(name="www", **directives)            pool directives, `__` for `.`: pool(pm="ondemand", pm__max_children=2);
                                              another name adds a second pool on /run/php/NAME.sock; then restart
    ini(**settings)                           conf.d/99-lab.ini of FPM, `__` for `.`: ini(opcache__preload="..."); then restart
    reload() ; restart()                      systemctl reload|restart PHP-FPM's unit, waits until the new workers answer
    stop_fpm() ; start_fpm()
    kill_sshd() ; start_sshd()                kill_sshd also ends the sessions
    deny_socket() ; allow_socket()            0600 root:root on the pool's socket: `deploy` may not open it
    change_host_key()                         a new host key, sshd restarted; lab.known_hosts still holds the old one
    start_worker() ; stop_worker()            unit laravel-worker: artisan queue:work as www-data
    restore()                                 back to the known good state, < 1 s

sudo for `deploy`: exactly the lines of tests/lab/files/etc/sudoers. `python -m tests.lab up --hosts 3` keeps a lab up until Ctrl-C or
SIGTERM, `python -m tests.lab install` only installs packages, `python -m tests.lab sweep` removes what dead labs left.
"""

from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.unavailable import Unavailable

__all__ = ["Host", "Lab", "Unavailable"]
