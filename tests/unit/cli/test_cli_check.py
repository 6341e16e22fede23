"""``check``: exit codes, formats, waiting."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stalewatch.cli.commands import check
from stalewatch.model import reasons
from stalewatch.model.exit_codes import ExitCode
from stalewatch.model.expected import ExpectedFile
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from tests.builders import incident as build
from tests.builders import outputs as examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]

V = Verdict


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((V.FRESH,), 0),
        ((V.FRESH, V.ABSENT), 0),
        ((V.STALE, V.FRESH), 1),
        ((V.SUSPECT,), 1),
        ((V.PENDING, V.FRESH), 1),
        ((V.UNKNOWN, V.FRESH), 3),
        ((V.UNKNOWN, V.PENDING), 3),
        ((V.UNKNOWN, V.STALE), 1),
        ((V.UNKNOWN, V.SUSPECT), 1),
        ((), 3),
    ],
)
def test_the_exit_code_follows_the_worst_verdict(verdicts: tuple[Verdict, ...], code: int) -> None:
    assert check.exit_code([examples.verdict(verdict) for verdict in verdicts]) == code


@pytest.mark.parametrize(("verdict", "code"), [(V.FRESH, 3), (V.ABSENT, 3), (V.PENDING, 3), (V.STALE, 1)])
def test_an_application_that_is_left_out_is_never_a_success(verdict: Verdict, code: int) -> None:
    told = replace(examples.verdict(verdict), errors=(reasons.APP_LEFT_OUT.unseen("one is not looked at"),))
    assert check.exit_code([told, examples.verdict(verdict)]) == code


def test_strict_makes_a_warning_count_but_hides_nothing_worse() -> None:
    warned = examples.verdict(V.FRESH, examples.warning())
    assert check.exit_code([warned]) is ExitCode.OK
    assert check.exit_code([warned], strict=True) is ExitCode.FAILED
    assert check.exit_code([examples.verdict(V.FRESH)], strict=True) is ExitCode.OK
    assert check.exit_code([warned, examples.verdict(V.UNKNOWN)], strict=True) is ExitCode.UNKNOWN


def test_json_goes_to_stdout_alone(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [examples.fleet()]
    result = stalewatch("check", "web1", "--format", "json")
    assert json.loads(result.stdout)["verdict"] == "stale"
    assert result.stderr == ""
    assert result.exit_code == 1


@pytest.mark.parametrize("form", check.FORMATS)
def test_every_format_is_of_the_same_look_and_leaves_the_exit_code(stalewatch: Stalewatch, seams: Seams, form: str) -> None:
    seams.looks = [(examples.stale(),)]
    result = stalewatch("check", "web1", "--format", form)
    assert result.exit_code == 1
    assert "opcache" in result.stdout
    assert len(seams.fleets) == 1


def test_github_gets_a_summary_and_one_that_cannot_be_written_is_said(
    stalewatch: Stalewatch, seams: Seams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seams.looks = [(examples.stale(),)]
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    (tmp_path / "summary").write_text("before\n")
    assert stalewatch("check", "web1", "--format", "github").stderr == ""
    assert (tmp_path / "summary").read_text().startswith("before\n### stalewatch\n")
    os.mkfifo(tmp_path / "pipe")
    for odd in (tmp_path, tmp_path / "pipe"):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(odd))
        result = stalewatch("check", "web1", "--format", "github")
        assert result.exit_code == 1
        assert "no job summary" in result.stderr


@pytest.mark.parametrize(("given", "code"), [("0123456", 1), ("HEAD", 2), ("", 2), ("4f2a", 2)])
def test_a_commit_that_is_expected(stalewatch: Stalewatch, seams: Seams, given: str, code: int) -> None:
    report = build.fresh("web1")
    seams.looks = [(report,)]
    assert stalewatch("check", "web1", "--expect-commit", report.host.release.commit[:7] if report.host else "").exit_code == 0
    result = stalewatch("check", "web1", "--expect-commit", given)
    assert result.exit_code == code
    assert ("was expected" in result.stdout) == (code == 1)


SUM = "A" * 64


@pytest.mark.parametrize(
    "given",
    [
        "",
        "public/index.php",
        f"={SUM}",
        "public/index.php=",
        "public/index.php=abc",
        f"a={SUM}0",
        f"a={'g' * 64}",
        f"a\nb={SUM}",
        f"\x1b[31ma={SUM}",
    ],
)
def test_a_file_that_makes_no_sense_is_one_line(stalewatch: Stalewatch, seams: Seams, given: str) -> None:
    result = stalewatch("check", "web1", "--expect-file", given)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("stalewatch: ")
    assert seams.fleets == []


def test_files_are_expected_at_every_look(stalewatch: Stalewatch, seams: Seams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "WAIT_INTERVAL", 0.01)
    seams.looks = [(examples.stale(),), (examples.fresh(),)]
    wanted = ["--expect-file", f"a=b c={SUM}", "--expect-file", f"/etc/-o={SUM}"]
    assert stalewatch("check", "web1", "--wait", "30", *wanted).exit_code == 0
    assert seams.expected == [(ExpectedFile("a=b c", SUM.lower()), ExpectedFile("/etc/-o", SUM.lower()))] * 2


def test_wait_looks_until_fresh(stalewatch: Stalewatch, seams: Seams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "WAIT_INTERVAL", 0.01)
    seams.looks = [(examples.stale(),), (examples.verdict(V.PENDING),), (examples.fresh(),)]
    result = stalewatch("check", "web1", "--wait", "30")
    assert result.exit_code == 0
    assert "✓ 1 fresh" in result.stdout
    assert "stale" not in result.stdout.lower()


@pytest.mark.parametrize("form", check.FORMATS)
def test_what_is_waited_for_is_said_on_stderr_once_and_the_format_stays(
    stalewatch: Stalewatch, seams: Seams, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(check, "WAIT_INTERVAL", 0.01)
    seams.looks = [(examples.stale(),)] * 3 + [(examples.verdict(V.PENDING),), (examples.fresh(),)]
    result = stalewatch("check", "web1", "--wait", "30", "--format", form)
    first, second, last = result.stderr.splitlines()
    assert first.startswith("stalewatch: waiting up to 30 s: web1 app (")
    assert "opcache stale" in first
    assert second.startswith("stalewatch: ")
    assert " left: " in second
    assert "pending" in second
    assert last.startswith("stalewatch: fresh after ")
    seams.looks = [(examples.fresh(),)]
    assert result.stdout == stalewatch("check", "web1", "--format", form).stdout


def test_wait_ends_when_the_time_is_up_and_says_what_is_so_then(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(examples.stale(),)]
    result = stalewatch("check", "web1", "--wait", "0.05")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("stalewatch: not fresh after ")
    assert "STALE" in result.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_wait_with_one_line(stalewatch: Stalewatch, seams: Seams, number: signal.Signals, code: int) -> None:
    seams.looks = [(examples.stale(),)]
    seams.opening = lambda: os.kill(os.getpid(), number)
    result = stalewatch("check", "web1", "--wait", "3600", "--format", "json")
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == f"stalewatch: stopped by {number.name} before there was an answer"
    assert seams.closed == 1


def test_wait_connects_again_where_a_server_was_not_reached(stalewatch: Stalewatch, seams: Seams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "RECONNECT", 0.01)
    lost = examples.verdict(V.UNKNOWN)
    down = type(lost)(**{field: getattr(lost, field) for field in lost.__struct_fields__} | {"observed_at": None})
    seams.looks = [(down,), (down,), (examples.fresh(),)]
    assert stalewatch("check", "web1", "--wait", "30").exit_code == 0
    assert len(seams.fleets) == 3


def test_wait_does_not_knock_again_where_the_host_key_is_refused(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(examples.unreachable(),)]
    assert stalewatch("check", "web3", "--wait", "3600").exit_code == 3
    assert len(seams.fleets) == 1


def test_a_reader_that_goes_away_is_no_error_and_keeps_the_verdict() -> None:
    script = "import sys\nfrom stalewatch.cli.streams import emit\nsys.stdin.read()\nemit('x' * 1_000_000)\nemit(b'more')\nsys.exit(1)\n"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
