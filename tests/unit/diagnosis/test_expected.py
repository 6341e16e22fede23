"""``check --expect-commit`` and ``--expect-file``: the disk holds what whoever deploys says."""

from __future__ import annotations

import pytest

from stalewatch.diagnosis.expected import in_release, with_expected, with_files, with_release_unknown
from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.model import reasons
from stalewatch.model.expected import ExpectedFile, FileState, HeldFile
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


FILE = ExpectedFile(f"{ROOT}/public/-o it's.php", "a" * 64)


def test_paths_are_below_the_release_unless_they_are_absolute() -> None:
    wanted = in_release(on_disk(COMMIT), [ExpectedFile("public/-o it's.php", "a" * 64), ExpectedFile("/etc/php.ini", "b" * 64)])
    assert wanted == (FILE, ExpectedFile("/etc/php.ini", "b" * 64))


def test_the_file_that_was_expected_changes_nothing() -> None:
    assert with_files(on_disk(COMMIT), [FILE], [HeldFile(FileState.SAME)]) == on_disk(COMMIT)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (FileState.OTHER, "another content"),
        (FileState.MISSING, "not on the disk"),
        (FileState.DANGLING, "link"),
        (FileState.NO_FILE, "regular"),
    ],
)
def test_another_file_or_none_is_stale_with_the_look_to_repeat(state: FileState, said: str) -> None:
    report = with_files(on_disk(COMMIT), [FILE], [HeldFile(state, 1_700_000_000.0)])
    assert report.verdict is report.layers[Layer.RELEASE] is Verdict.STALE
    (found,) = [finding for finding in report.findings if finding.code == "release.other-file"]
    assert found.summary.startswith("public/-o it's.php ")
    assert said in found.summary
    assert found.subject == FILE.path
    assert {fact.label: fact.value for fact in found.evidence} == {
        "expected": FILE.sha256,
        "modified": 1_700_000_000.0,
        "repeat": f"sha256sum -- '{ROOT}/public/-o it'\"'\"'s.php'",
    }


@pytest.mark.parametrize("state", [FileState.DENIED, FileState.LONG, FileState.NO_PROGRAM, FileState.UNREAD])
def test_a_file_that_could_not_be_compared_is_unknown_with_what_to_do(state: FileState) -> None:
    report = with_files(on_disk(COMMIT), [FILE], [HeldFile(state)])
    assert report.layers[Layer.RELEASE] is Verdict.UNKNOWN
    assert report.errors[-1].code == "release.file-unread"
    assert report.errors[-1].grant


def test_one_stale_file_is_not_hidden_by_one_that_is_not_known() -> None:
    report = with_files(on_disk(COMMIT), [FILE, FILE], [HeldFile(FileState.OTHER), HeldFile(FileState.DENIED)])
    assert report.verdict is Verdict.STALE
    assert with_release_unknown(report, LOST).verdict is Verdict.STALE
