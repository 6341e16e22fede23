"""Who else is on a server is said in its pane and in its detail."""

from __future__ import annotations

import msgspec

from stalewatch.dashboard.render.pane_lines import RenderOptions, pane_lines
from stalewatch.dashboard.render.sections import verdict
from stalewatch.dashboard.render.times import Clock
from stalewatch.model.report import Report
from stalewatch.model.snapshot import LockHolder, PeerWatcher
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Progress, Status
from tests.builders import incident as build

CLOCK = Clock(build.NOW)
MARA = LockHolder(who=safe("mara@laptop"), since=build.at("12:49:00"))
BEN = PeerWatcher(who=safe("ben@desk"), since=build.at("12:31:00"))


def shared(report: Report, lock: LockHolder | None, *watchers: PeerWatcher) -> Report:
    assert report.snapshot is not None
    host = msgspec.structs.replace(report.snapshot.host, lock=lock, watchers=watchers)
    return msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, host=host))


def shown(report: Report) -> str:
    return "\n".join(row.text for row in pane_lines(build.pane(report), RenderOptions(CLOCK, 0.0), 58, 16))


def test_a_pane_says_who_runs_a_runbook_and_who_else_looks() -> None:
    assert "mara@laptop runs a runbook here since 12:49" in shown(shared(build.stale(), MARA, BEN))
    assert "also watched by ben@desk since 12:31" in shown(shared(build.fresh("web2"), None, BEN))
    assert "watched" not in shown(build.fresh("web2"))


def test_a_pane_says_which_step_of_it_runs() -> None:
    busy = msgspec.structs.replace(MARA, step=safe("config:cache"), pid=4711)
    assert "runs a runbook here since 12:49 (step config:cache, pid 4711)" in " ".join(
        shown(shared(build.stale(), busy)).replace("│", " ").split()
    )


def test_the_detail_says_both_and_still_finds_its_findings() -> None:
    report = shared(build.stale(), msgspec.structs.replace(MARA, pid=4711), BEN)
    rows = [row.text for row in verdict.lines(report, CLOCK, 100)]
    assert any("mara@laptop runs a runbook here since 12:49 (pid 4711)" in row for row in rows)
    assert any("ben@desk" in row for row in rows)
    for place, finding in zip(verdict.places(report, CLOCK, 100), report.findings, strict=True):
        assert str(finding.summary)[:40] in rows[place]


def test_once_a_runbook_is_over_the_present_reason_stands_before_it() -> None:
    done = tuple(
        Progress(server="web1", app=build.APP, step=step, status=Status.DONE, at=build.NOW) for step in ("lock", "reload", "result")
    )
    running = (*done[:1], Progress(server="web1", app=build.APP, step="verify", status=Status.RUNNING, at=build.NOW))
    failed = (*done[:1], Progress(server="web1", app=build.APP, step="result", status=Status.FAILED, at=build.NOW))

    def pane(progress: tuple[Progress, ...]) -> str:
        whole = msgspec.structs.replace(build.pane(build.stale()), progress=progress)
        return "\n".join(row.text for row in pane_lines(whole, RenderOptions(CLOCK, 0.0), 58, 16))

    assert pane(done).index("why: ") < pane(done).index("✓ runbook, 1 step  done")
    assert "why: " not in pane(running), "while it runs, what it does counts"
    assert "✗ result  failed" in pane(failed)
