"""Servers against each other, and servers that do not answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.diagnosis.explain import explain
from stalewatch.diagnosis.fleet import awaits, compare
from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.model.chain import LinkState
from stalewatch.model.errors import UsageError
from stalewatch.model.report import Layer, Report, Severity, Verdict
from stalewatch.model.snapshot import Deploy, DeployUnderWay, FileSum, ReleaseFacts, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import NOW, ROOT, at, codes, file, host, looked, quiet, snapshot, sources

LOST = Unseen(code="link.silent", message=safe("no answer for 10 s"))
OLD, NEW = "9b1d04e" + "0" * 33, "4f2a9c1" + "0" * 33


def server(name: str, commit: str, deployed: float = -600, **release: Any) -> Report:
    facts = ReleaseFacts(
        root=safe(ROOT), commit=safe(commit), deploys=(Deploy(at=at(deployed), source="git", commit=safe(commit)),), **release
    )
    return looked(snapshot(server=name, host=host(release=facts)))


def mixed(reports: tuple[Report, ...]) -> set[str]:
    return {report.server for report in reports if "release.mixed" in codes(report)}


def test_servers_on_one_commit_are_left_as_they_are() -> None:
    reports = (server("web1", NEW), server("web2", NEW))
    assert all(after is before for after, before in zip(compare(reports), reports, strict=True))


def test_the_minority_is_suspect() -> None:
    compared = compare((server("web1", NEW), server("web2", OLD), server("web3", NEW)))
    assert mixed(compared) == {"web2"}
    web2 = compared[1]
    assert web2.layers[Layer.RELEASE] is web2.verdict is Verdict.SUSPECT
    assert "9b1d04e" in web2.findings[0].summary
    quiet(compared[0])


def test_where_it_is_even_the_older_deploy_is_the_one_left_out() -> None:
    assert mixed(compare((server("web1", OLD, -90), server("web2", NEW, -600)))) == {"web2"}


def logged(name: str, *commits: tuple[str, float], source: Any = "git", **release: Any) -> Report:
    """A server with these commits in its deploy log, the one on its disk first."""
    deploys = tuple(Deploy(at=at(moment), source=source, commit=safe(commit)) for commit, moment in commits)
    return looked(
        snapshot(server=name, host=host(release=ReleaseFacts(root=safe(ROOT), commit=safe(commits[0][0]), deploys=deploys, **release)))
    )


def test_servers_without_the_newest_commit_are_named_however_many_they_are() -> None:
    left = tuple(logged(f"web{number}", (OLD, -9_000 - number)) for number in (2, 3, 4))
    compared = compare((logged("web1", (NEW, -600), (OLD, -9_000)), *left))
    assert mixed(compared) == {"web2", "web3", "web4"}
    assert compared[1].findings[0].summary == "web2 is on commit 9b1d04e000; the newer 4f2a9c1000 is on 1 of 4 servers"
    quiet(compared[0])
    assert mixed(compare((logged("web1", (OLD, -9_000)), logged("web2", (NEW, -600))))) == {"web1"}


def test_a_server_that_was_set_back_or_cloned_late_is_not_the_newest() -> None:
    deployed = logged("web1", (NEW, -6_000), (OLD, -9_000))
    assert mixed(compare((deployed, logged("web2", (OLD, -60), (NEW, -5_000), (OLD, -9_000))))) == {"web2"}
    assert mixed(compare((deployed, logged("web2", (OLD, -60))))) == {"web2"}


def test_which_commit_is_newer_is_told_by_our_clock() -> None:
    ahead = at_(logged("web1", (OLD, -600 + 3_600)), 3_600, offset=3_600)
    assert mixed(compare((ahead, logged("web2", (NEW, -60))))) == {"web1"}


def test_where_the_logs_do_not_tell_the_minority_is_named() -> None:
    """A time of a source is no time of a commit."""
    guessed = logged("web1", (NEW, -60), source="mtime")
    assert mixed(compare((guessed, logged("web2", (OLD, -600)), logged("web3", (OLD, -600))))) == {"web1"}


def test_without_a_commit_servers_without_the_newest_sources_are_named() -> None:
    old = tuple(server(f"web{number}", "", -9_000, **BAD) for number in (2, 3))
    compared = compare((server("web1", "", -600, **GOOD), *old))
    assert mixed(compared) == {"web2", "web3"}
    assert compared[1].findings[0].summary == "web2 has older code than 1 of 3 servers: app/Fix.php"
    assert mixed(compare((server("web1", "", -8_900, **GOOD), *old))) == {"web1"}  # as new: one deploy


def test_a_rolling_deploy_is_pending() -> None:
    sign = DeployUnderWay(sign=safe(".dep/deploy.lock"), since=at(-5))
    compared = compare((server("web1", NEW, under_way=sign), server("web2", OLD), server("web3", OLD)))
    assert mixed(compared) == {"web1"}
    assert {report.layers[Layer.RELEASE] for report in compared} == {Verdict.PENDING, Verdict.FRESH}


def test_comparing_again_is_comparing_once_and_forgets_what_is_over() -> None:
    once = compare((server("web1", NEW), server("web2", OLD), server("web3", NEW)))
    assert compare(once) == once
    over = compare((once[1], server("web1", OLD)))
    assert mixed(over) == set()
    quiet(over[0])


def test_a_look_from_before_the_deploy_of_another_server_is_not_compared_until_it_is_looked_at_again() -> None:
    """A fleet that is deployed to at once is not mixed for the two seconds between the looks at its servers; a look in the second of the
    deploy may be after it, and counts."""
    deployed, late = server("web1", NEW, deployed=-3), at_(server("web2", OLD), -3.5)
    assert mixed(compare((deployed, late))) == set()
    assert awaits((deployed, late), {})
    looked_again = (deployed, at_(server("web2", OLD), -2.9))
    assert mixed(compare(looked_again)) == {"web2"}
    assert not awaits(looked_again, {})


def test_clocks_are_set_against_ours_before_one_server_overtakes_another_and_an_unknown_one_does_not() -> None:
    ahead = at_(server("web1", NEW, deployed=3599), 3600, offset=3600)
    assert mixed(compare((ahead, at_(server("web2", OLD), -0.5)))) == {"web2"}
    assert mixed(compare((ahead, at_(server("web2", OLD), -1.5)))) == set()
    assert mixed(compare((server("web1", NEW, deployed=-2), at_(server("web2", OLD), -1.5, offset=None)))) == {"web2"}
    assert mixed(compare((at_(server("web1", NEW, deployed=-2), 0, offset=None), at_(server("web2", OLD), -1.5)))) == {"web2"}


def at_(report: Report, seconds: float, offset: float | None = 0.0) -> Report:
    """*report* as of a look then, by a clock that is so much ahead of ours."""
    seen = msgspec.structs.replace(report.snapshot, observed_at=at(seconds), clock_offset=offset)
    return msgspec.structs.replace(report, observed_at=at(seconds), snapshot=seen)


def sums(**versions: int) -> dict[str, Any]:
    """Contents: a check sum by file name."""
    named = tuple(FileSum(safe(f"app/{name}.php"), safe(str(version))) for name, version in sorted(versions.items()))
    return {"code": safe("".join(each.path[4] + each.sum for each in named)), "sums": named}


GOOD, BAD = sums(Fix=1, Same=1), sums(Fix=2, Same=1)


@pytest.mark.parametrize(("commit", "verdict"), [("", Verdict.SUSPECT), (NEW, Verdict.FRESH)])
def test_other_contents_without_a_commit_are_suspect_and_with_the_same_one_a_warning(commit: str, verdict: Verdict) -> None:
    compared = compare((server("web1", commit, **GOOD), server("web2", commit, **BAD), server("web3", commit, **GOOD)))
    assert mixed(compared) == {"web2"}
    web2 = compared[1]
    assert web2.layers[Layer.RELEASE] is web2.verdict is verdict
    assert web2.findings[0].severity is Severity.WARNING
    assert "app/Fix.php" in web2.findings[0].summary
    assert "Same.php" not in str(web2.findings[0])
    assert compare(compared) == compared


def test_a_file_that_only_one_server_has_is_named() -> None:
    more = sums(Fix=1, Same=1, Extra=1)
    web3 = compare((server("web1", NEW, **GOOD), server("web2", NEW, **GOOD), server("web3", NEW, **more)))[2]
    assert "app/Extra.php" in web3.findings[0].summary


def test_where_it_is_even_the_server_that_was_edited_is_named() -> None:
    for first, second in ((GOOD, BAD), (BAD, GOOD)):
        compared = compare((server("web1", NEW, -600, dirty=0, **first), server("web2", NEW, -90, dirty=1, **second)))
        assert mixed(compared) == {"web2"}
        assert any("edited on the server" in finding.summary for finding in compared[1].findings)


def test_contents_that_are_not_known_are_not_compared() -> None:
    assert mixed(compare((server("web1", NEW), server("web2", NEW, **BAD), server("web3", NEW)))) == set()
    gone = as_unreachable(server("web2", NEW, **BAD), LOST)
    assert mixed(compare((server("web1", NEW, **GOOD), gone, server("web3", NEW, **GOOD)))) == set()


def test_one_of_another_commit_has_one_finding_and_does_not_count_among_the_contents() -> None:
    compared = compare((server("web1", NEW, **GOOD), server("web2", OLD, **BAD), server("web3", NEW, **GOOD)))
    assert [codes(report) for report in compared] == [set(), {"release.mixed"}, set()]
    assert "9b1d04e" in compared[1].findings[0].summary


def test_other_contents_while_a_deploy_is_under_way_are_pending() -> None:
    sign = DeployUnderWay(sign=safe(".dep/deploy.lock"), since=at(-5))
    compared = compare((server("web1", NEW, under_way=sign, **BAD), server("web2", NEW, **GOOD), server("web3", NEW, **GOOD)))
    assert [report.layers[Layer.RELEASE] for report in compared] == [Verdict.PENDING, Verdict.FRESH, Verdict.FRESH]


def test_apps_of_another_name_are_not_compared() -> None:
    reports = (server("web1", NEW), server("stage", OLD))
    assert mixed(compare(reports)) != set()
    assert mixed(compare(reports, {("web1", ROOT): "api", ("stage", ROOT): "stage"})) == set()


def test_a_server_that_is_not_heard_from_is_not_compared() -> None:
    gone = as_unreachable(server("web2", OLD), LOST)
    assert mixed(compare((server("web1", NEW), gone, server("web3", NEW)))) == set()


def stale() -> Report:
    return looked(snapshot(host=host(inputs=sources(config=(file("config/app.php", -60),)))))


def test_a_server_not_heard_from_is_unknown_beside_its_last_verdict() -> None:
    report = as_unreachable(stale(), LOST)
    assert report.verdict is Verdict.UNKNOWN
    assert set(report.layers.values()) == {Verdict.UNKNOWN}
    assert report.last_verdict is Verdict.STALE
    assert report.last_seen == NOW
    assert report.errors == (LOST,)
    assert report.snapshot is not None
    assert not report.findings
    assert [link.name for link in report.chain] == [link.name for link in stale().chain] != []
    assert {(link.state, link.missing) for link in report.chain} == {(LinkState.UNSEEN, LOST)}


def test_unheard_twice_keeps_what_was_seen_last() -> None:
    again = Unseen(code="link.unreachable", message=safe("refused"))
    report = as_unreachable(as_unreachable(stale(), LOST), again)
    assert (report.last_verdict, report.last_seen, report.errors) == (Verdict.STALE, NOW, (again,))


def test_unknown_when_last_seen_is_what_it_was() -> None:
    blind = looked(snapshot(host=LOST, runtime=LOST))
    report = as_unreachable(as_unreachable(blind, LOST), LOST)
    assert (report.last_verdict, report.last_seen) == (Verdict.UNKNOWN, NOW)


def test_never_seen_is_an_entry_with_its_reason() -> None:
    report = never_seen("web9", "deploy@web9", "", LOST)
    assert report.verdict is Verdict.UNKNOWN
    assert set(report.layers) == set(Layer)
    assert (report.last_verdict, report.last_seen, report.snapshot) == (None, None, None)
    assert as_unreachable(report, LOST).last_verdict is None


def test_an_unknown_code_is_a_usage_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as raised:
        explain("opcache.stale-bytcode")
    assert "opcache.stale-bytecode" in raised.value.grant


def test_reports_are_json() -> None:
    report = stale()
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
