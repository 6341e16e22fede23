"""The report of an incident: what a reader finds in it, and that nobody's words become Markdown."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from stalewatch.cli.outputs.incident.document import render
from stalewatch.cli.outputs.incident.prevention import BY_CODE, BY_LAYER
from stalewatch.diagnosis.rules import RULES
from stalewatch.diagnosis.unreachable import never_seen
from stalewatch.model import reasons
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Report, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.audit_log import AuditEntry, AuditLog, entries_since
from stalewatch.runbook.audited_steps import steps_taken
from stalewatch.timeline.incident import IncidentStory, IncidentTeller, StepTaken
from tests.builders import incident as build

if TYPE_CHECKING:
    from pathlib import Path

CEST = timezone(timedelta(hours=2), "CEST")


def told(*looks: tuple[Report, ...], steps: tuple[StepTaken, ...] = (), recorded: bool = False) -> IncidentStory:
    teller = IncidentTeller()
    for reports in looks:
        teller.saw(reports)
    end = max((report.observed_at or 0.0 for report in looks[-1]), default=0.0) or build.NOW
    names = {report.server for report in looks[-1]}
    events = [event for event in build.history() if event.server in names]
    return teller.told(events, steps, begun=build.NOW, ended=end, recorded=recorded)


def page(*looks: tuple[Report, ...], steps: tuple[StepTaken, ...] = ()) -> str:
    return render(told(*looks, steps=steps), zone=CEST)


def part(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def headings(text: str) -> list[str]:
    return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]


SECTIONS = ["Summary", "Impact", "Root cause", "What was done", "State", "Timeline", "Prevention", "Open questions"]


def test_a_stale_server_is_told_from_summary_to_open_questions() -> None:
    text = page((build.stale("web1"), build.fresh("web2")))
    assert text.startswith("# Incident report: api-gateway, 2025-10-24\n")
    assert headings(text) == SECTIONS
    assert "`web1` runs other code than is on the disk." in part(text, "Summary")
    assert "Status: **not resolved**" in part(text, "Summary")
    assert "`web1` **runs old code since 12:38:02 CEST (10:38:02 UTC)** (24 min), proven from 13:02:11" in part(text, "Impact")
    assert "web2" not in part(text, "Impact")
    assert '`web1`, `laravel.log`: "Call context not found", 12:49:50 CEST (10:49:50 UTC) to 12:50:20, 14 times.' in part(text, "Impact")


def test_each_layer_has_its_cause_its_times_and_its_code() -> None:
    cause = part(page((build.stale("web1"), build.fresh("web2"))), "Root cause")
    assert "web2" not in cause
    for layer in ("opcache", "config", "routes"):
        assert f"- **{layer}** ✗ stale: " in cause
    assert "app/Http/Controllers/RetellFunctionCallHandler.php" in cause
    assert "  - on disk since: 2025-10-24 12:38:02" in cause
    assert " ago)" not in cause, "who reads it tomorrow would count from tomorrow"
    assert "`stat -c '%y %n' /var/www/api-gateway/" in cause


def test_what_is_still_stale_has_the_line_to_type_and_says_that_nothing_was_done() -> None:
    done = part(page((build.stale("web1"), build.fresh("web2"))), "What was done")
    assert "Nothing by stalewatch from this machine" in done
    assert "```sh\nstalewatch fix deploy@web1 --app /var/www/api-gateway\n```" in done


def test_lanes_are_text_by_the_readers_clock() -> None:
    lanes = part(page((build.stale("web1"), build.fresh("web2"))), "Timeline").partition("```\n")[2].partition("\n```")[0].splitlines()
    assert " 12:40 " in lanes[0]
    web1, web2 = lanes[1], lanes[2]
    assert web1.index("▲ reload") < web1.index("◆ deploy") < web1.index("▒") < web1.index("! errors")
    assert "▒" not in web2
    assert max(map(len, lanes)) <= 84
    assert "▒ ran old code" in lanes[3]


def test_events_are_a_line_each_in_order_of_time_in_both_zones() -> None:
    lines = [line for line in part(page((build.stale("web1"), build.fresh("web2"))), "Timeline").splitlines() if line.startswith("- ")]
    assert lines[0].startswith("- 12:26:00 CEST (10:26:00 UTC) `web1` ■ cache, config: ")
    assert "- 12:38:02 CEST (10:38:02 UTC) `web2` ◆ deploy, git: 4f2a9c1 fix call context" in "\n".join(lines)
    assert lines == sorted(lines, key=lambda line: line[2:10])


def test_prevention_says_what_of_each_cause_does_not_happen_again() -> None:
    prevention = part(page((build.stale("web1"),)), "Prevention")
    assert "- Reload PHP-FPM as the last step of every deploy" in prevention
    assert "(`opcache.stale-bytecode`)" in prevention
    assert "Run `php artisan config:cache` in every deploy" in prevention
    assert "does not look for changed files" in prevention
    assert "stalewatch check --wait 60 TARGET..." in prevention


def test_every_layer_has_a_prevention_and_those_of_codes_are_of_rules() -> None:
    assert set(BY_LAYER) == set(Layer)
    assert set(BY_CODE) - set(RULES) == set()


def fixed() -> IncidentStory:
    before, after = build.stale("web1"), build.fresh("web1")
    assert after.snapshot is not None
    later = replace(after, observed_at=build.at("13:09"), snapshot=replace(after.snapshot, observed_at=build.at("13:09")))
    opcache = later.opcache
    assert opcache is not None
    runtime = later.runtime
    assert runtime is not None
    again = replace(runtime, opcache=replace(opcache, start_time=int(build.at("13:07:10"))))
    host = later.host
    assert host is not None
    caches = tuple(
        replace(file, stat=replace(file.stat, mtime=build.at("13:07:05"))) if file.stat is not None else file for file in host.caches
    )
    later = replace(later, snapshot=replace(later.snapshot, runtime=again, host=replace(host, caches=caches)))
    step = StepTaken(
        at=build.at("13:07:08"),
        ended=build.at("13:07:10"),
        server="web1",
        app=build.APP,
        who="tired@laptop",
        step="reload",
        command="systemctl reload php8.3-fpm",
        status="done",
        proof={"pool started": "13:07:10"},
    )
    return told((before,), (later,), steps=(step,), recorded=True)


def test_what_was_fixed_says_until_when_by_whom_and_what_moved() -> None:
    text = render(fixed(), zone=CEST)
    assert "`web1` ran other code than is on the disk." in text
    assert "Status: **resolved**" in text
    assert (
        "- `web1` ran old code **from 12:38:02 CEST (10:38:02 UTC) to 13:07:10 CEST (11:07:10 UTC)** (29 min), proven from 13:02:11" in text
    )
    done = part(text, "What was done")
    assert "On `web1` (`/var/www/api-gateway`), by `tired@laptop`:" in done
    assert "- 13:07:08 CEST (11:07:08 UTC) reload: done, 2 s\n  - `systemctl reload php8.3-fpm`" in done
    assert "stalewatch fix" not in done
    moved = part(text, "Before and after")
    assert "- `web1` api-gateway: ✗ stale → ✓ fresh" in moved
    assert "  - opcache: ✗ stale → ✓ fresh" in moved
    assert "  - OPcache began: 12:27:00 → 13:07:10 CEST (11:07:10 UTC)" in moved


def test_a_healthy_fleet_gives_a_short_report_that_says_so() -> None:
    text = page((build.fresh("web1"), build.fresh("web2")))
    assert "2 servers, looked at 13:02:11 CEST (11:02:11 UTC): All that was looked at is fresh." in text
    assert "No server that was looked at ran old code." in text
    assert not {"Root cause", "What was done", "Prevention"} & set(headings(text))


def test_what_was_not_seen_is_an_open_question_and_never_health() -> None:
    lost = never_seen("web9", "web9", "", reasons.LINK_SILENT.unseen("no answer for 10 s", "look at sshd"))
    text = page((lost,))
    assert "No server that was looked at ran old code." not in text
    assert "Something could not be looked at." in text
    assert "- `web9`: not observed: no answer for 10 s; to grant: look at sshd (`link.silent`)" in part(text, "Open questions")


EVIL = "# **x** [a](http://evil.example) <img src=x> ![p](q) `code` ``` @channel #12 | a_b _c_ ~~d~~ https://evil.example\n\n## Summary"


def test_words_of_a_server_stay_words() -> None:
    report = build.stale("web1")
    (first, *others) = report.findings
    evil = replace(first, summary=safe(EVIL), subject=safe(EVIL))
    step = StepTaken(at=build.NOW, server="web1", app=EVIL, who=EVIL, step=EVIL, command=EVIL, status=EVIL, proof={EVIL: EVIL})
    text = page((replace(report, findings=(evil, *others)),), steps=(step,))
    assert headings(text) == SECTIONS
    tokens = MarkdownIt("commonmark").parse(text)
    inline = [child.type for token in tokens for child in token.children or []]
    assert set(inline) <= {"text", "softbreak", "code_inline", "strong_open", "strong_close", "text_special"}
    assert {"html_block", "code_block"} & {token.type for token in tokens} == set()
    assert text.count("```") == 2 * sum(token.type == "fence" for token in tokens) + text.count("` ```") + text.count("````")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_any_verdict_is_told(verdict: Verdict) -> None:
    report = replace(build.fresh("web1"), verdict=verdict, layers=dict.fromkeys(Layer, verdict))
    assert f" {verdict}" in page((report,))


def test_nothing_to_look_at_is_said() -> None:
    assert "Nothing was looked at." in page(())


# ------------------------------------------------------------------------------------------------------------- the audit log


def entry(at: float, event: str, step: str = "reload", server: str = "web1", **more: object) -> AuditEntry:
    known = {"who": "tired@laptop", "address": "deploy@web1", "app": "/srv/app"} | more
    return AuditEntry(at=at, server=server, event=event, step=step, **known)  # type: ignore[arg-type]


def test_the_audit_log_tells_what_was_done_from_here(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.log")
    for one in (
        entry(10.0, "send", command="old"),
        entry(100.0, "send", command="curl -H 'Authorization: Bearer abcdefghijklmnop'"),
        entry(102.5, "outcome", status="done", evidence={"pool started": "now"}),
        entry(103.0, "send", server="db1"),
        entry(103.0, "send", app="/srv/other"),
        entry(104.0, "send", step="verify", command="look"),
    ):
        log.record(one)
    with log.path.open("ab") as file:
        file.write(b"not json\n")
    first, second = steps_taken(entries_since(50.0, log.path), {("web1", "/srv/app")})
    assert (first.at, first.ended, first.status, first.proof) == (100.0, 102.5, "done", {"pool started": "now"})
    assert "abcdefghijklmnop" not in first.command
    assert (second.step, second.status, second.ended) == ("verify", "", None)
    assert entries_since(0.0, tmp_path / "none") == []


def test_what_a_runbook_brings_on_its_way_is_not_the_cause() -> None:
    """A cache that was rebuilt is held by OPcache until the next step: a look between them tells more, and not of the incident."""
    before = build.stale("web1")
    code = next(finding for finding in before.findings if finding.layer is Layer.OPCACHE)
    held = [replace(code, code=name) for name in ("opcache.stale-config-cache", "opcache.stale-route-cache", "opcache.stale-event-cache")]
    on_the_way = replace(before, findings=(*held, code), observed_at=build.NOW + 5)
    assert told((before,), (on_the_way,), (build.fresh("web1"),)).stories[0].worst.findings is before.findings
    worse = replace(before, findings=(*before.findings, held[0]), observed_at=build.NOW + 5)
    assert told((before,), (worse,), (build.fresh("web1"),)).stories[0].worst.findings is worse.findings, "all that was told, and more"


def test_the_worst_look_is_kept_without_its_list_of_scripts() -> None:
    """A list of 20,000 is five megabytes, and it is kept as long as the program runs. Nothing is told of it."""
    before = build.stale("web1")
    assert before.opcache is not None
    assert before.opcache.scripts
    worst = told((before,), (build.fresh("web1"),)).stories[0].worst
    assert worst.opcache is not None
    assert worst.opcache.scripts == ()
    assert (worst.findings, worst.opcache.changed, worst.opcache.since) == (before.findings, before.opcache.changed, before.opcache.since)
