"""stalewatch itself, run against the lab as a person would."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.terminal import STALEWATCH, Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab import Host, Lab


class Ran(NamedTuple):
    """A run that ended. *data* is the JSON on stdout (None when it is not JSON)."""

    code: int
    stdout: str
    stderr: str
    data: Any


def stalewatch(lab: Lab, *arguments: str, timeout: float = 120, cwd: Path | None = None) -> Ran:
    """Run ``stalewatch ARGUMENTS -F lab`` without a terminal, in *cwd*."""
    argv = [*STALEWATCH, *arguments, "--ssh-config", str(lab.ssh_config)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False, cwd=cwd)
    assert "Traceback" not in done.stderr, done.stderr
    try:
        data = json.loads(done.stdout)
    except ValueError:
        data = None
    return Ran(done.returncode, done.stdout, done.stderr, data)


def check(lab: Lab, *arguments: str) -> tuple[int, dict[str, Any]]:
    """``check --format json``: exit code, and the entries by server name."""
    ran = stalewatch(lab, "check", "--format", "json", *(arguments or lab.targets))
    assert ran.data is not None, ran.stdout + ran.stderr
    assert ran.data["schema"] == 1
    return ran.code, {entry["name"]: entry for entry in ran.data["servers"]}


def dashboard(lab: Lab, *arguments: str, columns: int = 120, rows: int = 40) -> Terminal:
    """The dashboard on all hosts of the lab, in a pseudo-terminal."""
    argv = [*STALEWATCH, *(arguments or lab.targets), "--ssh-config", str(lab.ssh_config)]
    return Terminal(argv, columns=columns, rows=rows)


def serving(host: Host, uri: str = "/") -> str:
    """What the application serves now; "" while a reload drops the request."""
    try:
        return host.get(uri)
    except OSError:
        return ""


class Footprint(NamedTuple):
    """What any runbook on a host would move (see `moved`)."""

    pool_start: object
    opcache_start: object
    workers: frozenset[int]
    caches: tuple[tuple[str, int, int], ...]
    syslog: tuple[str, ...]


CACHES = ("bootstrap/cache", "storage/framework/views")


def moved(before: Footprint, after: Footprint) -> dict[str, object]:
    """What is not as it was. Workers that a pool starts beside the old ones do not count: those that were there must stay."""
    if before.workers <= after.workers:
        after = after._replace(workers=before.workers)
    return {name: (was, now) for name, was, now in zip(Footprint._fields, before, after, strict=True) if was != now}


def footprint(host: Host) -> Footprint:
    """A host's footprint now."""
    files = sorted(path for directory in CACHES for path in host.file(directory).iterdir() if path.suffix == ".php")
    return Footprint(
        host.status()["start time"],
        host.opcache()["opcache_statistics"]["start_time"],
        frozenset(host.fpm_workers()),
        tuple((path.name, path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in files),
        tuple(host.syslog()),
    )


def ours(host: Host) -> list[str]:
    """What of stalewatch is on the host: its directories and files, and its processes (watching, holding a lock, running a step)."""
    script = """ls -d /tmp/stalewatch-* /var/tmp/stalewatch-* /dev/shm/stalewatch-* 2>/dev/null
for p in /proc/[0-9]*; do tr '\\0\\n' '  ' <$p/cmdline 2>/dev/null | grep -oE 'stalewatch-(watch|lock|step|relay)( [^ ]+){0,2}'; done
true"""
    found = host.run(["sh", "-c", script]).stdout.splitlines()
    return sorted({line for line in found if "(" not in line and '"' not in line})


def codes(entry: dict[str, Any]) -> set[str]:
    """The finding codes of an entry that are about its verdict (health notes aside)."""
    return {finding["code"] for finding in entry["findings"] if finding["verdict"] != "fresh"}


def explain(entry: dict[str, Any]) -> str:
    """An entry, for an assertion's message."""
    return json.dumps({key: entry[key] for key in ("name", "verdict", "layers", "findings", "errors")}, indent=1)
