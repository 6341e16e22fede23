"""What PHP's command line keeps compiled and never checks, against the sources: for workers, and for what artisan cached."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.cli_cache import may_run_old
from stalewatch.model.disk import CliCache
from stalewatch.model.report import Layer, Verdict
from stalewatch.model.snapshot import FileStat, HostFacts, Inputs
from stalewatch.model.text import safe
from tests.builders.snapshots import CACHED, WRITTEN, at, codes, file, host, looked, only, quiet, snapshot, sources, worker

FOLDER = "/var/cache/php"
APP = "config/app.php"
CODE = "app/Http/Controllers/HomeController.php"
AFTER = 5.0
"""Seconds after a source was written: PHP keeps nothing that is younger than two."""


def kept(path: str, compiled: float) -> FileStat:
    return FileStat(safe(path), at(compiled), at(compiled))


def keeping(*files: FileStat, seen: bool = True, **more: Any) -> HostFacts:
    return host(cli_cache=CliCache(folder=safe(FOLDER), php=safe("/usr/bin/php"), files=files if seen else None), **more)


def judged(facts: HostFacts) -> Any:
    return looked(snapshot(host=facts))


@pytest.mark.parametrize("compiled", [WRITTEN - 3600, WRITTEN - 1, WRITTEN + 1])
def test_a_worker_runs_what_is_older_than_its_source(compiled: float) -> None:
    facts = keeping(kept(CODE, compiled), queue_workers=(worker(),))
    finding = only(judged(facts), Layer.WORKERS, Verdict.STALE, "workers.file-cache")
    assert FOLDER in finding.summary
    assert CODE in finding.summary
    assert may_run_old(facts)


def test_what_was_compiled_after_its_source_was_written_is_new() -> None:
    facts = keeping(kept(CODE, WRITTEN + AFTER), kept(APP, WRITTEN + AFTER), queue_workers=(worker(),))
    quiet(judged(facts))
    assert not may_run_old(facts)


def test_a_newer_ctime_alone_suspects() -> None:
    touched = file(CODE, WRITTEN, WRITTEN + 60)
    facts = keeping(kept(CODE, WRITTEN + 30), inputs=sources(code=(touched,)), queue_workers=(worker(),))
    report = judged(facts)
    assert (report.layers[Layer.WORKERS], codes(report) & {"workers.file-cache"}) == (Verdict.SUSPECT, {"workers.file-cache"})


def test_without_workers_nobody_runs_it() -> None:
    quiet(judged(keeping(kept(CODE, WRITTEN - 3600))))


@pytest.mark.parametrize(
    ("layer", "path", "code"),
    [
        (Layer.CONFIG, APP, "config.file-cache"),
        (Layer.ROUTES, "routes/web.php", "routes.file-cache"),
        (Layer.EVENTS, "app/Providers/EventServiceProvider.php", "events.file-cache"),
    ],
)
def test_a_cache_that_is_newer_than_its_sources_was_made_of_an_old_compile(layer: Layer, path: str, code: str) -> None:
    report = judged(keeping(kept(path, WRITTEN - 60)))
    assert CACHED > WRITTEN
    only(report, layer, Verdict.SUSPECT, code)


def test_a_compile_that_came_after_the_cache_did_not_make_it() -> None:
    late = FileStat(safe(APP), at(WRITTEN - 60), at(CACHED + 60))
    quiet(judged(keeping(late)))


def test_a_source_that_is_newer_than_the_cache_is_told_as_that() -> None:
    report = judged(keeping(kept(APP, WRITTEN), inputs={**sources(), "config": Inputs(direct=(file(APP, CACHED + 60),))}))
    only(report, Layer.CONFIG, Verdict.STALE, "config.stale")
    assert "config.file-cache" not in codes(report)


def test_where_it_cannot_be_seen_nothing_that_the_command_line_makes_or_runs_is_fresh() -> None:
    facts = keeping(seen=False, queue_workers=(worker(),))
    report = judged(facts)
    assert {layer for layer, verdict in report.layers.items() if verdict is Verdict.UNKNOWN} == {
        *(Layer.CONFIG, Layer.ROUTES, Layer.EVENTS, Layer.WORKERS)
    }
    assert all(FOLDER in one.summary for one in report.findings if one.verdict is Verdict.UNKNOWN)
    assert may_run_old(facts)
