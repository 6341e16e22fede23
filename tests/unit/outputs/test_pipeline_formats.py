"""What a pipeline reads: JUnit, GitHub's annotations and summary, GitLab's code quality."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from stalewatch.cli.outputs import github, gitlab, junit
from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.model import reasons
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.text import safe
from tests.builders import incident as build
from tests.builders.hostile import lie

LOST = reasons.LINK_SILENT.unseen("web3: no answer for 10 s", "look at sshd")


def cases(*reports: Report) -> dict[tuple[str, str], ElementTree.Element]:
    tree = ElementTree.fromstring(junit.render(reports))
    return {(suite.get("hostname", ""), case.get("name", "")): case for suite in tree.iter("testsuite") for case in suite.iter("testcase")}


def kinds(case: ElementTree.Element) -> set[str]:
    return {child.tag for child in case}


def test_a_suite_per_server_and_a_case_per_layer() -> None:
    found = cases(build.stale(), build.fresh("web2"))
    assert set(found) == {(server, layer) for server in ("web1", "web2") for layer in (*Layer, "health")}
    failure = found["web1", "config"].find("failure")
    assert failure is not None
    assert failure.get("message") == "the config cache is 12 min older than config/services.php"
    assert "to do: rebuild the cache" in (failure.text or "")
    assert kinds(found["web1", "workers"]) == {"skipped"}, "not cached is no failure"
    assert kinds(found["web1", "fpm"]) == set()
    assert kinds(found["web1", "health"]) == {"system-out"}, "a warning fails nothing"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_fresh_and_what_is_not_cached_pass(verdict: Verdict) -> None:
    report = build.fresh("web1")
    report = replace(report, layers={**report.layers, Layer.VIEWS: verdict})
    expected = {Verdict.FRESH: set(), Verdict.ABSENT: {"skipped"}, Verdict.UNKNOWN: {"error"}}.get(verdict, {"failure"})
    assert kinds(cases(report)["web1", "views"]) == expected


def test_a_server_that_was_lost_is_an_error_in_every_layer_with_its_reason() -> None:
    found = cases(as_unreachable(build.fresh("web3"), LOST))
    errors = [found["web3", layer].find("error") for layer in Layer]
    assert all(error is not None and error.text == "web3: no answer for 10 s; look at sshd" for error in errors)


def test_what_was_left_out_is_an_error_though_every_layer_is_fresh() -> None:
    assert kinds(cases(replace(build.fresh("web1"), errors=(LOST,)))["web1", "health"]) == {"error"}


def test_what_a_server_says_breaks_no_xml_and_no_annotation() -> None:
    (first, *others) = build.stale().findings
    report = replace(build.stale(), findings=(replace(first, summary=safe("<a>&]]>::error::%0A\nx")), *others))
    assert cases(report)
    lines = github.commands([report]).splitlines()
    assert len(lines) == len(report.findings)
    assert all(line.startswith("::") for line in lines)
    assert "%250A" in lines[0]


def test_annotations_name_the_file_of_the_repository() -> None:
    lines = github.commands([build.stale(), never_seen("web3", "web3", "", LOST)]).splitlines()
    assert lines[0].startswith("::error file=app/Http/Controllers/RetellFunctionCallHandler.php,title=web1 api-gateway%3A stale opcache::")
    assert lines[-1] == "::error title=web3%3A cannot see (link.silent)::web3: no answer for 10 s; look at sshd"
    assert [line for line in lines if line.startswith("::warning")], "the hit rate"


def test_the_summary_is_a_table_with_a_row_per_server() -> None:
    rows = github.summary([build.stale(), build.fresh("web2")]).splitlines()
    assert [row.split("|")[1].strip() for row in rows if row.startswith("| web")] == ["web1", "web2"]
    assert len({row.count("|") for row in rows if row.startswith("|")}) == 1


def issues(*reports: Report) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(gitlab.render(reports))
    return found


def test_fingerprints_stay_the_same_from_run_to_run_and_tell_servers_apart() -> None:
    later = replace(build.stale(), observed_at=build.NOW + 600)
    first, again = ({issue["fingerprint"] for issue in issues(report)} for report in (build.stale(), later))
    assert first == again
    assert len(first) == len(build.stale().findings)
    assert not first & {issue["fingerprint"] for issue in issues(build.stale("web2"))}


def test_two_findings_of_one_subject_are_two_issues() -> None:
    (first, *_) = build.stale().findings
    found = issues(replace(build.stale(), findings=(first, first)))
    assert len({issue["fingerprint"] for issue in found}) == 2


def test_each_issue_has_what_gitlab_asks_for() -> None:
    for issue in issues(build.stale(), never_seen("web3", "web3", "", LOST)):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"] == {"path": issue["location"]["path"], "lines": {"begin": 1}}  # type: ignore[index]
        assert issue["location"]["path"]  # type: ignore[index]
        assert not str(issue["location"]["path"]).startswith("/")  # type: ignore[index]


SUITE = ({"name", "tests"}, {"hostname", "timestamp", "errors", "failures", "skipped", "time"})
CASE = ({"name", "classname"}, {"time"})
RESULT: tuple[set[str], set[str]] = (set(), {"message", "type"})
JUNIT = {
    "testsuites": ((set(), {"name", "tests", "errors", "failures", "time"}), ["testsuite"]),
    "testsuite": (SUITE, ["testcase"]),
    "testcase": (CASE, ["skipped", "error", "failure", "system-out"]),
    **dict.fromkeys(("skipped", "error", "failure"), (RESULT, [])),
    "system-out": ((set(), set()), []),
}
"""Of the schema that Jenkins holds JUnit against: per element the attributes that it must and may have, and its children in order."""


@pytest.mark.parametrize(
    "report", [build.stale(), as_unreachable(build.fresh("web3"), LOST), lie(build.stale()), never_seen("w", "w", "", LOST)]
)
def test_the_xml_is_what_the_schema_of_junit_allows(report: Report) -> None:
    tree = ElementTree.fromstring(junit.render([report]))
    for element in tree.iter():
        (must, may), children = JUNIT[element.tag]
        assert must <= set(element.keys()) <= must | may
        order = [children.index(child.tag) for child in element]
        assert order == sorted(order)
    for suite in tree.iter("testsuite"):
        found = {
            name: sum(1 for _ in suite.iter(tag)) for name, tag in (("tests", "testcase"), ("errors", "error"), ("failures", "failure"))
        }
        assert {name: int(suite.get(name, "-1")) for name in found} == found


def test_servers_that_lie_break_no_format() -> None:
    liar = lie(build.stale())
    assert all(line.startswith("::") and line.isprintable() for line in github.commands([liar]).splitlines())
    for issue in issues(liar):
        assert str(issue["description"]).isprintable()
    evil = replace(liar, server="a|b`<img src=x>\\|c")
    assert len({row.count("|") for row in github.summary([evil, build.fresh("web2")]).splitlines() if row.startswith("|")}) == 1
    assert "<img" not in github.summary([evil])


def test_the_summary_of_a_large_fleet_is_cut_where_github_takes_no_more_and_tells_the_worst_first() -> None:
    fleet = [build.fresh(f"web{number}" + "ä" * 200) for number in range(3000)] + [build.stale("old")]
    told = github.summary(fleet)
    assert github.MAX_SUMMARY - 1000 < len(told.encode()) <= github.MAX_SUMMARY
    rows = [row for row in told.splitlines() if row.startswith("|")]
    assert rows[2].startswith("| old |")
    left = re.search(r"^([\d,]+) rows more", told, re.MULTILINE)
    assert left is not None
    assert int(left[1].replace(",", "")) == len(fleet) - (len(rows) - 2)


def test_a_warning_is_a_warning_in_each_format() -> None:
    warned = replace(build.fresh("web1"), findings=tuple(one for one in build.stale().findings if one.verdict is Verdict.FRESH))
    assert warned.findings
    assert kinds(cases(warned)["web1", "health"]) == {"system-out"}
    assert {line.split()[0] for line in github.commands([warned]).splitlines()} <= {"::warning", "::notice"}
    assert {issue["severity"] for issue in issues(warned)} <= {"minor", "info"}
