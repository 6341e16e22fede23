"""What a look costs a server that has twelve applications in one FPM master. Needs the lab (root)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.bench.recorder import Recorder
from tests.bench.table import Row, limit
from tests.lab import Lab
from tests.lab.php import POOL

if TYPE_CHECKING:
    from tests.lab import Host

APPS = 12
BEAT = 2.0
LIMIT = 90.0
URIS = ("/", "/view", "/config", "/api/ping")


def apps(quick: bool) -> list[Row]:
    """Two servers in the same minutes: all applications in one pool, and each in a pool of its own; minus a third, which is not watched."""
    ticks = 8 if quick else 60
    with Lab(3) as lab:
        shared, apart, _ = lab.hosts
        for host in (shared, apart):
            _copy_app(host)
        _use(shared, dict.fromkeys(_names(), "www"))
        _make_pools(apart)
        _use(apart, {name: name if name != "app" else "www" for name in _names()})
        program = [sys.executable, "-m", "stalewatch", "-F", str(lab.ssh_config), shared.name, apart.name]
        _check_that_all_are_judged(lab, (shared, apart))
        with Recorder(program, columns=120, rows=40) as terminal:
            terminal.until(r"FRESH|STALE|SUSPECT|PENDING", 60)
            terminal.record(10)
            before = [host.cpu_usec() for host in lab]
            terminal.record(ticks * BEAT)
            used = [(host.cpu_usec() - start) / 1000 / ticks for host, start in zip(lab, before, strict=True)]
    idle = used[2]
    return [
        limit(f"{APPS} applications in one pool, per look ({ticks} looks)", used[0] - idle, LIMIT, "ms CPU", 1),
        limit(f"{APPS} applications in {APPS} pools of one master, per look", used[1] - idle, LIMIT, "ms CPU", 1),
    ]


def _make_pools(host: Host) -> None:
    """A pool for each copy, by the copy's name; one start of FPM for all of them."""
    folder = POOL.rpartition("/")[0]
    for name in _names()[1:]:
        kept = f"grep -v -e '^pm' -e '^listen *=' {POOL} | sed 's/^\\[www]/[{name}]/'"
        more = f"printf '%s\\n' 'listen = /run/php/{name}.sock' 'pm = static' 'pm.max_children = 1' 'pm.status_path = /status'"
        host.run(["sh", "-ec", f"{{ {kept}; {more}; }} >{folder}/{name}.conf; touch -d '1 hour ago' {folder}/{name}.conf"])
    host.restart()


def _check_that_all_are_judged(lab: Lab, hosts: tuple[Host, ...]) -> None:
    argv = [
        sys.executable,
        "-m",
        "stalewatch",
        "check",
        "--format",
        "json",
        "--ssh-config",
        str(lab.ssh_config),
        *(host.name for host in hosts),
    ]
    entries = json.loads(subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False).stdout)["servers"]
    verdicts = [entry["verdict"] for entry in entries]
    if len(verdicts) != APPS * len(hosts) or not {*verdicts} <= {"fresh", "stale"}:  # a copy's cached configuration is the original's
        raise RuntimeError(f"not every application is judged: {verdicts}")


def _names() -> list[str]:
    return ["app", *(f"app{number}" for number in range(1, APPS))]


def _copy_app(host: Host) -> None:
    host.run(["sh", "-ec", "".join(f"cp -a /srv/app /srv/{name}; " for name in _names()[1:])])


def _use(host: Host, pools: dict[str, str]) -> None:
    """One request to each page of each application, so that the cache holds what it would."""
    for name, pool in pools.items():
        for uri in URIS:
            host.request(uri, script=f"/srv/{name}/public/index.php", pool=pool)
