"""``check --expect-commit``: the disk holds what whoever deploys says."""

from __future__ import annotations

import pytest

from stalewatch.diagnosis.expected import with_expected
from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.model import reasons
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import ReleaseFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import ROOT, host, looked, snapshot

COMMIT = "4f2a9c1b7d00112233445566778899aabbccddee"
LOST = reasons.LINK_SILENT.unseen("no answer")


def on_disk(commit: str) -> Report:
    return looked(snapshot(host=host(release=ReleaseFacts(root=safe(ROOT), commit=safe(commit)))))


@pytest.mark.parametrize(("there", "wanted"), [(COMMIT, COMMIT), (COMMIT, COMMIT[:7]), (COMMIT[:12], COMMIT)])
def test_the_commit_that_was_expected_changes_nothing(there: str, wanted: str) -> None:
    assert with_expected(on_disk(there), wanted) == on_disk(there)


def test_another_commit_is_stale_and_is_told_first() -> None:
    report = with_expected(on_disk("0" * 40), COMMIT)
    assert report.verdict is report.layers[Layer.RELEASE] is Verdict.STALE
    assert report.findings[0].code == "release.other-commit"
    assert report.findings[0].summary == "commit 0000000000 is on the disk, and 4f2a9c1b7d was expected"


def test_a_release_that_names_none_is_unknown_with_what_to_do() -> None:
    report = with_expected(on_disk(""), COMMIT)
    assert report.layers[Layer.RELEASE] is Verdict.UNKNOWN
    assert [error.code for error in report.errors][-1] == "release.commit-unknown"


@pytest.mark.parametrize("report", [never_seen("web1", "web1", ROOT, LOST), as_unreachable(on_disk("0" * 40), LOST)])
def test_of_a_server_that_was_not_seen_nothing_more_is_said(report: Report) -> None:
    assert with_expected(report, COMMIT) == report
    assert report.verdict is Verdict.UNKNOWN
