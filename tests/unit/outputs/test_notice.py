"""What ``watch`` tells of a fleet: what runs, what is on the disk, why, what to type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from stalewatch.cli.outputs.notice import CONTENT, text, webhook
from stalewatch.engine.incidents import About, Affected, Notice, NoticeKind
from stalewatch.model import reasons
from stalewatch.model.text import safe
from tests.builders import incident as build

if TYPE_CHECKING:
    from stalewatch.model.report import Report

LOST = reasons.LINK_UNREACHABLE.unseen("no route to host", "check its address")
HOSTILE = "</x><!channel> @channel @here *b* [a](http://x)"


def of(*reports: Report, kind: NoticeKind = NoticeKind.BEGAN, about: About = About.CODE, changes: int = 0) -> Notice:
    affected = tuple(Affected(server=report.server, app=report.app, report=report) for report in reports)
    return Notice(kind=kind, about=about, at=build.NOW, lasted=1740.0, affected=affected, changes=changes)


def sent(notice: Notice) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(webhook(notice))
    return message


def test_old_code_on_two_servers() -> None:
    assert text(of(build.stale("web1"), build.stale("web2"))).splitlines() == [
        "STALE: web1 and web2 (api-gateway) run old code, for 29 min now",
        "  runs: code from before 2025-10-24 10:38:02Z; on the disk: 4f2a9c1b7d deployed 2025-10-24 10:38:02Z",
        f"  why: opcache: {build.stale().findings[0].summary}  [opcache.stale-bytecode]",
        "  to do: stalewatch fix deploy@web1 deploy@web2",
    ]


def test_two_causes_are_each_told_once_with_their_servers() -> None:
    config = build.stale("queue1")
    config = msgspec.structs.replace(config, findings=config.findings[1:])
    lines = text(of(build.stale("web1"), build.stale("web2"), config)).splitlines()
    whys = [line.strip().partition(": ")[0] for line in lines if line.startswith("  why")]
    assert whys == ["why (web1 and web2)", "why (queue1)"]


def test_the_other_kinds_are_one_line_that_says_it_all() -> None:
    server = Affected(server="web9", app="", error=LOST)
    away = Notice(kind=NoticeKind.BEGAN, about=About.SIGHT, at=build.NOW, lasted=45.0, affected=(server,))
    assert text(away).splitlines() == [
        "UNKNOWN: web9 cannot be looked at, for 45 s now",
        "  why: no route to host  [link.unreachable]",
        "  to do: check its address",
    ]
    first = {
        kind: text(of(build.fresh("web1"), kind=kind, changes=5)).splitlines()[0]
        for kind in (NoticeKind.OVER, NoticeKind.STILL, NoticeKind.FLAPS)
    }
    assert first == {
        NoticeKind.OVER: "FRESH again after 29 min: web1 (api-gateway)",
        NoticeKind.STILL: "still STALE after 29 min: web1 (api-gateway)",
        NoticeKind.FLAPS: "FLAPPING: web1 (api-gateway): 5 changes in 29 min, now fresh",
    }
    over = text(of(build.fresh("web1"), kind=NoticeKind.OVER, about=About.SIGHT))
    assert over == "web1 (api-gateway) can be looked at again after 29 min"


def test_an_app_that_is_gone_has_its_name() -> None:
    gone = Notice(
        kind=NoticeKind.OVER, about=About.CODE, at=build.NOW, lasted=60.0, affected=(Affected(server="web1", app="/srv/shop/current"),)
    )
    assert text(gone) == "FRESH again after 1 min: web1 (shop)"
    assert sent(gone)["stalewatch"]["servers"][0]["verdict"] is None


def test_a_webhook_gets_plain_text_for_slack_and_discord_and_fields_of_its_own() -> None:
    notice = of(build.stale("web1"))
    message = sent(notice)
    assert message["text"] == message["content"] == text(notice)
    fields = message["stalewatch"]
    assert {name: fields[name] for name in ("schema", "kind", "about", "at", "lasted_seconds")} == {
        "schema": 1,
        "kind": "began",
        "about": "code",
        "at": "2025-10-24T11:02:11.000Z",
        "lasted_seconds": 1740,
    }
    (server,) = fields["servers"]
    assert server["codes"] == ["opcache.stale-bytecode", "config.older-than-source", "routes.older-than-source"]
    assert (server["commit"], server["since"]) == ("4f2a9c1b7d", "2025-10-24T10:38:02.000Z")
    (cause,) = fields["causes"]
    assert (cause["code"], cause["servers"], cause["to_do"]) == ("opcache.stale-bytecode", ["web1"], "stalewatch fix deploy@web1")


def test_what_a_server_says_calls_nobody_and_links_to_nothing() -> None:
    report = build.stale("web1")
    report = msgspec.structs.replace(report, findings=(msgspec.structs.replace(report.findings[0], summary=safe(HOSTILE * 200)),))
    message = sent(of(report))
    for told in (message["text"], message["content"]):
        assert not any(call in told for call in ("<", ">", "@channel", "@here"))
    assert message["allowed_mentions"] == {"parse": []}
    assert len(message["content"]) <= CONTENT < len(message["text"])


def test_a_fleet_of_a_thousand_is_told_in_a_text_that_can_be_read() -> None:
    notice = of(*(build.stale(f"web{number}") for number in range(1000)))
    assert "and 970 more (api-gateway)" in text(notice).splitlines()[0]
    assert len(text(notice)) < CONTENT
    assert len(sent(notice)["stalewatch"]["servers"]) == 1000
