"""Long-running processes that are not `queue:work`: each holds other code, or none, and shows it in another way.

`schedule:work` and `queue:listen` are Laravel's own. Horizon, Octane and Reverb are no Debian packages: holding.php stands in, a real PHP
with their real command lines (as their sources start them), that boots the application and serves what it has loaded.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.servers import HEAL_JOB, JOB, job, version
from tests.lab.truth.state import APP, healthy, stale, unsettled
from tests.lab.waiting import until

_HOLDING = Path(__file__).parent.parent / "files" / "holding.php"
_MARK = "/tmp/lab-holding-"
_PID = "/tmp/lab-php.pid"
_SUPERVISOR_PID = "/tmp/lab-supervisor-"
_OTHER = "/srv/other"
_OLDER = {Layer.WORKERS: ("stale", "workers.older-than-code")}
_WORKING = {Layer.WORKERS: ("fresh",)}
_SWOOLE = "swoole_http_server: {} process for Lab"
_SUPERVISOR = "--workers-name=default --balance=off --max-processes=1 --parent-id=1 --queue=default --tries=1"
_SCHEDULE = """
    protected function schedule(\\Illuminate\\Console\\Scheduling\\Schedule $schedule)
    {
        $schedule->call(static function () { file_put_contents(storage_path('app/job.txt'), "job v1\\n", FILE_APPEND); });
    }
}
"""


def hold(
    command: str,
    title: str = "",
    *,
    serves: bool = True,
    app: str = APP,
    user: str = "www-data",
    again: bool = False,
    orphan: bool = False,
) -> do.Change:
    """Start *command* (its words after ``php``) with holding.php in the place of the script, and wait until it holds its code.

    *serves*: it is one of those that run requests or jobs. *title*: what it calls itself then. *again*: something supervises it, and
    starts it again when it ends. *orphan*: what has started it ends at once."""

    def change(host: Host) -> None:
        script = host.file(f"{app}/{command.split()[0].removeprefix(f'{app}/')}")
        script.parent.mkdir(exist_ok=True)
        script.write_text(_HOLDING.read_text())
        before = _holding(host)
        setting = {"LAB_SERVES": "yes" if serves else "no", "LAB_TITLE": title}
        run = f"env {' '.join(f'{key}={shlex.quote(value)}' for key, value in setting.items())} php {command} </dev/null >/dev/null 2>&1"
        loop = f"echo >{_SUPERVISOR_PID}$$; while :; do {run} || :; sleep 0.2; done"
        how = loop if again else f"{run} &" if orphan else f"exec {run}"
        host.start(["sh", "-ec", f"cd {app}; {how}"], user=user)
        until(lambda: len(_holding(host)) > len(before), f"{command} on {host.name}", pause=0.05)

    return change


def _holding(host: Host) -> list[str]:
    return [str(path).rpartition("-")[2] for path in host.root("/tmp").glob("lab-holding-*")]


def end(host: Host) -> None:
    """End all of them, and artisan's own."""
    for loop in host.root("/tmp").glob("lab-supervisor-*"):
        host.run(["kill", "-9", loop.name.rpartition("-")[2]], check=False)
        loop.unlink()
    own = host.root(_PID)
    pids = [*_holding(host), *(own.read_text().split() if own.exists() else ())]
    if pids:
        host.run(["kill", "-9", *pids], check=False)
    for pid in _holding(host):
        host.root(f"{_MARK}{pid}").unlink()
    own.unlink(missing_ok=True)


def served(host: Host) -> str:
    """What the one that serves has loaded."""
    out = host.file("storage/app/job.txt")
    out.unlink(missing_ok=True)
    host.run(["touch", f"{APP}/storage/app/ask"], user="www-data")
    until(lambda: out.exists() and out.read_text().endswith("\n"), f"an answer on {host.name}")
    return version(out.read_text().splitlines()[-1])


def php(command: str) -> do.Change:
    """Start Laravel's own ``artisan COMMAND`` as www-data, and wait until it is PHP."""

    def change(host: Host) -> None:
        run = f"cd {APP}; echo $$ >{_PID}; exec php artisan {command} </dev/null >/dev/null 2>&1"
        host.start(["sh", "-ec", run], user="www-data")
        until(lambda: bool(host.exists(_PID) and host.read(_PID).strip()), f"{command} on {host.name}")
        pid = host.read(_PID).strip()
        until(lambda: host.read(f"/proc/{pid}/comm").strip() == "php", f"{command} on {host.name}")

    return change


