"""Long-running PHP of other names than Laravel's workers, and cron: started by hand here, as the same commands run on servers."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.release import CURRENT, FLIP, layout
from tests.lab.truth.servers import HEAL_JOB, JOB, no_copy, own_copy, replace_file
from tests.lab.truth.state import APP, Ask, healthy, stale
from tests.lab.truth.symfony import API, COMPILED, INDEX, api, symfony
from tests.lab.truth.workers import end, hold, served
from tests.lab.waiting import until

_SUSPECT = {Layer.WORKERS: ("suspect", "workers.other-older")}
_WORKING = {Layer.WORKERS: ("fresh",)}
_CRON = {Layer.WORKERS: ("stale", "workers.cron-old-release"), Layer.OPCACHE: ("absent",)}
_LOOP = "<?php while (true) { sleep(1); }"
_STARTED = "/tmp/lab-daemon.pid"
_LOOP_PID = "/tmp/lab-daemon-supervisor.pid"
_HELD = f"{API}/var/log/held"
_TAB = "/etc/cron.d/lab"
_RELEASES = "/srv/shop/releases"


def daemon(command: str, script: str, app: str = APP, user: str = "www-data") -> do.Change:
    """A *script* that never ends is written below *app*, and *command* (words after ``php``) runs it there."""

    def change(host: Host) -> None:
        file = host.root(f"{app}/{script}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_LOOP)
        do.shell(f"touch -d '2 hours ago' {app}/{script}; chmod -R a+rX {app}/{script}")(host)
        do.pause(1.1)(host)
        host.start(["sh", "-ec", f"cd {app}; echo $$ >{_STARTED}; exec php {command} </dev/null >/dev/null 2>&1"], user=user)
        until(lambda: host.exists(_STARTED) and bool(host.read(_STARTED).strip()), f"php {command} on {host.name}")
        pid = host.read(_STARTED).strip()
        until(lambda: host.read(f"/proc/{pid}/comm").strip() == "php", f"php {command} on {host.name}")

    return change


def stop(host: Host) -> None:
    """End the daemon."""
    host.run(["sh", "-c", f"kill -9 $(cat {_STARTED}); rm {_STARTED}"], check=False)


def consume(host: Host) -> None:
    """messenger:consume of the Symfony application, which something starts again when it ends."""
    run = f"echo $$ >{_STARTED}; exec php bin/console messenger:consume async --env=prod </dev/null >/dev/null 2>&1"
    loop = f"cd {API}; echo $$ >{_LOOP_PID}; while :; do sh -c '{run}' || :; sleep 0.2; done"
    host.start(["sh", "-ec", loop], user="www-data")
    until(lambda: host.exists(_HELD) and bool(host.read(_HELD)), f"messenger:consume on {host.name}")


def stop_consuming(host: Host) -> None:
    """End what starts it again, then itself."""
    host.run(["sh", "-c", f"kill -9 $(cat {_LOOP_PID}); kill -9 $(cat {_STARTED}); rm {_LOOP_PID} {_STARTED}"], check=False)


def cron(line: str) -> do.Change:
    """A line in a cron.d of this host's own."""
    return do.shell(f"mkdir -p /etc/cron.d; mount -t tmpfs -o mode=0755 tmpfs /etc/cron.d; echo '{line}' >{_TAB}")


_NO_CRON = do.shell("umount /etc/cron.d")
_TIMER = do.shell(
    "cp -a /etc/systemd/system /run/lab-units; mount -t tmpfs -o mode=0755 tmpfs /etc/systemd/system; cd /etc/systemd/system;"
    " cp -a /run/lab-units/. .; rm -r /run/lab-units; mkdir -p timers.target.wants; ln -s ../lab.timer timers.target.wants/lab.timer;"
    f" printf '[Service]\\nWorkingDirectory={_RELEASES}/1\\nExecStart=/usr/bin/php artisan schedule:run\\n' >lab.service;"
    " printf '[Timer]\\nOnCalendar=daily\\n' >lab.timer"
)


