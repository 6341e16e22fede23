"""Whether the PHP that runs is the PHP on the disk: one of the chain's links, by its witnesses."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.layers import Layer
from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import file, fpm, host, quiet, runtime, snapshot

BINARY = "/usr/sbin/php-fpm8.2"
DENIED = Unseen(code="fpm.socket-denied", message=safe("not permitted"))
FOLDER = file("/usr/lib/php/20220829", -900_000)
OLD, SWAPPED = file(BINARY, -900_000), file(BINARY, -900_000, -60)


def seen(told: Any = (), *files: Any, **more: Any) -> tuple[Report, ChainLink | None]:
    """*told*: what the pool says of its own files; an Unseen in place of all that it says."""
    asked = told if isinstance(told, Unseen) else runtime(replaced=told)
    seen = {"config_files": files or (OLD,), "extensions": FOLDER, **more}
    report = diagnose(Memory(), snapshot(host=host(fpm=fpm(**seen)), runtime=asked))[1]
    return report, next((link for link in report.chain if link.name is LinkName.PHP), None)


@pytest.mark.parametrize(
    ("told", "binary", "how"),
    [
        ((), OLD, "the pool's own /proc"),
        ((), SWAPPED, "the pool's own /proc"),
        (None, OLD, "the change times of the binary and of the extensions' folder"),
    ],
)
def test_one_witness_that_the_binary_is_the_same_is_enough(told: Any, binary: Any, how: str) -> None:
    report, link = seen(told, binary)
    quiet(report)
    assert link is not None
    assert (link.state, link.how, link.says) == (LinkState.OK, how, "PHP 8.2.36")
    assert link.evidence["binary"] == BINARY


def test_a_pool_that_could_not_be_asked_may_run_other_extensions() -> None:
    """Where they are, the pool tells; why it could not be asked is told once."""
    report, link = seen(DENIED, OLD, extensions=None)
    assert report.layers[Layer.FPM] is Verdict.UNKNOWN
    assert link is not None
    assert link.missing == DENIED
    assert report.errors == (DENIED,)


@pytest.mark.parametrize("told", [None, DENIED])
@pytest.mark.parametrize("files", [(SWAPPED,), (file("/etc/php/8.2/fpm/php.ini", -90_000),)])
def test_without_a_witness_nothing_is_fresh(told: Any, files: Any) -> None:
    report, link = seen(told, *files)
    assert report.layers[Layer.FPM] is Verdict.UNKNOWN
    assert link is not None
    assert link.state is LinkState.UNSEEN
    (error,) = (error for error in report.errors if error.code == "chain.php-unseen")
    assert "/proc/self" in error.grant
    assert report.layers[Layer.CONFIG] is Verdict.FRESH, "the binary does not decide whether a cached file is newer than its sources"


@pytest.mark.parametrize(
    ("told", "files", "says"),
    [
        ((safe(BINARY),), (SWAPPED,), "a binary that was replaced"),
        ((safe("/usr/lib/php/20220829/ctype.so"),), (OLD,), "an extension that was replaced"),
        ((), (file(BINARY, -60),), "the binary on the disk is newer"),
        ((), (OLD, file("/etc/php/8.2/fpm/php.ini", -60)), "its configuration changed after it started"),
    ],
)
def test_what_the_layer_found_breaks_the_link(told: Any, files: Any, says: str) -> None:
    report, link = seen(told, *files)
    assert report.layers[Layer.FPM] is Verdict.STALE
    assert link is not None
    assert link.state is LinkState.BROKEN
    assert says in link.says


def test_another_version_than_the_configured_one_is_not_the_php_on_the_disk() -> None:
    report, link = seen((), OLD, version=safe("8.4"))
    assert report.layers[Layer.FPM] is Verdict.UNKNOWN
    assert link is not None
    assert (link.state, link.says) == (LinkState.BROKEN, "PHP 8.2.36 answers, where PHP 8.4 is configured")
    quiet(seen((), OLD, version=safe("8.2"))[0])


def test_where_no_fpm_is_seen_the_question_does_not_arise() -> None:
    for running in (False, None):
        assert seen(DENIED, OLD, running=running, master=None)[1] is None


@pytest.mark.parametrize("folder", [None, file("/usr/lib/php/20220829", -900_000, -60), file("/usr/lib/php/20220829", -3_605)])
def test_extensions_of_which_the_pool_may_not_speak_are_known_by_the_time_of_their_folder(folder: Any) -> None:
    """Not changed since PHP loaded them, with the time that this takes."""
    report, link = seen(None, OLD, extensions=folder)
    assert report.layers[Layer.FPM] is Verdict.UNKNOWN
    assert link is not None
    assert link.state is LinkState.UNSEEN
    quiet(seen((), OLD, extensions=folder)[0])
