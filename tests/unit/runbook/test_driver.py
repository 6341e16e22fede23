"""A plan executed for real on this machine: real sh, flock and PHP, an artisan of ten lines; looks are stats of its files."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from stalewatch.model.errors import LinkLost
from stalewatch.runbook import app_answers, driver, verify
from stalewatch.runbook.audit_log import AuditLog
from stalewatch.runbook.plan import Choice, Plan, Progress, Request, Status, Step
from stalewatch.runbook.remote_lock import acquire
from stalewatch.runbook.server_executor import Timings
from stalewatch.transport.link import Stream
from stalewatch.transport.local import LocalLink
from tests.builders.runbook import plan
from tests.unit.runbook.here import Here, application

pytestmark = pytest.mark.skipif(not Path("/usr/bin/php").exists() or shutil.which("flock") is None, reason="needs /usr/bin/php and flock")

FAST = Timings(poll=0.05, confirm_delay=0.05, resolve=3.0, recent=0.5, canary=0.05)


@pytest.fixture
def audit(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "state" / "audit.log")


@pytest.fixture
async def site(tmp_path: Path, audit: AuditLog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Here]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    here = Here(application(tmp_path / "srv app", audit.path))
    yield here
    await here.link.close()


Ended = dict[tuple[str, str], Status]


async def execute(
    site: Here, audit: AuditLog, request: Request | None = None, *, timings: Timings = FAST, patient: bool = True, **more: Here
) -> tuple[Ended, list[Progress]]:
    """Not *patient*: what is stale at the end is not asked again whether it heals."""
    sites = [site, *more.values()]
    for one in sites:
        one.report = one._see()
    told: list[Progress] = []
    made = plan([one.report for one in sites], request or Request(choice=Choice.FIX))
    if not patient:
        made = impatient(made)
    ended = await driver.run(made, {one.report.key: one for one in sites}, told.append, who="alice@laptop", audit=audit, timings=timings)
    return ended, told


def impatient(made: Plan) -> Plan:
    replace = msgspec.structs.replace

    def without_time(step: Step) -> Step:
        return replace(step, timeout=0.0) if step.via == "look" else step

    return replace(made, servers=tuple(replace(one, steps=tuple(map(without_time, one.steps))) for one in made.servers))


async def test_where_the_pool_could_not_write_nothing_is_run(site: Here, audit: AuditLog) -> None:
    site.wrong = {"writable": "denied root 0755"}
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.FAILED}
    refused = next(line for line in told if line.step == "disk-free" and line.status is Status.FAILED)
    assert refused.evidence["grant"].startswith("sudo setfacl -m u:")
    assert not (site.root / "ran").exists()


async def test_an_app_that_answered_before_a_step_and_not_after_it_is_a_failure_whatever_the_artefacts_say(
    site: Here, audit: AuditLog
) -> None:
    site.answers = [200, 500]
    ended, told = await execute(site, audit, timings=msgspec.structs.replace(FAST, recover=0.0))
    assert set(ended.values()) == {Status.FAILED}
    step = next(line for line in told if line.status is Status.FAILED)
    assert step.step != "result"
    assert step.evidence["why"] == "the app answered before this and does not now: GET / answers 500"
    assert final(told)["verify"] is Status.SKIPPED


@pytest.mark.parametrize(
    ("answers", "broke", "undone", "exchanged"),
    [
        ([200, 500, 200], "config:cache", "the old config cache is back; GET / answers 200 again", 1),
        ([200, 500], "config:cache", "the old config cache is back, and GET / answers 500 still", 1),
        ([200, 200, 500, 200], "invalidate", "the old bytecode is gone; the old config cache is back; GET / answers 200 again", 1),
        (
            [200, 200, 500],
            "invalidate",
            "the old bytecode is gone; the old caches did not help, so the new ones are there again: GET / answers 500",
            2,
        ),
        ([200, 200, 200, 500, 200], "verify", "the old config cache is back; GET / answers 200 again", 1),
    ],
)
async def test_what_made_the_app_answer_5xx_is_undone_and_it_is_asked_again(
    site: Here, audit: AuditLog, answers: list[int], broke: str, undone: str, exchanged: int
) -> None:
    site.old_bytecode, site.answers = True, answers
    ended, told = await execute(site, audit, timings=msgspec.structs.replace(FAST, recover=0.0))
    assert set(ended.values()) == {Status.FAILED}
    failed = next(line for line in told if line.status is Status.FAILED)
    assert (failed.step, failed.evidence["undone"]) == (broke, undone)
    assert told[-1].evidence["why"].endswith(undone)
    verbs = [verb for verb, _ in site.keepings]
    assert verbs == ["tidy", "keep", "settle", *["exchange"] * exchanged, "drop"]


async def test_what_cannot_be_put_back_is_said(site: Here, audit: AuditLog) -> None:
    site.answers, site.wrong = [200, 500], {"exchange": "Permission denied"}
    ended, told = await execute(site, audit, timings=msgspec.structs.replace(FAST, recover=0.0))
    assert set(ended.values()) == {Status.FAILED}
    said = f"the old config cache could not be put back: {site.root}/bootstrap/cache/config.php: Permission denied"
    assert next(line.evidence["undone"] for line in told if line.status is Status.FAILED) == said


@pytest.mark.parametrize(("before", "after", "status"), [(200, 404, Status.FAILED), (200, 302, Status.DONE), (404, 404, Status.DONE)])
async def test_a_page_that_was_found_before_a_step_and_not_after_it_is_a_failure(
    site: Here, audit: AuditLog, before: int, after: int, status: Status
) -> None:
    site.answers = [before, after]
    ended, told = await execute(site, audit, timings=msgspec.structs.replace(FAST, recover=0.0))
    assert set(ended.values()) == {status}
    if status is Status.FAILED:
        step = next(line for line in told if line.status is Status.FAILED)
        assert step.evidence["why"] == "the app answered before this and does not now: GET / answers 404, 200 before"


async def test_the_same_request_is_made_after_a_step_also_where_that_look_knows_no_entry_script(
    site: Here, audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_answers.smoke, "parameters", lambda *_: {"SCRIPT_FILENAME": "/srv/index.php"} if site.asked == 0 else None)
    ended, _ = await execute(site, audit)
    assert set(ended.values()) == {Status.DONE}
    assert site.asked > 1


async def test_an_app_that_is_slow_to_answer_again_has_a_moment_to_do_so(site: Here, audit: AuditLog) -> None:
    site.answers = [200, 502, 200]
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.DONE}
    assert next(line for line in told if line.step == "verify" and line.status is Status.DONE).evidence["app"] == "GET / answers 200"


async def test_fresh_code_that_answers_5xx_is_not_called_verified(site: Here, audit: AuditLog) -> None:
    """It was broken before, so no step is to blame."""
    site.answers = [500]
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.FAILED}
    assert final(told)["verify"] is Status.FAILED
    assert "the layers are fresh, and GET / answers 500" in told[-1].evidence["why"]


def final(told: list[Progress]) -> dict[str, Status]:
    return {line.step: line.status for line in told}


@pytest.mark.parametrize(("when", "step"), [("at once", "parse"), ("while artisan runs", "invalidate")])
async def test_code_that_does_not_parse_is_not_made_to_run(site: Here, audit: AuditLog, when: str, step: str) -> None:
    site.old_bytecode, site.breaks = True, when
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.FAILED}
    assert final(told)[step] is Status.FAILED
    assert f"the new code does not parse: {site.root}/app.php:7 (unexpected }})" in told[-1].evidence["why"]
    assert (site.root / "ran").exists() is (when != "at once")
    assert site.invalidated == []


async def test_stale_config_and_bytecode_end_fresh_and_the_audit_was_first(site: Here, audit: AuditLog) -> None:
    site.old_bytecode = True
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.DONE}
    assert final(told) == dict.fromkeys(
        ["lock", "artisan", "disk-free", "parse", "config:cache", "invalidate", "verify", "result"], Status.DONE
    )
    assert re.fullmatch(r"web1 (ran old code .*; )?fixed in (<1|\d+) s; 0 requests lost", told[-1].evidence["in short"])
    assert (site.root / "ran").read_text() == f"{site.root}/artisan config:cache --no-interaction --no-ansi\n"
    assert site.invalidated == [f"{site.root}/app.php", f"{site.root}/bootstrap/cache/config.php"]
    when_run = [json.loads(line) for line in (site.root / "audit-when-run").read_text().splitlines()]
    assert when_run[-1]["event"] == "send"
    assert when_run[-1]["command"].endswith("config:cache --no-interaction --no-ansi")
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    assert {line["who"] for line in lines} == {"alice@laptop"}
    assert [line["status"] for line in lines if line["event"] == "outcome"] == ["done"] * 5


async def test_artisan_that_says_it_cached_and_did_not_is_failed_and_nothing_follows(site: Here, audit: AuditLog) -> None:
    site.old_bytecode = True
    (site.root / "lying").touch()
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.FAILED}
    statuses = final(told)
    assert (statuses["config:cache"], statuses["invalidate"], statuses["verify"]) == (Status.FAILED, Status.SKIPPED, Status.SKIPPED)
    evidence = next(line.evidence for line in told if line.step == "config:cache" and line.status is Status.FAILED)
    assert "not rewritten" in evidence["bootstrap/cache/config.php"]
    assert "cached successfully" in evidence["said"]
    assert site.invalidated == []


async def test_nothing_is_run_that_could_not_be_undone(site: Here, audit: AuditLog) -> None:
    site.wrong = {"keep": "No space left on device"}
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.FAILED}
    evidence = next(line.evidence for line in told if line.step == "config:cache" and line.status is Status.FAILED)
    assert evidence[f"{site.root}/bootstrap/cache/config.php"] == "not kept aside: No space left on device"
    assert not (site.root / "ran").exists()


async def test_what_an_earlier_run_left_aside_is_tidied_under_the_lock_and_said(site: Here, audit: AuditLog) -> None:
    site.wrong = {"tidy": "removed"}
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.DONE}
    cached = f"{site.root}/bootstrap/cache/config.php"
    held = next(line for line in told if line.step == "lock" and line.status is Status.DONE)
    assert held.evidence[cached] == "left aside by a run that was cut off: removed"
    assert site.keepings[0] == ("tidy", (cached, f"{site.root}/storage/framework/views/"))


async def test_what_is_made_and_cannot_run_is_failed_with_what_artisan_said(site: Here, audit: AuditLog) -> None:
    site.old_bytecode = True
    site.wrong = {"settle": "it does not parse (line 3)"}
    ended, told = await execute(site, audit)
    cached = (f"{site.root}/bootstrap/cache/config.php",)
    assert site.keepings[1:] == [("keep", cached), ("settle", cached), ("drop", cached)]
    assert set(ended.values()) == {Status.FAILED}
    evidence = next(line.evidence for line in told if line.step == "config:cache" and line.status is Status.FAILED)
    assert evidence[cached[0]] == "it does not parse (line 3): what was there before is back"
    assert site.invalidated == [], "the old bytecode goes on"


@pytest.mark.parametrize(
    ("said", "evidence", "verbs"),
    [
        ("fine", "", ["tidy", "keep", "drop"]),
        ("it does not parse (line 3)", "it does not parse (line 3): what was there before is back", ["tidy", "keep", "drop"]),
        ("", "", ["tidy", "keep", "settle", "drop"]),
    ],
    ids=["fine", "broken", "it said nothing"],
)
async def test_what_the_server_has_settled_itself_is_taken_for_what_it_says(
    site: Here, audit: AuditLog, said: str, evidence: str, verbs: list[str]
) -> None:
    site.by_itself = f"printf %s '{said}'"
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.FAILED if evidence else Status.DONE}
    assert [verb for verb, _ in site.keepings] == verbs
    if evidence:
        assert next(line.evidence for line in told if line.status is Status.FAILED)[f"{site.root}/bootstrap/cache/config.php"] == evidence


async def test_somebody_else_is_at_it_then_nothing_is_sent(site: Here, audit: AuditLog) -> None:
    bob = await acquire(LocalLink(), "bob@desk", str(site.root), "", "fix")
    ended, told = await execute(site, audit)
    await bob.release()
    assert set(ended.values()) == {Status.FAILED}
    assert "bob@desk" in told[-1].evidence["why"]
    assert not (site.root / "ran").exists()
    assert not audit.path.exists()


async def test_no_audit_no_command(site: Here, audit: AuditLog) -> None:
    audit.path.parent.mkdir()
    audit.path.mkdir()
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.FAILED}
    assert not (site.root / "ran").exists()
    assert any("audit log" in value for line in told for value in line.evidence.values())


async def cut_while_artisan_runs(site: Here, audit: AuditLog) -> tuple[Ended, list[Progress]]:
    """A fix whose link is lost during config:cache, and is back for the look after it."""
    gate = site.root / "gate"
    gate.touch()
    link = site.link

    def cut(line: Progress) -> None:
        if line.step == "config:cache" and line.status is Status.UNKNOWN:
            site.link = LocalLink()
            gate.unlink()

    told: list[Progress] = []

    async def lose_it() -> None:
        await until(lambda: (site.root / "audit-when-run").exists())
        await link.close()

    def on_progress(line: Progress) -> None:
        told.append(line)
        cut(line)

    made = plan([await site.look()], Request(choice=Choice.FIX))
    running = driver.run(made, {site.report.key: site}, on_progress, who="alice", audit=audit, timings=FAST)
    ended, _ = await asyncio.gather(running, lose_it())
    return ended, told


async def test_a_link_lost_in_the_middle_is_unknown_until_a_look_shows_that_the_step_ended(site: Here, audit: AuditLog) -> None:
    ended, told = await cut_while_artisan_runs(site, audit)
    lines = [line for line in told if line.step == "config:cache"]
    assert [line.status for line in lines] == [Status.RUNNING, Status.UNKNOWN, Status.DONE]
    assert "looked again: done" in lines[-1].evidence["link"]
    assert set(ended.values()) == {Status.UNKNOWN}, "the step is done; what came after it was not begun"
    assert (site.root / "ran").read_text().count("config:cache") == 1
    assert [(line["event"], line["status"]) for line in recorded(audit, "config:cache")[1:]] == [
        ("outcome", "unknown"),
        ("outcome", "done"),
    ]


def recorded(audit: AuditLog, step: str) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    return [line for line in lines if line["step"] == step]


async def test_a_run_that_is_stopped_ends_its_step_and_lets_go_of_the_lock(site: Here, audit: AuditLog) -> None:
    site.old_bytecode = True
    gate = site.root / "gate"
    gate.touch()

    def stopped() -> str:
        return "stopped by SIGTERM" if (site.root / "audit-when-run").exists() else ""

    async def open_it() -> None:
        await until(lambda: bool(stopped()))
        gate.unlink()

    told: list[Progress] = []
    made = plan([await site.look()], Request(choice=Choice.FIX))
    running = driver.run(made, {site.report.key: site}, told.append, who="alice", audit=audit, timings=FAST, stopped=stopped)
    ended, _ = await asyncio.gather(running, open_it())
    assert set(ended.values()) == {Status.FAILED}
    statuses = final(told)
    assert (statuses["config:cache"], statuses["invalidate"], statuses["verify"]) == (Status.DONE, Status.SKIPPED, Status.SKIPPED)
    assert told[-1].evidence["why"] == "stopped by SIGTERM before invalidate; 1 step not started"
    assert site.invalidated == []
    assert recorded(audit, "config:cache")[-1]["status"] == "done"
    assert recorded(audit, "result")[-1]["status"] == "failed"
    await free(site)


async def free(site: Here) -> None:
    app, fpm = plan([site.report], Request(choice=Choice.FIX)).servers[0].lock
    held = await acquire(LocalLink(), "bob", app, fpm, "fix")
    await held.release()


async def test_a_run_that_is_left_while_a_step_runs_says_so_in_the_audit_log(site: Here, audit: AuditLog) -> None:
    gate = site.root / "gate"
    gate.touch()
    made = plan([await site.look()], Request(choice=Choice.FIX))
    running = asyncio.create_task(driver.run(made, {site.report.key: site}, lambda _: None, who="alice", audit=audit, timings=FAST))
    await until(lambda: (site.root / "audit-when-run").exists())
    running.cancel()
    await until(lambda: len(recorded(audit, "config:cache")) > 1)
    gate.unlink()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert recorded(audit, "config:cache")[-1]["status"] == "unknown"
    await free(site)


async def test_a_server_that_was_not_begun_when_the_run_was_stopped_has_its_result(site: Here, audit: AuditLog) -> None:
    made = plan([await site.look()], Request(choice=Choice.FIX))
    told: list[Progress] = []
    ended = await driver.run(
        made, {site.report.key: site}, told.append, who="alice", audit=audit, timings=FAST, stopped=lambda: "stopped by SIGHUP"
    )
    assert set(ended.values()) == {Status.SKIPPED}
    assert [(line.step, line.status, line.evidence["why"]) for line in told] == [("result", Status.SKIPPED, "stopped by SIGHUP")]


async def test_a_link_that_does_not_come_back_stays_unknown(site: Here, audit: AuditLog) -> None:
    (site.root / "gate").touch()
    made = plan([await site.look()], Request(choice=Choice.FIX))
    told: list[Progress] = []

    def on_progress(line: Progress) -> None:
        told.append(line)
        if line.step == "config:cache" and line.status is Status.RUNNING:
            asyncio.get_running_loop().call_later(0.5, lambda: closing.append(asyncio.ensure_future(site.link.close())))

    closing: list[asyncio.Future[None]] = []
    timings = Timings(poll=0.05, confirm_delay=0.05, resolve=0.5)
    ended = await driver.run(made, {site.report.key: site}, on_progress, who="alice", audit=audit, timings=timings)
    (site.root / "gate").unlink()
    await asyncio.gather(*closing)
    assert set(ended.values()) == {Status.UNKNOWN}
    assert final(told)["config:cache"] is Status.UNKNOWN


async def test_a_step_that_died_with_the_link_is_known_to_be_over_and_not_done(site: Here, audit: AuditLog) -> None:
    (site.root / "gate").touch()
    told: list[Progress] = []

    async def cut_and_kill() -> None:
        await until(lambda: (site.root / "audit-when-run").exists())
        link, site.link = site.link, LocalLink()
        await link.close()
        await until(lambda: final(told).get("config:cache") is Status.UNKNOWN)
        (found,) = [pid for pid in _processes() if f"{site.root}/artisan".encode() in _words(pid)]
        os.kill(found, 9)

    made = plan([await site.look()], Request(choice=Choice.FIX))
    patient = msgspec.structs.replace(FAST, resolve=20.0)
    running = driver.run(made, {site.report.key: site}, told.append, who="alice", audit=audit, timings=patient)
    ended, _ = await asyncio.gather(running, cut_and_kill())
    line = [line for line in told if line.step == "config:cache"][-1]
    assert line.status is Status.FAILED
    assert "it has ended since" in line.evidence["link"]
    assert set(ended.values()) == {Status.FAILED}


async def test_a_link_lost_before_a_step_leaves_it_not_begun(site: Here, audit: AuditLog) -> None:
    told: list[Progress] = []

    def on_progress(line: Progress) -> None:
        told.append(line)
        if line.step == "disk-free":
            site.down = True

    made = plan([await site.look()], Request(choice=Choice.FIX))
    ended = await driver.run(made, {site.report.key: site}, on_progress, who="alice", audit=audit, timings=FAST)
    assert final(told)["config:cache"] is Status.SKIPPED
    assert set(ended.values()) == {Status.UNKNOWN}
    assert "nothing was done after that" in told[-1].evidence["why"]
    assert "config:cache" not in _read(site.root / "ran")


async def test_a_link_lost_while_the_lock_is_taken_has_begun_nothing_and_says_so(site: Here, audit: AuditLog) -> None:
    class DiesAtTheLock(LocalLink):
        async def coprocess(self, command: str) -> Stream:
            raise LinkLost("the connection is gone")

    await site.link.close()
    site.link = DiesAtTheLock()
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.UNKNOWN}
    assert final(told)["lock"] is Status.UNKNOWN
    assert "nothing was started" in told[-1].evidence["why"]
    assert not (site.root / "ran").exists()


async def test_the_second_server_waits_for_the_first_and_is_left_alone_when_that_fails(site: Here, audit: AuditLog, tmp_path: Path) -> None:
    other = Here(application(tmp_path / "second", audit.path), "web2")
    (site.root / "lying").touch()
    ended, _ = await execute(site, audit, other=other)
    assert list(ended.values()) == [Status.FAILED, Status.SKIPPED]
    assert not (other.root / "ran").exists()
    (site.root / "lying").unlink()
    ended, told = await execute(site, audit, other=other)
    assert list(ended.values()) == [Status.DONE, Status.DONE]
    again = {line.server for line in told if (line.step, line.status) == ("verify-again", Status.DONE)}
    assert again == {"web1"}, "the canary"
    assert [line.server for line in told] == sorted(line.server for line in told)
    await other.link.close()


async def test_an_exception_that_nobody_foresaw_in_a_step_is_that_servers_unknown_and_every_server_has_a_result(
    site: Here, audit: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def invalidate(paths: Sequence[str]) -> dict[str, bool]:
        raise TimeoutError("nobody foresaw this")

    site.old_bytecode = True
    monkeypatch.setattr(site, "invalidate", invalidate)
    other = Here(application(tmp_path / "other", audit.path), "web2")
    ended, told = await execute(site, audit, patient=False, web2=other)
    assert list(ended.values()) == [Status.UNKNOWN, Status.SKIPPED]
    results = {line.server: line for line in told if line.step == "result"}
    assert {name: line.status for name, line in results.items()} == {"web1": Status.UNKNOWN, "web2": Status.SKIPPED}
    assert "TimeoutError" in results["web1"].evidence["why"]
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    assert [(line["step"], line["status"]) for line in lines if line["event"] == "outcome"][-2:] == [
        ("invalidate", "unknown"),
        ("invalidate", "done"),
    ]
    bob = await acquire(LocalLink(), "bob@desk", str(site.root), "", "fix")
    await bob.release()
    await other.link.close()


async def test_a_bug_while_a_step_is_justified_is_unknown_too(site: Here, audit: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise KeyError("a bug in one rule")

    monkeypatch.setattr(verify, "still_needed", bug)
    ended, told = await execute(site, audit)
    assert set(ended.values()) == {Status.UNKNOWN}
    assert (told[-1].step, told[-1].status) == ("result", Status.UNKNOWN)
    assert not (site.root / "ran").exists()


async def test_a_face_that_cannot_show_progress_stops_no_runbook(site: Here, audit: AuditLog) -> None:
    def broken(line: Progress) -> None:
        raise ValueError("a bug of the screen")

    made = plan([await site.look()], Request(choice=Choice.FIX))
    ended = await driver.run(made, {site.report.key: site}, broken, who="alice", audit=audit, timings=FAST)
    assert set(ended.values()) == {Status.DONE}


async def test_verify_only_looks_and_a_server_without_a_link_is_unknown(site: Here, audit: AuditLog) -> None:
    ended, told = await execute(site, audit, Request(choice=Choice.VERIFY))
    assert set(ended.values()) == {Status.FAILED}
    assert "config" in next(line.evidence for line in told if line.step == "verify" and line.status is Status.FAILED)
    assert not audit.path.exists()
    made = plan([site.report], Request(choice=Choice.FIX))
    assert set((await driver.run(made, {}, told.append, audit=audit)).values()) == {Status.UNKNOWN}


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)