STATES = (
    stale(
        name="workers: php server.php, older than the deploy",
        expect=_SUSPECT,
        arrange=do.then(do.get(), hold("server.php")),
        act=do.then(JOB, HEAL_JOB),
        ask=served,
        undo=end,
    ),
    stale(
        name="workers: a daemon with a title of its own, older than the deploy",
        expect=_SUSPECT,
        arrange=do.then(do.get(), hold(f"{APP}/app/daemon/feed.php", "feed importer", user="deploy")),
        act=do.then(JOB, HEAL_JOB),
        ask=lambda _host: "old",
        undo=end,
    ),
    stale(
        name="workers: messenger:consume, older than the deploy",
        expect={**COMPILED, Layer.WORKERS: ("stale", "workers.older-than-code")},
        arrange=do.then(symfony(), consume),
        act=do.then(api("src/Controller/HomeController.php", "home v1", "home v2"), do.pause(2.2), do.get(script=INDEX)),
        ask=lambda host: host.read(_HELD),
        app=API,
        named=True,
        undo=stop_consuming,
    ),
    healthy(
        name="workers: php server.php, started after the deploy",
        expect=_WORKING,
        arrange=do.get(),
        act=do.then(JOB, HEAL_JOB, hold("server.php")),
        ask=served,
        undo=end,
    ),
    healthy(
        name="an artisan command and composer run across a deploy",
        arrange=do.then(do.get(), daemon("artisan migrate --force", "artisan"), stop, daemon("composer.phar install", "composer.phar")),
        act=do.then(JOB, HEAL_JOB),
        ask=lambda _host: "new",
        undo=stop,
    ),
    stale(
        name="workers: PHP replaced as a package manager does, whose file may not be read",
        expect={Layer.WORKERS: ("suspect", "workers.binary-suspect")},
        arrange=do.then(own_copy("/usr/bin"), do.get("/job"), lambda host: host.start_worker()),
        act=replace_file(php.CLI),
        ask=lambda _host: "old",
        undo=do.then(lambda host: host.stop_worker(), no_copy("/usr/bin")),
    ),
    stale(
        name="workers: PHP replaced under one of the login's own",
        expect={Layer.WORKERS: ("stale", "workers.old-binary")},
        arrange=do.then(own_copy("/usr/bin"), do.get(), hold("artisan horizon", user="deploy", again=True)),
        act=replace_file(php.CLI),
        ask=lambda _host: "old",
        undo=do.then(end, no_copy("/usr/bin")),
    ),
    healthy(
        name="workers: PHP replaced, then restarted",
        expect=_WORKING,
        arrange=do.then(own_copy("/usr/bin"), do.get("/job"), lambda host: host.start_worker()),
        act=do.then(replace_file(php.CLI), do.pause(2.1), lambda host: host.systemctl("restart", "laravel-worker"), do.pause(0.5)),
        ask=lambda _host: "new",
        undo=do.then(lambda host: host.stop_worker(), no_copy("/usr/bin")),
    ),
    stale(
        name="cron names the old release",
        expect=_CRON,
        arrange=layout(),
        act=do.then(cron(f"* * * * * www-data cd {_RELEASES}/1 && php artisan schedule:run"), do.shell(FLIP), lambda host: host.reload()),
        ask=lambda _host: "old",
        app=CURRENT,
        undo=_NO_CRON,
    ),
    stale(
        name="a systemd timer names the old release",
        expect=_CRON,
        arrange=layout(),
        act=do.then(_TIMER, do.shell(FLIP), lambda host: host.reload()),
        ask=lambda _host: "old",
        app=CURRENT,
        undo=do.shell("umount -l /etc/systemd/system"),
    ),
    healthy(
        name="cron names the link, a comment the old release",
        expect={Layer.OPCACHE: ("absent",)},
        arrange=layout(),
        act=do.then(
            cron(f"#* * * * * www-data php {_RELEASES}/1/artisan x\n* * * * * www-data php {CURRENT}/artisan schedule:run"),
            do.shell(FLIP),
            lambda host: host.reload(),
        ),
        ask=Ask(script=f"{CURRENT}/public/index.php"),
        app=CURRENT,
        undo=_NO_CRON,
    ),
)
