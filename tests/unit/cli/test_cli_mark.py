"""``mark``: what it says was remembered is what lies on the disk, and a promise that could not be kept is not exit code 0."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.diagnosis.memory import Awaited, Baseline, Memory, Seen
from stalewatch.engine.memory_store import load_awaited, save, save_awaited
from stalewatch.model.snapshot import QueueWorker, RuntimeFacts, Unseen
from stalewatch.model.text import safe
from tests.builders import outputs as examples
from tests.builders import values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from stalewatch.model.report import Report
    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]

SEEN = Seen(examples.NOW, 3, None, examples.RELOAD, 10, 1, "", True, examples.RELOAD, examples.RELOAD)
REMEMBERED = Memory(
    at=examples.NOW,
    scripts={f"/srv/app/{number}.php": SEEN for number in range(382)},
    baselines={"config": Baseline(1.0, 1.0, ()), "workers": Baseline(0.0, 1.0, ())},
)


def denied(report: Report) -> Report:
    """*report* of a login that may not open the pool's socket."""
    assert report.snapshot is not None
    why = Unseen(code="fpm.socket-denied", message=safe("deploy may not open the socket"), grant=safe("usermod -aG www-data deploy"))
    return msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, runtime=why), errors=(why,))


def test_it_says_what_is_remembered_of_each_app(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(examples.stale(), examples.fresh())]
    save("deploy@web1:22", {"/srv/app": REMEMBERED})
    save("deploy@web2:22", {"/srv/app": msgspec.structs.replace(REMEMBERED, scripts={"/srv/app/0.php": SEEN}, baselines={})})
    result = stalewatch("mark", "web1", "web2")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith("web1 /srv/app: remembered 382 cached scripts, config (")
    assert second.startswith("web2 /srv/app: remembered 1 cached script (not all) (")
    assert result.stderr == ""


@pytest.mark.parametrize("before", [None, msgspec.structs.replace(REMEMBERED, at=examples.NOW - 60)], ids=["nothing", "an older look"])
def test_what_could_not_be_kept_is_said_and_is_no_success(stalewatch: Stalewatch, seams: Seams, before: Memory | None) -> None:
    seams.looks = [(examples.fresh("web1"),)]
    if before is not None:
        save("deploy@web1:22", {"/srv/app": before})
    result = stalewatch("mark", "web1")
    assert result.exit_code == 1
    assert "NOT remembered" in result.stdout


def test_bytecode_that_could_not_be_seen_is_not_called_remembered(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(denied(examples.fresh("web1")),)]
    save("deploy@web1:22", {"/srv/app": msgspec.structs.replace(REMEMBERED, scripts={})})
    result = stalewatch("mark", "web1")
    assert result.exit_code == 3
    assert "no bytecode (OPcache was not seen), config" in result.stdout
    assert "deploy may not open the socket; usermod -aG www-data deploy" in result.stdout


def test_a_server_that_is_away_does_not_hide_what_is_remembered_of_the_others(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(examples.unreachable(), examples.fresh("web1"))]
    save("deploy@web1:22", {"/srv/app": REMEMBERED})
    result = stalewatch("mark", "web3", "web1")
    assert result.exit_code == 3
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == ["web3", "web1 /srv/app"]
    assert "host key" in result.stdout.splitlines()[0]


def test_json_has_an_entry_per_app(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(examples.fresh("web1"), examples.unreachable())]
    save("deploy@web1:22", {"/srv/app": REMEMBERED})
    result = stalewatch("mark", "web1", "web3", "--format", "json")
    assert result.exit_code == 3
    said = json.loads(result.stdout)
    assert said["schema"] == 1
    marked, away = said["servers"]
    assert (marked["remembered"], marked["scripts"], marked["caches"], marked["errors"]) == (True, 382, ["config"], [])
    assert (away["remembered"], away["scripts"], away["observed_at"]) == (False, None, None)
    assert away["errors"][0]["code"].startswith("link.")


def test_workers_that_were_ended_for_good_are_no_longer_awaited(stalewatch: Stalewatch, seams: Seams) -> None:
    gone = (Awaited(examples.NOW, QueueWorker(kind="queue", process=values.process(7, 0.0))),)
    save("deploy@web1:22", {"/srv/app": REMEMBERED})
    save_awaited("deploy@web1:22", "/srv/app", gone)
    seams.looks = [(examples.fresh("web1"),)]
    assert "awaited" not in stalewatch("mark", "web1").stdout
    assert load_awaited("deploy@web1:22", "/srv/app") == gone
    result = stalewatch("mark", "--workers-ended", "web1")
    assert (result.exit_code, result.stdout.splitlines()[1]) == (0, "web1 /srv/app: no longer awaited: 1 queue worker")
    assert load_awaited("deploy@web1:22", "/srv/app") == ()


def test_it_needs_a_target(stalewatch: Stalewatch) -> None:
    result = stalewatch("mark")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_a_state_directory_that_takes_nothing_is_said(
    stalewatch: Stalewatch, seams: Seams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    seams.looks = [(examples.fresh("web1"),)]
    result = stalewatch("mark", "web1", "--format", "json")
    assert result.exit_code == 1
    assert [entry["remembered"] for entry in json.loads(result.stdout)["servers"]] == [False]
    assert result.stderr.startswith("stalewatch: ")
    assert str(tmp_path / "file") in result.stderr
    assert result.stderr.count("\n") == 1


def test_opcache_that_is_off_is_nothing_missing(stalewatch: Stalewatch, seams: Seams) -> None:
    report = examples.fresh("web1")
    assert report.snapshot is not None
    assert isinstance(report.snapshot.runtime, RuntimeFacts)
    off = msgspec.structs.replace(report.snapshot.runtime.opcache, enabled=False, cached_scripts=0)
    runtime = msgspec.structs.replace(report.snapshot.runtime, opcache=off)
    seams.looks = [(msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, runtime=runtime)),)]
    save("deploy@web1:22", {"/srv/app": msgspec.structs.replace(REMEMBERED, scripts={})})
    result = stalewatch("mark", "web1")
    assert result.exit_code == 0
    assert "no bytecode (OPcache is off)" in result.stdout


def test_a_server_without_an_app_is_not_seen_and_no_disk_is_blamed(stalewatch: Stalewatch, seams: Seams) -> None:
    nothing = Unseen(code="app.not-found", message=safe("no application was found"))
    report = examples.fresh("web1")
    assert report.snapshot is not None
    snapshot = msgspec.structs.replace(report.snapshot, app=safe(""))
    seams.looks = [(msgspec.structs.replace(report, app=safe(""), snapshot=snapshot, errors=(nothing,)),)]
    result = stalewatch("mark", "web1")
    assert result.exit_code == 3
    assert "no application was found" in result.stdout
    assert "disk" not in result.stdout + result.stderr