def scheduled(host: Host) -> None:
    """The application has something to do every minute, and `schedule:work` runs."""
    text = host.file("app/Console/Kernel.php").read_text().rstrip().removesuffix("}")
    host.edit("app/Console/Kernel.php", text + _SCHEDULE)
    do.get()(host)
    php("schedule:work")(host)


def ran(host: Host) -> str:
    """What `schedule:run` runs, which `schedule:work` starts again in its own directory when a minute begins (then both write a line)."""
    out = host.file("storage/app/job.txt")
    out.unlink(missing_ok=True)
    pid = host.read(_PID).strip()
    host.run(["sh", "-ec", f"cd $(readlink /proc/{pid}/cwd); php artisan schedule:run"], user="www-data")
    return version(out.read_text().splitlines()[-1])


SECOND = do.shell(f"mkdir {_OTHER} && cp -a {APP}/. {_OTHER} && chmod o+w {_OTHER}/storage/app")
STALE = (
    stale(
        name="workers: Horizon, older than the deploy",
        expect=_OLDER,
        arrange=do.then(
            do.get(),
            hold("artisan horizon", serves=False, again=True),
            hold(f"artisan horizon:supervisor lab:one database {_SUPERVISOR}", serves=False, again=True),
            hold("artisan horizon:work database --name=default --supervisor=lab:one --queue=default", again=True),
        ),
        act=JOB,
        ask=served,
        undo=end,
    ),
    stale(
        name="workers: Horizon's own, whose supervisor has ended, older than the deploy",
        expect={Layer.WORKERS: (*_OLDER[Layer.WORKERS], "workers.orphaned")},
        arrange=do.then(do.get(), hold("artisan horizon:work database --name=default --supervisor=lab:one --queue=default", orphan=True)),
        act=JOB,
        ask=served,
        undo=end,
    ),
    stale(
        name="workers: Octane on Swoole, not reloaded",
        expect=_OLDER,
        arrange=do.then(
            do.get(),
            hold("artisan octane:start --server=swoole", serves=False),
            hold("vendor/bin/swoole-server storage/logs/octane-server-state.json", _SWOOLE.format("worker"), again=True),
        ),
        act=JOB,
        ask=served,
        undo=end,
    ),
    stale(
        name="workers: Octane on FrankenPHP, not reloaded",
        expect={Layer.WORKERS: ("suspect", "workers.reload-unseen")},
        arrange=do.then(do.get(), hold("artisan octane:start --server=frankenphp")),
        act=JOB,
        ask=served,
        undo=end,
    ),
    stale(
        name="workers: Reverb, older than the deploy",
        expect=_OLDER,
        arrange=do.then(do.get(), hold("artisan reverb:start --port=8080", again=True)),
        act=JOB,
        ask=served,
        undo=end,
    ),
)
HEALTHY = (
    healthy(
        name="workers: Octane on RoadRunner, reloaded",
        expect=_WORKING,
        arrange=do.then(do.get(), hold("artisan octane:start --server=roadrunner", serves=False)),
        act=do.then(JOB, do.pause(1.1), hold(f"{APP}/vendor/bin/roadrunner-worker")),
        ask=served,
        undo=end,
    ),
    healthy(
        name="workers: schedule:work, older than the deploy",
        expect=_WORKING,
        arrange=scheduled,
        act=do.change_text("app/Console/Kernel.php", "job v1", "job v2"),
        ask=ran,
        undo=end,
    ),
    healthy(
        name="workers: queue:listen, older than the deploy",
        expect=_WORKING,
        arrange=do.then(do.get(), do.get("/job"), php("queue:listen --sleep=0.5 --tries=1")),
        act=do.then(JOB, HEAL_JOB),
        ask=job,
        undo=end,
    ),
    healthy(
        name="workers: another app's, older than the deploy",
        arrange=do.then(do.get(), SECOND, hold("artisan queue:work", app=_OTHER, user="deploy")),
        act=JOB,
        named=True,
        undo=end,
    ),
)
UNSETTLED = (
    unsettled(
        name="workers: of which app may not be seen",
        expect={Layer.WORKERS: ("unknown", "workers.app-unseen")},
        arrange=do.then(do.get(), SECOND, hold("artisan queue:work")),
        act=JOB,
        ask=served,
        really="old",
        named=True,
        undo=end,
    ),
)
STATES = (*STALE, *HEALTHY, *UNSETTLED)
